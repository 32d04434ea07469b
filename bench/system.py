"""A whole embedded system in a process of its own: started, asked, brought to zero, ended."""

import asyncio
import json
import os
import shutil
import signal
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import aiohttp
import psutil

from bench.processes import ROOT, running
from db.roles import database_of, role_of
from learnflow.local.paths import places
from learnflow.local.postgres import EmbeddedPostgres
from learnflow.local.processes import Child

_PARTS: Final = ("bench", "db", "eventing", "functions", "k8s", "learnflow", "pyproject.toml")
_START_SECONDS: Final = 60.0
_LOOK: Final = 0.005
FORK_SERVERS: Final = ("fork-core", "fork-match")


@dataclass
class System:
    """A root, a state, and the runner that runs in them while it is started."""

    folder: Path
    sockets: Path
    postgres: EmbeddedPostgres
    url: str = ""
    child: Child | None = None

    @property
    def port(self) -> int:
        """The gateway's port."""
        return int(self.url.rpartition(":")[2])

    def dsn(self, short: str, duty: str = "app") -> str:
        """One database's address."""
        return self.postgres.dsn(database_of(short), role_of(short, duty))

    @asynccontextmanager
    async def started(self) -> AsyncIterator[float]:
        """Serving for the time of the block; yields the moment at which the process was started."""
        log = self.folder / "runner.log"
        log.unlink(missing_ok=True)
        began = time.monotonic()
        command = ("bench.runner_process", str(self.folder / "root"), str(self.folder / "state"))
        async with running(*command, log=log, patience=30) as self.child:
            line = await until(lambda: _said(log), _START_SECONDS, str(log))
            self.url = json.loads(line)["url"]
            yield began

    async def ask(self, path: str) -> Any:
        """Ask the control API."""
        async with self.control() as session, session.get(path) as response:
            return await response.json()

    def control(self) -> aiohttp.ClientSession:
        """A way to the control API, to be closed by the caller."""
        connector = aiohttp.UnixConnector(str(self.sockets / "runner.sock"))
        return aiohttp.ClientSession("http://runner", connector=connector)

    async def to_zero(self) -> None:
        """End every function's process; returns when the runner has seen it.

        What still arrives wakes functions again: those are ended too, until nothing stirs.
        """
        asked: set[int] = set()
        for _ in range(2):
            await until(lambda: self._is_at_zero(asked), 20, "functions do not end", pause=0.1)
            await asyncio.sleep(0.2)

    async def _is_at_zero(self, asked: set[int]) -> bool:
        for process in self.instances():
            if process.pid not in asked:
                asked.add(process.pid)
                with suppress(psutil.NoSuchProcess):
                    process.send_signal(signal.SIGTERM)
        listed = await self.ask("/control/ps")
        return not any(function["instances"] for function in listed["functions"])

    def processes(self) -> dict[str, list[psutil.Process]]:
        """What runs, by kind: runner, relay, fork servers, functions, postgres."""
        assert self.child is not None
        runner = psutil.Process(self.child.pid)
        found: dict[str, list[psutil.Process]] = {"runner": [runner]}
        for process in runner.children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                found.setdefault(self._kind(process), []).append(process)
        return found

    def instances(self) -> list[psutil.Process]:
        """The functions' processes."""
        return self.processes().get("functions", [])

    def _kind(self, process: psutil.Process) -> str:
        name = process.name()
        if name == "relay" or name in FORK_SERVERS:
            return name
        above = process.parent()
        forked = above is not None and above.name() in FORK_SERVERS
        return "functions" if forked else "postgres"


@asynccontextmanager
async def system() -> AsyncIterator[System]:
    """A system that was never started, gone without a trace after the block."""
    folder = Path(tempfile.mkdtemp(prefix="lf-bench-"))
    root, state = folder / "root", folder / "state"
    for each in (folder, root, state):
        each.mkdir(exist_ok=True)
        each.chmod(0o711)  # as root, Postgres runs under another user, who must pass through
    for part in _PARTS:
        (root / part).symlink_to(ROOT / part)
    uid = os.geteuid()
    there = places(root, uid=uid, state_home=str(state), home=None)
    kept = state / there.state.name if uid == 0 else there.state
    async with AsyncExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        stack.callback(shutil.rmtree, there.sockets, ignore_errors=True)
        yield System(folder, there.sockets, EmbeddedPostgres(kept, there.sockets))


async def until(
    look: Callable[[], Any] | Callable[[], Awaitable[Any]],
    seconds: float,
    what: str,
    *,
    pause: float = _LOOK,
) -> Any:
    """The first true answer of `look`. Raises TimeoutError, naming `what`, after so long."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = look()
        if isinstance(found, Awaitable):
            found = await found
        if found:
            return found
        await asyncio.sleep(pause)
    raise TimeoutError(f"waited {seconds:g} s: {what}")


def _said(log: Path) -> str:
    """The runner's first whole line of JSON, if it has come."""
    if not log.exists():
        return ""
    whole = log.read_text(errors="replace").rpartition("\n")[0].splitlines()
    return next((line for line in whole if line.startswith('{"url"')), "")
