"""The runner's side of the fork servers: asks for processes and keeps the servers alive."""

import asyncio
import os
import signal
import socket
import sys
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final, Self

from learnflow.local.child import FUNCTION
from learnflow.local.forkserver_control import Control, ForkFailed, ForkServerGone
from learnflow.local.postgres_files import log_end
from learnflow.local.preload import CORE, HEAVY
from learnflow.local.processes import Child, Report, describe, spawn

__all__ = ["ForkFailed", "ForkServer", "ForkServerGone", "Spawn"]

READY_SECONDS: Final = 60.0
STOP_SECONDS: Final = 3.0
FIRST_PAUSE: Final = 0.1
LONGEST_PAUSE: Final = 5.0
INHERITED: Final = ("HOME", "LD_LIBRARY_PATH", "LOGNAME", "PATH", "SSL_CERT_FILE", "TMPDIR", "USER")
FIXED: Final = {
    "LC_ALL": "C.UTF-8",
    "PYTHONUTF8": "1",
    "PYTHONUNBUFFERED": "1",
    "OMP_NUM_THREADS": "1",  # OpenMP's threads do not survive a fork: a child's predict would hang
    "OPENBLAS_NUM_THREADS": "1",
}


@dataclass(frozen=True)
class Spawn:
    """A process to fork: `entry` ("module:function", taking a child.Job) is what it runs.

    `sockets` are bound and listening; `log` is a descriptor for its output. The child gets copies:
    the caller closes its own once `fork` has returned or raised. `env` adds to the clean
    environment of the fork server.
    """

    name: str
    target: str
    log: int
    sockets: Sequence[socket.socket] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    entry: str = FUNCTION


@dataclass(frozen=True)
class Modules:
    """What a fork server imports; it does not start without `preload`, but without `wanted`.

    `idle` is called in it between requests: "module:function" and its argument.
    """

    preload: tuple[str, ...]
    wanted: tuple[str, ...] = ()
    idle: tuple[str, str] | None = None

    @classmethod
    def of(
        cls,
        preload: Iterable[str],
        wanted: Iterable[str],
        idle: tuple[str, str] | None = None,
    ) -> Self:
        """From any iterables."""
        return cls(tuple(preload), tuple(wanted), idle)


Birth = Callable[[socket.socket], Awaitable[Child]]
"""Starts the process of a fork server around its end of the control socket."""


class ForkServer:
    """A fork server that is started again whenever it ends; made by `start` and `fork_server`."""

    def __init__(
        self, name: str, birth: Birth, modules: Modules, log: Path, report: Report
    ) -> None:
        self._name, self._birth, self._log, self._report = name, birth, log, report
        self._modules = modules
        self._control: Control | None = None
        self._process: Child | None = None
        self._attempt: asyncio.Future[Control] = asyncio.get_running_loop().create_future()
        self._keeper: asyncio.Task[None] | None = None
        self._lifeline: tuple[int, ...] = ()
        self._heirs: list[ForkServer] = []

    @classmethod
    async def start(
        cls,
        root: Path,
        *,
        log: Path,
        environment: Mapping[str, str],
        report: Report,
        preload: Iterable[str] = CORE,
        wanted: Iterable[str] = (),
    ) -> "ForkServer":
        """Start the light fork server in the repository `root`; its own words go to `log`.

        `environment` is the runner's, of which little is taken. What of `wanted` does not import is
        left out. Raises ForkServerGone with the end of the log when it cannot start, for instance
        because a module of `preload` does not import.
        """
        if not hasattr(os, "fork"):
            raise NotImplementedError("The embedded mode needs fork: use Linux, macOS or WSL.")
        taken = {name: environment[name] for name in INHERITED if name in environment}
        lifeline, held = os.pipe()

        async def birth(control: socket.socket) -> Child:
            keep = (control.fileno(), lifeline)
            command = (sys.executable, "-m", "learnflow.local.forkserver_main", *map(str, keep))
            with log.open("ab") as output:
                return spawn(
                    command,
                    environment={**taken, **FIXED},
                    folder=root,
                    output=output.fileno(),
                    end_signal=signal.SIGKILL,
                    keep=keep,
                )

        server = cls("core", birth, Modules.of(preload, wanted), log, report)
        server._lifeline = (lifeline, held)
        await server._begin()
        return server

    async def fork_server(
        self,
        name: str,
        preload: Iterable[str] = HEAVY,
        wanted: Iterable[str] = (),
        idle: tuple[str, str] | None = None,
    ) -> "ForkServer":
        """Fork a fork server that has more modules; it follows this one's end and restart."""

        async def birth(control: socket.socket) -> Child:
            return await self._ask({"op": "server", "name": name}, [control.fileno()])

        modules = Modules.of(preload, wanted, idle)
        server = ForkServer(name, birth, modules, self._log, self._report)
        await server._begin()
        self._heirs.append(server)
        return server

    @property
    def pid(self) -> int | None:
        """The server's pid while it runs."""
        process = self._process
        return None if process is None or process.exited.done() else process.pid

    @property
    def modules(self) -> frozenset[str]:
        """The names of the repository's modules that it has imported."""
        return frozenset() if self._control is None else self._control.modules

    async def fork(self, request: Spawn) -> Child:
        """Fork a process; waits while the server is being started.

        Raises ForkServerGone when the server ended meanwhile or does not start, ForkFailed when it
        could not fork.
        """
        message = {
            "op": "fork",
            "name": request.name,
            "entry": request.entry,
            "target": request.target,
            "env": dict(request.env),
        }
        descriptors = [request.log, *(each.fileno() for each in request.sockets)]
        return await self._ask(message, descriptors)

    async def stop(self) -> None:
        """End the server, the servers forked from it and all their children."""
        for heir in self._heirs:
            await heir.stop()
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.wait([self._keeper])
        await self._let_go()
        self._fail("The fork server was stopped.")
        for end in self._lifeline:
            os.close(end)
        self._lifeline = ()

    async def _ask(self, message: Mapping[str, object], descriptors: Sequence[int]) -> Child:
        control = await asyncio.shield(self._attempt)
        return await control.ask(message, descriptors)

    async def _begin(self) -> None:
        try:
            await self._open()
        except BaseException:
            await self.stop()
            raise
        self._keeper = asyncio.create_task(self._keep())

    async def _open(self) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self._control = Control(ours)
            start = self._log.stat().st_size if self._log.exists() else 0
            self._process = await self._birth(theirs)
        await self._control.send(asdict(self._modules))
        waited: set[asyncio.Future[Any]] = {self._control.ready, self._process.exited}
        await asyncio.wait(waited, timeout=READY_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        if not self._control.ready.done():
            raise ForkServerGone(
                f"The fork server {self._name!r} did not start (see {self._log}):\n"
                f"{log_end(self._log, start)}",
                self._control.last_words(),
            )
        self._pend()
        self._attempt.set_result(self._control)

    async def _keep(self) -> None:
        while self._process is not None:
            code = await self._process.wait()
            self._pend()
            await self._let_go()
            self._report(
                f"The fork server {self._name!r} ended ({describe(code)}); starting another."
            )
            began = time.monotonic()
            await self._open_at_last()
            seconds = time.monotonic() - began
            self._report(f"The fork server {self._name!r} serves again after {seconds:.1f} s.")

    async def _open_at_last(self) -> None:
        pause, said = FIRST_PAUSE, ""
        while True:
            try:
                return await self._open()
            except (ForkServerGone, ForkFailed, OSError) as problem:
                await self._let_go()
                self._fail(str(problem))
                if str(problem) != said:
                    said = str(problem)
                    self._report(said)
            await asyncio.sleep(pause)
            pause = min(LONGEST_PAUSE, pause * 2)

    async def _let_go(self) -> None:
        """Close the control socket, at whose end the process ends its children and itself."""
        if self._control is not None:
            self._control.close()
        if self._process is not None and not await self._process.ended_within(STOP_SECONDS):
            self._process.send(signal.SIGKILL)
            await self._process.wait()

    def _pend(self) -> None:
        """Let requests wait for the next attempt."""
        if self._attempt.done():
            self._attempt = asyncio.get_running_loop().create_future()

    def _fail(self, why: str) -> None:
        self._pend()
        self._attempt.set_exception(ForkServerGone(why))
        self._attempt.exception()  # looked at, so that nobody warns that no one did
