"""The limit of a delivery in Python: an ASGI function that inserts the inbox row and no more."""

from contextlib import suppress
from typing import Any

import asyncpg

from bench.contestants.bare import served
from db.inbox import MARK


def application(dsn: str) -> Any:
    """The ASGI application."""
    return served(dsn, _hear)


async def _hear(pool: asyncpg.Pool, scope: Any, _body: bytes) -> tuple[int, bytes]:
    headers = dict(scope["headers"])
    source, event_id = headers[b"ce-source"].decode(), headers[b"ce-id"].decode()
    with suppress(asyncpg.UniqueViolationError):  # heard before
        await pool.execute(MARK, "inbox", source, event_id)
    return 200, b""
