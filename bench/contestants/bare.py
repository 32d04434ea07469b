"""The limit in Python: an ASGI function, an asyncpg pool, one plain insert."""

import json
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import asyncpg

INSERT = "INSERT INTO students (student_id, name, grade, subject) VALUES ($1, $2, $3, $4)"
Handle = Callable[[asyncpg.Pool, Any, bytes], Awaitable[tuple[int, bytes]]]
"""From the pool, the scope and the body to status and answer."""


def application(dsn: str) -> Any:
    """The ASGI application."""
    return served(dsn, _register)


async def _register(pool: asyncpg.Pool, _scope: Any, body: bytes) -> tuple[int, bytes]:
    wish = json.loads(body)
    student_id = uuid4().hex
    await pool.execute(INSERT, student_id, wish["name"], wish["grade"], wish["subject"])
    return 201, json.dumps({"student_id": student_id}).encode()


def served(dsn: str, handle: Handle) -> Any:
    """An ASGI application of one handler."""
    pool: asyncpg.Pool | None = None

    async def app(scope: Any, receive: Any, send: Any) -> None:
        nonlocal pool
        if scope["type"] == "lifespan":
            await receive()
            pool = await asyncpg.create_pool(dsn, min_size=1, max_size=16)
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await pool.close()
            await send({"type": "lifespan.shutdown.complete"})
            return
        assert pool is not None
        body = b""
        more = True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        status, answer = await handle(pool, scope, body)
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", b"%d" % len(answer)),
        ]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": answer})

    return app
