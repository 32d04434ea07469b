"""Building the web app when its sources changed: packages by npm, then Next.js, then a mark."""

import asyncio
import fcntl
import os
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final

from learnflow.local.processes import spawn
from learnflow.local.static_files import BUILT
from learnflow.web.node import BUILDS, Node, Version, everywhere, find
from learnflow.web.packages import Extent, install_command, installed, mark
from learnflow.web.state import Frontend

LONGEST_SECONDS: Final = 900.0
_LOOK_SECONDS: Final = 0.5
_TELL_SECONDS: Final = 5.0
_TELLING: Final = ("npm error", "Error:", "error:", "error TS", "Failed")
_SAID: Final = 160
Tell = Callable[[str], None]
"""Hears what is under way."""


class NotBuilt(Exception):
    """The web app could not be built; `fix` says what to do. Everything else runs without it."""

    def __init__(self, what: str, fix: str) -> None:
        super().__init__(what)
        self.fix = fix


class Builder:
    """Runs npm in `frontend`; what it prints goes to `log`."""

    def __init__(self, frontend: Frontend, log: Path, tell: Tell = lambda _: None) -> None:
        self.frontend = frontend
        self._log = log
        self._tell = tell

    async def build(self) -> bool:
        """Build what is not built yet; True when that was needed. Raises NotBuilt."""
        if not self.frontend.there:
            raise NotBuilt("There is no folder frontend/ to build.", "get a complete clone")
        if self.frontend.build() == "current":
            return False
        node = node_for(BUILDS)
        async with self._alone():
            if self.frontend.build() == "current":  # by whom we waited for
                return True
            self._log.parent.mkdir(parents=True, exist_ok=True)
            self._log.write_bytes(b"")
            await self._install(node, "to build")
            digest = self.frontend.digest()
            (self.frontend.out / BUILT).unlink(missing_ok=True)
            await self._npm(node, "building", ("run", "build"))
            (self.frontend.out / BUILT).write_text(f"{digest}\n", "ascii")
        return True

    async def install(self, node: Node, extent: Extent) -> None:
        """Have the packages of the lock there. Raises NotBuilt."""
        async with self._alone():
            await self._install(node, extent)

    async def run(self, node: Node, script: str) -> None:
        """One of the web app's own scripts. Raises NotBuilt."""
        await self._npm(node, f"running {script}", ("run", "--silent", script))

    async def _install(self, node: Node, extent: Extent) -> None:
        if not installed(self.frontend, extent):
            await self._npm(node, "fetching packages", install_command(extent))
            mark(self.frontend, extent)

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[None]:
        """One build at a time, also of other processes."""
        with self.frontend.lock.open("rb") as file:
            while True:
                with suppress(BlockingIOError):
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                self._tell("web app: another process builds it")
                await asyncio.sleep(_LOOK_SECONDS)
            yield

    async def _npm(self, node: Node, doing: str, arguments: tuple[str, ...]) -> None:
        """npm with these arguments, telling now and then. Raises NotBuilt."""
        began = time.monotonic()
        self._log.parent.mkdir(parents=True, exist_ok=True)
        with self._log.open("ab") as log:
            log.write(f"\n$ npm {' '.join(arguments)}   (Node {node.version})\n".encode())
            log.flush()
            child = spawn(
                [*node.npm, *arguments],
                environment=_environment(node),
                folder=self.frontend.folder,
                output=log.fileno(),
                end_signal=signal.SIGKILL,
            )
        try:
            self._tell(f"web app: {doing}")
            while not await child.ended_within(_TELL_SECONDS):
                spent = time.monotonic() - began
                self._tell(f"web app: {doing}, {spent:.0f} s")
                if spent > LONGEST_SECONDS:
                    raise NotBuilt(f"npm took more than {LONGEST_SECONDS:.0f} s.", self._look())
        finally:
            _end_group(child.pid)
            code = await child.wait()
        if code != 0:
            words = await asyncio.to_thread(_last_words, self._log)
            raise NotBuilt(f"npm failed while {doing}: {words}", self._look())

    def _look(self) -> str:
        return f"look into {self._log}; mend it, then learnflow web build"


def node_for(least: Version) -> Node:
    """A Node that is new enough. Raises NotBuilt."""
    node = find(least)
    if node is not None:
        return node
    needed = ".".join(map(str, least))
    there = ", ".join(one.version for one in everywhere()) or "none"
    raise NotBuilt(
        f"Node {needed} or newer with npm is needed; here is {there}.",
        "install it, or let a package bring it: uv sync --inexact --group web",
    )


def _environment(node: Node) -> dict[str, str]:
    """Ours, with this Node before others and without questions or news."""
    path = os.pathsep.join((str(node.program.parent), os.environ.get("PATH", os.defpath)))
    return {**os.environ, "PATH": path, "CI": "1", "NEXT_TELEMETRY_DISABLED": "1", "NO_COLOR": "1"}


def _end_group(pid: int) -> None:
    """End npm and what it started, which may outlive it."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def _last_words(log: Path) -> str:
    """The line of the log's last run that tells most."""
    text = log.read_text("utf-8", "replace").rpartition("\n$ npm ")[2]
    lines = [line.strip() for line in text.splitlines()[1:] if line.strip()]
    telling = [line for line in lines if any(word in line for word in _TELLING)]
    return (telling or lines or ["it said nothing"])[0 if telling else -1][:_SAID]
