"""Starting instances: a socket that listens at once, and a process forked onto it."""

import asyncio
import itertools
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from learnflow.local.code import Build
from learnflow.local.logbook import Logbook
from learnflow.local.logpipes import LogPipe
from learnflow.local.paths import Places, listen
from learnflow.local.processes import Child
from learnflow.manifests import Function
from learnflow.settings import variable

Dsn = Callable[[str], str]
"""A database's address by its short name."""
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
    """Forks an instance of a function, as it is built at that moment."""

    def __init__(
        self,
        build: Callable[[Function], Build],
        places: Places,
        logbook: Logbook,
        dsn: Dsn,
    ) -> None:
        self._build, self._places, self._logbook, self._dsn = build, places, logbook, dsn
        self._numbers = itertools.count(1)

    async def start(self, function: Function) -> Process:
        """Listen, then fork; requests may be sent at once and wait in the backlog."""
        path = self._places.sockets / f"{next(self._numbers)}.sock"
        listening = listen(path)
        pipe = LogPipe(self._logbook, function.name)
        pid: int | None = None
        try:
            build = self._build(function)
            env = environment(function, self._dsn, self._places.models)
            if build.functions is not None:
                env[variable("functions")] = str(build.functions)
            child = await build.generation.fork(
                function, log=pipe.writing, sockets=[listening], env=env
            )
            pid = child.pid
        finally:
            listening.close()
            pipe.handed_over(pid)
        child.exited.add_done_callback(lambda _: path.unlink(missing_ok=True))
        return Process(child, str(path))


def environment(function: Function, dsn: Dsn, models: Path | None = None) -> dict[str, str]:
    """The manifest's variables; a secret one is the address of a database here.

    One that ranks also learns where model files are kept.
    """
    secrets = {name: dsn(_DATABASES[name]) for name in function.secret_env if name in _DATABASES}
    sizes = {
        "LEARNFLOW_CONCURRENCY": str(function.concurrency or ""),
        "LEARNFLOW_POOL_SIZE": str(POOL_SIZE),
    }
    cache = {variable("model_cache"): str(models)} if models and function.image == "match" else {}
    return {**sizes, **cache, **function.env, **secrets}


def database_of(function: Function) -> str | None:
    """The short name of the database a function may reach."""
    return next((_DATABASES[name] for name in function.secret_env if name in _DATABASES), None)
