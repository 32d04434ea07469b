"""The embedded Postgres: one server on a Unix socket, as durable as a real one, ended with us."""

import asyncio
import os
import signal
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import quote

import asyncpg

from learnflow.local.paths import check_socket_path
from learnflow.local.postgres_files import (
    ENVIRONMENT,
    PORT,
    SUPERUSER,
    PostgresFailed,
    check_reachable,
    clear_remains,
    log_end,
    make_cluster,
    own_folder,
    programs,
    readable_programs,
)
from learnflow.local.processes import Child, Report, describe, spawn

__all__ = ["EmbeddedPostgres", "PostgresFailed"]

SERVER_UID = 65534
RETRY_SECONDS = 30.0
START_SECONDS = 60.0
STOP_SECONDS = 10.0
KNOCK_SECONDS = 0.02
LOG_BYTES = 10_000_000
DURABLE = ("fsync", "synchronous_commit", "full_page_writes")
PASSING = ("lock file", "shared memory", "in use", "could not bind")
NOT_YET = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
"""What connecting raises while the server starts; the last when it dies under a connection."""
OPTIONS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "port": str(PORT),
    "max_connections": "600",
    "shared_buffers": "48MB",
    "huge_pages": "off",
    "jit": "off",
    "timezone": "UTC",
    "max_wal_senders": "0",
    "max_logical_replication_workers": "0",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %q%u@%d ",
    "log_error_verbosity": "terse",  # DETAIL repeats a row's values: no name belongs in a log
    "log_min_error_statement": "panic",
    **dict.fromkeys(DURABLE, "on"),
}


class EmbeddedPostgres:
    """One Postgres 16 whose data lives below `state`, reached through a socket below `sockets`.

    As root the server runs under `server_uid`; both folders are then opened for passing through
    (0711). The caller holds the runner's lock: nobody else starts a server on this state.
    """

    def __init__(
        self,
        state: Path,
        sockets: Path,
        *,
        as_root: bool | None = None,
        server_uid: int = SERVER_UID,
    ) -> None:
        root = os.geteuid() == 0 if as_root is None else as_root
        self._uid = server_uid if root else None
        self._state, self._sockets = state, sockets
        self._home, self._socket_folder = state / "postgres", sockets / "pg"
        self.data, self.log = self._home / "data", state / "postgres.log"
        self._server: Child | None = None
        self._stopping = False
        self._changing = asyncio.Lock()

    @property
    def pid(self) -> int | None:
        """The postmaster's pid while it runs."""
        return None if self._server is None or self._server.exited.done() else self._server.pid

    def dsn(self, database: str, role: str = SUPERUSER) -> str:
        """Return the address of a database as a role: asyncpg's and SQLAlchemy's form."""
        host = quote(str(self._socket_folder), safe="/")
        user, name = quote(role, safe=""), quote(database, safe="")
        return f"postgresql://{user}@/{name}?host={host}&port={PORT}"

    async def start(self) -> None:
        """Make the data folder if there is none, start the server and return when it serves."""
        async with self._changing:
            self._stopping = False
            self._prepare()
            await self._bring_up(patient=False)

    async def stop(self) -> None:
        """Shut down fast: open transactions are rolled back, everything committed is on disk."""
        self._stopping = True
        async with self._changing:
            if self._server is not None:
                for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
                    self._server.send(number)
                    if await self._server.ended_within(STOP_SECONDS):
                        break

    async def supervise(self, report: Report) -> None:
        """Start the server again whenever it ends, until stop().

        Raises PostgresFailed when it would not start for 30 s.
        """
        while self._server is not None:
            code = await self._server.wait()
            began = time.monotonic()
            async with self._changing:
                if self._stopping:
                    return
                report(f"Postgres ended ({describe(code)}); starting it again.")
                await self._bring_up(patient=True)
            report(f"Postgres serves again after {time.monotonic() - began:.1f} s.")

    async def ensure(
        self, databases: Mapping[str, str] | Iterable[str], roles: Iterable[str]
    ) -> None:
        """Create the login roles and databases that are absent; a mapping names the owners."""
        owners = dict(databases) if isinstance(databases, Mapping) else dict.fromkeys(databases)
        connection = await asyncpg.connect(self.dsn(SUPERUSER))
        try:
            known = {row[0] for row in await connection.fetch("select rolname from pg_roles")}
            for role in roles:
                if role not in known:
                    await connection.execute(f"create role {_name(role)} login")
            known = {row[0] for row in await connection.fetch("select datname from pg_database")}
            for database, owner in owners.items():
                if database not in known:
                    await connection.execute(
                        f"create database {_name(database)} owner {_name(owner or SUPERUSER)}"
                    )
        finally:
            await connection.close()

    def _prepare(self) -> None:
        check_socket_path(self._socket_folder / f".s.PGSQL.{PORT}.lock")
        for folder in (self._state, self._sockets):
            own_folder(folder, None, 0o700 if self._uid is None else 0o711)
            if self._uid is not None:
                check_reachable(folder, self._uid)
        for folder in (self._home, self._socket_folder):
            own_folder(folder, self._uid, 0o700)
        if self.log.exists() and self.log.stat().st_size > LOG_BYTES:
            self.log.replace(self.log.with_suffix(".log.1"))

    async def _bring_up(self, *, patient: bool) -> None:
        """Start until it serves or 30 s have passed; the impatient retry only what can pass."""
        home = programs()
        if self._uid is not None:
            home = await asyncio.to_thread(readable_programs, self._state)
        await make_cluster(home, self.data, self._uid, self.log)
        deadline, pause = time.monotonic() + RETRY_SECONDS, 0.1
        while True:
            await asyncio.to_thread(clear_remains, self.data, self._socket_folder)
            try:
                return await self._launch(home)
            except PostgresFailed as problem:
                retry = patient or any(word in str(problem) for word in PASSING)
                if self._stopping or not retry or time.monotonic() > deadline:
                    raise
            await asyncio.sleep(pause)
            pause = min(1.0, pause * 2)

    async def _launch(self, home: Path) -> None:
        settings = {**OPTIONS, "unix_socket_directories": _name(str(self._socket_folder))}
        options = [part for item in settings.items() for part in ("-c", "=".join(item))]
        with self.log.open("ab") as output:
            start = output.tell()
            self._server = spawn(
                (str(home / "bin" / "postgres"), "-D", str(self.data), *options),
                environment=ENVIRONMENT,
                folder=self._home,
                output=output.fileno(),
                end_signal=signal.SIGQUIT,  # at once, and unlike SIGKILL leaving nothing behind
                uid=self._uid,
            )
        try:
            await self._serving(self._server, start)
        except BaseException:
            self._server.send(signal.SIGQUIT)
            raise

    async def _serving(self, server: Child, start: int) -> None:
        deadline = time.monotonic() + START_SECONDS
        while True:
            if server.exited.done() or time.monotonic() > deadline:
                why = f"Postgres did not start (see {self.log}):"
                raise PostgresFailed(f"{why}\n{log_end(self.log, start)}")
            try:
                return await self._check_durable()
            except NOT_YET:
                await asyncio.sleep(KNOCK_SECONDS)

    async def _check_durable(self) -> None:
        connection = await asyncpg.connect(self.dsn(SUPERUSER), timeout=START_SECONDS)
        try:
            for name in DURABLE:
                if (value := await connection.fetchval(f"show {name}")) != "on":
                    raise PostgresFailed(f"Postgres runs with {name} = {value}; it must be on.")
        finally:
            connection.terminate()


def _name(identifier: str) -> str:
    return '"' + identifier.replace('"', '""') + '"'
