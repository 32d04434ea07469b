"""One embedded LearnFlow as a real process with a root and a state of its own."""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import IO, Any, Final

import aiohttp
import psutil

from db.roles import SHORT_NAMES, database_of
from learnflow.local.paths import places
from learnflow.local.postgres import EmbeddedPostgres
from tests.eventually import eventually
from tests.ports import free_port
from tests.system.runner_process import Options

REPOSITORY: Final = Path(__file__).parents[2]
PARTS: Final = ("db", "eventing", "functions", "k8s", "learnflow", "tests", "pyproject.toml")
FORK_SERVERS: Final = ("fork-core", "fork-match")
PERMANENT: Final = ("relay", "postgres", *FORK_SERVERS)


class Embedded:
    """Starts, kills and asks one system; `folder` holds its root, its state and its logs."""

    def __init__(self, folder: Path, options: Options) -> None:
        self.folder, self.options = folder, options
        self.url = f"http://127.0.0.1:{options.port}"
        self.process: subprocess.Popen[bytes] | None = None
        root = Path(options.root)
        self.places = places(
            root, uid=os.geteuid(), state_home=options.state, home=None, temporary=Path("/tmp")
        )
        digest = self.places.state.name
        above = Path(options.state) if os.geteuid() == 0 else Path(options.state) / "learnflow"
        self.state = above / digest
        self._postgres = EmbeddedPostgres(self.state, self.places.sockets)

    @classmethod
    def prepare(cls, **options: Any) -> "Embedded":
        """A system that was never started, in a folder of its own."""
        folder = Path(tempfile.mkdtemp(prefix="lfs-", dir="/tmp"))
        folder.chmod(0o711)  # as root, Postgres runs under another uid
        root, state, hooks = folder / "root", folder / "state", folder / "hooks"
        for one in (root, state, hooks):
            one.mkdir()
            one.chmod(0o711)
        for part in PARTS:
            (root / part).symlink_to(REPOSITORY / part)
        hooked = options.pop("hook", None)
        if hooked is not None:
            options["hooks"] = {
                "LEARNFLOW_TEST_HOOK": hooked,
                "LEARNFLOW_TEST_FOLDER": str(hooks),
            }
        chosen = Options(str(root), str(state), **options)
        return cls(folder, replace(chosen, port=chosen.port or free_port()))

    @property
    def hooks(self) -> Path:
        """Where hooked children leave what they noticed."""
        return self.folder / "hooks"

    async def start(self) -> float:
        """Start it, as `up` does; returns after how many seconds it said that it serves."""
        began = time.monotonic()
        output = self._launch()
        line = await asyncio.to_thread(output.readline)
        assert line, f"the system did not start:\n{self.log_end()}"
        self.url = json.loads(line)["url"]
        return time.monotonic() - began

    def _launch(self) -> IO[bytes]:
        clean = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
        with (self.folder / "runner.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.system.runner_process"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=REPOSITORY,
                env=clean,
            )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(asdict(self.options)).encode() + b"\n")
        self.process.stdin.flush()
        return self.process.stdout

    async def stop(self) -> None:
        """End it as Ctrl-C does; fails when something of it is left."""
        if self.process is None:
            return
        left = self.family()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        await self._reap(45)
        await self.gone(left)

    async def kill(self) -> None:
        """SIGKILL the runner; fails when anything that it started outlives it."""
        assert self.process is not None
        left = self.family()
        self.process.kill()
        await self._reap(10)
        await self.gone(left)

    async def gone(self, processes: list[psutil.Process], seconds: float = 15) -> None:
        """Wait until none of these processes runs."""
        await eventually(
            lambda: not [p.pid for p in processes if _runs(p)], seconds, message="orphans are left"
        )

    def discard(self) -> None:
        """Remove every trace; whatever still runs is killed."""
        if self.process is not None:
            if self.process.poll() is None:
                self.process.kill()
            self.process.communicate()
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.rmtree(self.places.sockets, ignore_errors=True)

    def family(self) -> list[psutil.Process]:
        """Every process that the runner started, directly or not."""
        assert self.process is not None
        with suppress(psutil.NoSuchProcess):
            return psutil.Process(self.process.pid).children(recursive=True)
        return []

    def named(self, name: str) -> list[psutil.Process]:
        """Processes of that name that the runner or a fork server started."""
        assert self.process is not None
        parents = {self.process.pid, *(p.pid for p in self.family() if _name(p) in FORK_SERVERS)}
        return [p for p in self.family() if _name(p) == name and _parent(p) in parents]

    def instances(self) -> list[psutil.Process]:
        """The processes of functions."""
        servers = {p.pid for p in self.family() if _name(p) in FORK_SERVERS}
        return [p for p in self.family() if _parent(p) in servers and _name(p) not in PERMANENT]

    def postgres(self) -> list[psutil.Process]:
        """The postmaster and all that it forked."""
        found = self.named("postgres")
        for one in list(found):
            with suppress(psutil.NoSuchProcess):
                found += one.children(recursive=True)
        return found

    def dsn(self, short: str) -> str:
        """A database's address for the superuser: of a service, or of the event log."""
        return self._postgres.dsn(database_of(short) if short in SHORT_NAMES else short)

    async def control(self, method: str, path: str, **given: Any) -> tuple[int, Any]:
        """Ask the control API; status and JSON."""
        connector = aiohttp.UnixConnector(str(self.places.sockets / "runner.sock"))
        async with (
            aiohttp.ClientSession("http://runner", connector=connector) as session,
            session.request(method, path, **given) as response,
        ):
            return response.status, await response.json()

    def log_end(self, lines: int = 30) -> str:
        """The runner's last words."""
        text = (self.folder / "runner.log").read_text(errors="replace")
        return "\n".join(text.splitlines()[-lines:])

    async def _reap(self, seconds: float) -> None:
        assert self.process is not None
        await eventually(
            lambda: self.process is None or self.process.poll() is not None,
            seconds,
            message="the runner does not end",
        )
        self.process.communicate()


@asynccontextmanager
async def running(**options: Any) -> AsyncIterator[Embedded]:
    """A system for the block, stopped in good order and without a trace afterwards."""
    system = Embedded.prepare(**options)
    try:
        await system.start()
        yield system
        await system.stop()
    finally:
        system.discard()


def _name(process: psutil.Process) -> str:
    with suppress(psutil.NoSuchProcess):
        return process.name()
    return ""


def _parent(process: psutil.Process) -> int:
    with suppress(psutil.NoSuchProcess):
        return process.ppid()
    return 0


def _runs(process: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False
