"""A function left to a debugger: its process is yours, and so is the time it takes."""

import asyncio
import shlex
import socket
import struct
import sys
import time
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

from learnflow.local.fleet import Fleet
from learnflow.local.instances import Unserved, Upstream
from learnflow.local.progress import StartError
from learnflow.local.starter import Dsn, environment
from learnflow.manifests import Function, System
from learnflow.settings import variable

PATIENCE_SECONDS: Final = 7 * 86_400.0
"""In place of every timeout: nobody sits longer at a breakpoint."""
_LOOK_SECONDS: Final = 0.2
_RETRY_AFTER: Final = 2
_PEER: Final = struct.Struct("3i")


def without_timeouts(system: System, names: Collection[str]) -> System:
    """The system with all the time in the world for these functions, called or delivered to.

    Raises StartError for a name that none has.
    """
    functions = dict(system.functions)
    for name in names:
        if name not in functions:
            near = ", ".join(get_close_matches(name, functions, 3) or sorted(functions))
            raise StartError(f"There is no function {name} to attach to.", f"one of: {near}")
        functions[name] = replace(
            functions[name], timeout=PATIENCE_SECONDS, response_start_timeout=None
        )
    sources = {
        name: replace(one, delivery=replace(one.delivery, timeout=PATIENCE_SECONDS))
        if one.sink in names
        else one
        for name, one in system.sources.items()
    }
    return replace(system, functions=functions, sources=sources)


def command(function: Function, socket_path: Path, dsn: Dsn, root: Path) -> str:
    """What to type: the environment an instance gets, and the program to run or to debug."""
    patient = "idle_in_transaction_session_timeout=0"
    settings = environment(function, lambda short: f"{dsn(short)}&{patient}")
    settings[variable("function_target")] = function.target
    words = [f"{name}={shlex.quote(value)}" for name, value in settings.items() if value]
    python = Path(sys.executable)
    shown = str(python.relative_to(root)) if python.is_relative_to(root) else str(python)
    program = f"{shlex.quote(shown)} -m learnflow.local.attached {shlex.quote(str(socket_path))}"
    return " \\\n  ".join([f"cd {shlex.quote(str(root))} && env", *words, program])


@dataclass(eq=False)
class Debugged:
    """A process that somebody else started, for as long as one connection to it is open."""

    pid: int
    socket_path: str
    exited: "asyncio.Future[int]" = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )

    def stop(self) -> None:
        """Leave it alone."""

    def kill(self) -> None:
        """Leave it alone."""


class Attachment(Fleet):
    """In place of a fleet: one process that is there or not; nothing is started or ended here."""

    def __init__(
        self, socket_path: Path, command: str, tell: Callable[[str], None], *fleet: Any
    ) -> None:
        super().__init__(*fleet)
        self.command = command
        self.there = asyncio.Event()
        self._path, self._tell = socket_path, tell
        self._looking: asyncio.Task[None] | None = None
        self._ended = False

    async def come(self) -> None:
        """Return when the process is there. Raises Unserved when LearnFlow stops before."""
        await self.there.wait()
        if self._ended:
            raise Unserved(503, "LearnFlow is stopping", _RETRY_AFTER)

    def release(self) -> None:
        """Let nobody wait any more: LearnFlow stops."""
        self._ended = True
        self.there.set()

    def scale_to(self, wanted: int) -> None:
        """Begin to look for the process; scale is not ours to change."""
        if self._looking is None:
            self._looking = asyncio.create_task(self._look(), name="debugged process")

    def wake(self) -> None:
        """Raises Unserved: whoever debugs it starts it."""
        name = self.function.name
        raise Unserved(
            503,
            f"{name} is left to your debugger (up --attach {name}) and is not there yet; "
            "the command that starts it: learnflow ps",
            _RETRY_AFTER,
        )

    def replace(self, least: int) -> None:
        """Its code is renewed by whoever debugs it."""

    def drain(self, upstream: Upstream) -> None:
        """Leave it alone."""

    def document(self) -> dict[str, Any]:
        """What `ps` shows of it."""
        there = bool(self.upstreams)
        return {"attached": {"there": there, "command": self.command, "socket": str(self._path)}}

    async def stop(self, grace: float) -> None:
        """Let go of the process, which goes on."""
        self.release()
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)
        for upstream in self.upstreams:
            await upstream.close()

    async def _look(self) -> None:
        while True:
            with suppress(OSError):
                reader, writer = await asyncio.open_unix_connection(self._path)
                try:
                    await self._serve(reader, _pid_of(writer.get_extra_info("socket")))
                finally:
                    writer.close()
            await asyncio.sleep(_LOOK_SECONDS)

    async def _serve(self, reader: asyncio.StreamReader, pid: int) -> None:
        """Send it requests until it closes the connection on which nothing is ever said."""
        upstream = Upstream(Debugged(pid, str(self._path)), self.function.concurrency)
        upstream.ready_at = time.monotonic()
        self.upstreams.append(upstream)
        self.starts += 1
        self.there.set()
        self._tell(f"your process is there (PID {pid}): it gets the requests and events")
        self._has_room()
        try:
            await reader.read()
        finally:
            self.upstreams.remove(upstream)
            if not self._ended:
                self.there.clear()
                gone = f"your process (PID {pid}) is gone"
                self._tell(f"{gone}: requests get 503 and events wait until it comes again")
            await upstream.close()


def _pid_of(connection: Any) -> int:
    if not hasattr(socket, "SO_PEERCRED"):
        return 0
    found = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size)
    pid: int = _PEER.unpack(found)[0]
    return pid


def commands(fleets: Mapping[str, Attachment]) -> dict[str, str]:
    """What to type for each function that is left to a debugger."""
    return {name: fleet.command for name, fleet in fleets.items()}
