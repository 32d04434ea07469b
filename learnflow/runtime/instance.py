"""What does one running instance hold? Its database, its state of readiness, what is in flight."""

import asyncio
import time
from typing import Final

from db.connection import Unavailable
from db.unit_of_work import Database
from learnflow.runtime import logs
from learnflow.runtime.authentication import Authenticate, open_to_all
from learnflow.runtime.listening import Bell
from learnflow.runtime.operation import Kind, Operation
from learnflow.settings import Settings

READY_SECONDS: Final = 3.0
_CONCURRENCY: Final[dict[Kind, int]] = {"command": 16, "query": 32, "reaction": 8, "stream": 100}
"""As the manifests' containerConcurrency (for streams their target)."""
_POOL: Final[dict[Kind, int]] = {"command": 16, "query": 8, "reaction": 8, "stream": 8}


class Instance:
    """The state of one process that serves one operation."""

    def __init__(
        self,
        operation: Operation,
        settings: Settings,
        *,
        database: Database | None = None,
        authenticate: Authenticate = open_to_all,
    ) -> None:
        self.settings = settings
        self.authenticate = authenticate
        self.cold = True
        self.stopping = False
        self.in_flight = 0
        concurrency = settings.concurrency or _CONCURRENCY[operation.kind]
        self.most_in_flight = concurrency * settings.overload_factor
        self._owned = database is None
        if database is None and operation.database is not None:
            size = settings.pool_size or _POOL[operation.kind]
            dsn = settings.database_url(operation.database)
            database = Database(operation.database, dsn, size)
        self._database = database
        self.bell = Bell(database.dsn if database is not None else "")
        self._opening: asyncio.Task[None] | None = None
        self._connected = self._database is None
        self._ready_at = time.monotonic() + READY_SECONDS

    def start(self) -> None:
        """Begin to open the database; nothing waits for it but the first requests."""
        self._ready_at = time.monotonic() + READY_SECONDS
        if self._database is not None:
            self._opening = asyncio.get_running_loop().create_task(self._open(self._database))

    async def close(self) -> None:
        """Close streams' connection and the database."""
        self.stopping = True
        await self.bell.close()
        if self._opening is not None:
            self._opening.cancel()
        if self._database is not None and self._owned:
            await self._database.close()

    def stop_streams(self) -> None:
        """Let every stream end now; their clients resume elsewhere."""
        self.stopping = True
        self.bell.end_all()

    async def database(self) -> Database:
        """The database, with the connection that start-up is making already made."""
        if self._opening is not None:
            await asyncio.wait({self._opening})
        if self._database is None:
            raise Unavailable("this operation has no database")
        return self._database

    @property
    def ready(self) -> bool:
        """True once the first connection was made or three seconds passed, until it stops."""
        if self.stopping:
            return False
        return self._connected or time.monotonic() > self._ready_at

    async def _open(self, database: Database) -> None:
        try:
            await database.open()
            self._connected = True
        except Unavailable:
            logs.line("database away at start-up", "warning", database=database.name)
        finally:
            self._opening = None
