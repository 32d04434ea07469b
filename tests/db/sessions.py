"""Connections whose transactions a test moves by hand, to put two of them in each other's way."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from tests.eventually import eventually

Task = asyncio.Task[list[Any]]


class Session:
    """One connection."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self.connection = connection
        self.pid: int = connection.get_server_pid()

    async def begin(self) -> None:
        """Open a transaction."""
        await self.connection.execute("BEGIN")

    async def commit(self) -> None:
        """End it well."""
        await self.connection.execute("COMMIT")

    async def rollback(self) -> None:
        """End it as a crash would."""
        await self.connection.execute("ROLLBACK")

    async def rows(self, sql: str, *args: Any) -> list[Any]:
        """A statement's rows."""
        rows: list[Any] = await self.connection.fetch(sql, *args)
        return rows

    def start(self, sql: str, *args: Any) -> Task:
        """A statement that may have to wait for another session."""
        return asyncio.create_task(self.rows(sql, *args))

    async def sees_waiting(self, other: "Session", task: Task) -> bool:
        """Wait until the other session's task is done or waits for a lock; whether it waits."""

        async def settled() -> bool:
            return task.done() or await self._blocks(other)

        await eventually(settled, every=0.005)
        return not task.done()

    async def _blocks(self, other: "Session") -> bool:
        blocked: bool = await self.connection.fetchval(
            "SELECT pg_blocking_pids($1) <> '{}'", other.pid
        )
        return blocked


@asynccontextmanager
async def two(dsn: str) -> AsyncIterator[tuple[Session, Session]]:
    """Two sessions of one database."""
    first, second = await asyncpg.connect(dsn), await asyncpg.connect(dsn)
    try:
        yield Session(first), Session(second)
    finally:
        first.terminate()
        second.terminate()
