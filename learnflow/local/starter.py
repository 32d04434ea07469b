"""Starting instances: a socket that listens at once, and a process forked onto it."""

import asyncio
import itertools
import os
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from learnflow.local.forkserver import ForkServer, Spawn
from learnflow.local.logbook import Logbook
from learnflow.local.logpipes import LogPipe
from learnflow.local.paths import listen
from learnflow.local.processes import Child
from learnflow.manifests import Function

_DATABASES: Final = {
    f"LEARNFLOW_{short.upper()}_DATABASE_URL": short for short in ("students", "tutors", "matching")
}
"""Which database a function's secret variable is the address of."""
POOL_SIZE: Final = 4
"""Connections of one instance here, where no PgBouncer stands between: ten instances of each of
five functions fit into the server's, and more than these make one machine no faster."""


@dataclass(frozen=True, eq=False)
class Process:
    """An instance: one process on one Unix socket."""

    child: Child
    socket_path: str

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.child.pid

    @property
    def exited(self) -> "asyncio.Future[int]":
        """Its exit code, once it ended."""
        return self.child.exited

    def stop(self) -> None:
        """Ask it to finish what it has and end."""
        self.child.send(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.child.send(signal.SIGKILL)


class Forking:
    """Forks an instance of a function from the fork server of its image."""

    def __init__(
        self,
        servers: Mapping[str, ForkServer],
        sockets: Path,
        logbook: Logbook,
        dsn: Callable[[str], str],
    ) -> None:
        self._servers, self._sockets, self._logbook, self._dsn = servers, sockets, logbook, dsn
        self._numbers = itertools.count(1)

    async def start(self, function: Function) -> Process:
        """Listen, then fork; requests may be sent at once and wait in the backlog."""
        path = self._sockets / f"{next(self._numbers)}.sock"
        listening = listen(path)
        pipe = LogPipe(self._logbook, function.name)
        pid: int | None = None
        try:
            child = await self._servers[function.image].fork(
                Spawn(
                    name=function.name,
                    target=function.target,
                    log=pipe.writing,
                    sockets=[listening],
                    env=self._environment(function),
                )
            )
            pid = child.pid
        finally:
            listening.close()
            pipe.handed_over(pid)
        child.exited.add_done_callback(lambda _: _remove(path))
        return Process(child, str(path))

    def _environment(self, function: Function) -> dict[str, str]:
        """The manifest's variables; a secret one is the address of a database here."""
        secrets = {
            name: self._dsn(_DATABASES[name]) for name in function.secret_env if name in _DATABASES
        }
        sizes = {
            "LEARNFLOW_CONCURRENCY": str(function.concurrency or ""),
            "LEARNFLOW_POOL_SIZE": str(POOL_SIZE),
        }
        return {**sizes, **function.env, **secrets}


def _remove(path: Path) -> None:
    try:
        os.unlink(path)
    except FileNotFoundError:
        return
