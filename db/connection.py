"""Connections of one instance to one database: few, reused last-in first-out, never reset.

asyncpg's own pool costs 50-95 microseconds a query for a reset that nothing here needs: no session
state outlives a transaction.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit

import asyncpg

_AWAY: Final = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # the server died in the middle of an answer
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.LockNotAvailableError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.InternalServerError,
)
UNUSABLE: Final = (asyncio.CancelledError, asyncpg.InternalClientError)
"""After these nobody knows what a connection would answer next: it is terminated."""
_CLASH: Final = (asyncpg.SerializationError, asyncpg.DeadlockDetectedError)

_STATEMENTS: Final = "statement_cache_size"
_PREPARED: Final = 100
"""As asyncpg has it."""


class Unavailable(Exception):
    """The database cannot serve now; try again in `retry_after` seconds."""

    retry_after = 1


class Conflict(Exception):
    """Two transactions stood in each other's way (40001, 40P01): run it again."""


def translated(error: BaseException) -> BaseException:
    """A driver's error as Unavailable or Conflict, or the error itself when it is neither."""
    if isinstance(error, _CLASH):
        return Conflict(type(error).__name__)
    if isinstance(error, _AWAY) and not isinstance(error, ValueError):  # a value, not the server
        return Unavailable(type(error).__name__)
    return error


class Connections:
    """At most `size` connections to `dsn`; a broken or cancelled one is dropped and replaced.

    `?statement_cache_size=0` in the address prepares nothing under a name: for a PgBouncer that
    gives another server connection to each transaction and is older than 1.21.
    """

    def __init__(self, dsn: str, size: int = 8, connect_timeout: float = 3.0) -> None:
        self._dsn, self._statements = _without_statements(dsn)
        self._timeout = connect_timeout
        self._idle: list[asyncpg.Connection] = []
        self._places = asyncio.Semaphore(size)

    async def acquire(self) -> asyncpg.Connection:
        """The connection used last, or a new one. Raises Unavailable."""
        await self._places.acquire()
        while self._idle:
            connection = self._idle.pop()
            if not connection.is_closed():
                return connection
        try:
            return await asyncpg.connect(
                self._dsn, timeout=self._timeout, statement_cache_size=self._statements
            )
        except BaseException as error:
            self._places.release()
            if isinstance(error, asyncpg.PostgresError):  # whatever keeps us out, it may pass
                raise Unavailable(type(error).__name__) from error
            other = translated(error)
            if other is error:
                raise
            raise other from error

    def release(self, connection: asyncpg.Connection) -> None:
        """Give it back; one that is closed or still in a transaction is dropped."""
        self._places.release()
        if connection.is_closed():
            return
        if connection.is_in_transaction():
            connection.terminate()
        else:
            self._idle.append(connection)

    @asynccontextmanager
    async def lease(self) -> AsyncIterator[asyncpg.Connection]:
        """A connection for the block; terminated when the block is cancelled or it broke."""
        connection = await self.acquire()
        try:
            yield connection
        except UNUSABLE:
            connection.terminate()
            raise
        finally:
            self.release(connection)

    async def close(self) -> None:
        """Close the idle connections; leased ones end with their leases."""
        while self._idle:
            connection = self._idle.pop()
            try:
                await connection.close(timeout=1)
            except (TimeoutError, *_AWAY):
                connection.terminate()


def _without_statements(dsn: str) -> tuple[str, int]:
    """The address as the server takes it, and how many statements a connection keeps prepared."""
    if _STATEMENTS not in dsn:
        return dsn, _PREPARED
    parts = urlsplit(dsn)
    given = dict(parse_qsl(parts.query, keep_blank_values=True))
    size = int(given.pop(_STATEMENTS))
    return parts._replace(query=urlencode(given, safe="/")).geturl(), size
