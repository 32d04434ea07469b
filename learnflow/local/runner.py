"""The embedded mode as a whole: what is started, in which order, and how it ends.

Composition only: every part has a module of its own. Kill the process that runs this, and all that
it started ends with it.
"""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal

from db.migrate import behind
from db.prepare import prepare_server
from db.roles import SHORT_NAMES, database_of, role_of
from learnflow.local.control import Control
from learnflow.local.dispatch import Dispatcher
from learnflow.local.emptying import empty
from learnflow.local.eventlog import EventLog
from learnflow.local.forkserver import ForkServer
from learnflow.local.gateway import Gateway
from learnflow.local.logbook import Logbook
from learnflow.local.paths import RunnerLock, listen, places
from learnflow.local.pool import Pool
from learnflow.local.ports import DEFAULT_PORT, Bound, bind
from learnflow.local.postgres import EmbeddedPostgres
from learnflow.local.preload import HEAVY
from learnflow.local.records import LogUnavailable
from learnflow.local.relay_keeper import RelayKeeper
from learnflow.local.starter import Forking
from learnflow.manifests import Scale, System, read_system
from learnflow.settings import Settings, variable

EVENTLOG: Final = "eventlog"
PRUNE_SECONDS: Final = 600.0


@dataclass(frozen=True, slots=True)
class Progress:
    """A step of starting or stopping, for people."""

    stage: str
    state: Literal["start", "done", "warn"]
    detail: str = ""


Reporter = Callable[[Progress], None]


class StartError(Exception):
    """The system could not start; the message says what to do."""


class Runner:
    """Everything that `learnflow up` runs."""

    def __init__(
        self,
        root: Path,
        settings: Settings,
        *,
        port: int = DEFAULT_PORT,
        report: Reporter = lambda _: None,
        emptied: bool = False,
    ) -> None:
        """`emptied` starts without the rows and events of earlier runs."""
        self.root, self.settings = root, settings
        self.places = places(
            root,
            uid=os.geteuid(),
            state_home=str(settings.state_home) if settings.state_home else None,
            home=str(settings.home) if settings.home else None,
        )
        self.logbook = Logbook()
        self.postgres = EmbeddedPostgres(self.places.state, self.places.sockets)
        self._port, self._report, self._emptied = port, report, emptied
        self._lock = RunnerLock(self.places.state)
        self._tasks: set[asyncio.Task[None]] = set()
        self._stop_asked = asyncio.Event()
        self._ended: list[Callable[[], Coroutine[Any, Any, None]]] = []

    @property
    def url(self) -> str:
        """Where the gateway listens."""
        return f"http://127.0.0.1:{self.bound.port}"

    def dsn(self, short: str, duty: str = "app") -> str:
        """One database's address for one role."""
        return self.postgres.dsn(database_of(short), role_of(short, duty))

    async def start(self) -> None:
        """Start everything; when this returns, requests are served."""
        self.places.prepare()
        self._lock.acquire()
        self._at_end(self._unlock)
        self.system = self._read()
        self.bound: Bound = bind(self._port)
        if self.bound.message:
            self._report(Progress("port", "warn", self.bound.message))
        forking = asyncio.create_task(self._start_fork_servers())
        try:
            await self._step("Postgres", self._start_postgres())
            await self._step("databases", self._prepare_databases())
        finally:
            await self._step("fork servers", forking)
        await self._step("event log", self._start_events())
        await self._step("relay", self._start_relay())
        self._report(Progress("gateway", "done", self.url))

    def ask_to_stop(self) -> None:
        """End `run_until_stopped`."""
        self._stop_asked.set()

    async def run_until_stopped(self) -> None:
        """Return when a signal, the control API or a part that cannot go on asks for the end."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._stop_asked.set)
        try:
            await self._stop_asked.wait()
        finally:
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                loop.remove_signal_handler(number)

    async def stop(self) -> None:
        """End everything in the reverse order of its start."""
        while self._ended:
            await self._ended.pop()()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _read(self) -> System:
        system = read_system(self.root)
        for warning in system.warnings:
            self._report(Progress("manifests", "warn", warning))
        scaled = {
            name: replace(function, scale=_here(function.scale))
            for name, function in system.functions.items()
        }
        return replace(system, functions=scaled)

    async def _start_fork_servers(self) -> None:
        light = await ForkServer.start(
            self.root,
            log=self.places.state / "forkserver.log",
            environment=os.environ,
            report=self._say,
        )
        self._at_end(light.stop)
        heavy = await light.fork_server("match", preload=HEAVY)
        self._at_end(heavy.stop)
        self.fork_servers = {"core": light, "match": heavy}

    async def _start_postgres(self) -> None:
        self._at_end(self.postgres.stop)
        await self.postgres.start()
        self._background(self.postgres.supervise(self._say))

    async def _prepare_databases(self) -> None:
        await prepare_server(self.postgres.dsn("postgres"))
        await self.postgres.ensure([EVENTLOG], [])
        owners = {short: self.dsn(short, "owner") for short in SHORT_NAMES}
        late = await behind(owners)
        if late:
            await asyncio.to_thread(_migrate, {short: owners[short] for short in late})
        if self._emptied:
            databases = (*map(database_of, SHORT_NAMES), EVENTLOG)
            await asyncio.gather(*(empty(self.postgres.dsn(name)) for name in databases))

    async def _start_events(self) -> None:
        log = EventLog(self.postgres.dsn(EVENTLOG), self.system.topics)
        await log.open()
        self._at_end(log.close)
        starter = Forking(
            self.fork_servers, self.places.sockets, self.logbook, lambda short: self.dsn(short)
        )
        self.pool = Pool(self.system.functions, starter, tail=self.logbook.tail)
        await self.pool.start()
        self._at_end(self.pool.stop)
        self.dispatcher = Dispatcher(self.system, log, self.pool)
        await self.dispatcher.start()
        self._at_end(self.dispatcher.stop)
        self.control = Control(
            self.system,
            log,
            self.dispatcher,
            self.pool,
            self.logbook,
            self.urls,
            self.ask_to_stop,
        )
        await self.control.start(listen(self.control_socket))
        self._at_end(self.control.stop)
        gateway = Gateway(self.pool)
        await gateway.start(self.bound.socket)
        self._at_end(gateway.stop)
        self._background(_prune(log))

    async def _start_relay(self) -> None:
        env = {
            f"LEARNFLOW_{short.upper()}_DATABASE_URL": self.dsn(short, "relay")
            for short in SHORT_NAMES
        }
        for field in ("relay_stuck_seconds", "relay_look_seconds"):
            env[variable(field)] = str(getattr(self.settings, field))
        self.relay = RelayKeeper(
            self.fork_servers["core"], str(self.control_socket), env, self.logbook
        )
        await self.relay.start()
        self._ended.insert(-1, self.relay.stop)  # ends after the gateway, before the control API
        self._background(self.relay.keep(self._say))

    @property
    def control_socket(self) -> Path:
        """The control API's socket."""
        return self.places.sockets / "runner.sock"

    def urls(self) -> Mapping[str, Any]:
        """Where everything can be reached."""
        return {"gateway": self.url, "control": str(self.control_socket), "pid": os.getpid()}

    async def _step(self, stage: str, work: Any) -> None:
        began = time.monotonic()
        self._report(Progress(stage, "start"))
        await work
        self._report(Progress(stage, "done", f"{time.monotonic() - began:.1f} s"))

    def _say(self, sentence: str) -> None:
        self.logbook.add("runner", sentence, os.getpid())
        self._report(Progress("runner", "warn", sentence))

    def _at_end(self, end: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self._ended.append(end)

    async def _unlock(self) -> None:
        self._lock.release()

    def _background(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._background_ended)

    def _background_ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._say(f"{type(error).__name__}: {error}")
            self._stop_asked.set()


def _here(scale: Scale) -> Scale:
    """A manifest's bounds on this one machine.

    On the cluster a revision starts once when it is deployed, not at each `up`. And more instances
    than processors would only cost their starts: a third of the time of a burst, measured.
    """
    most = max(2, scale.min, os.cpu_count() or 1)
    return replace(scale, initial=max(scale.min, 0), max=min(scale.max or most, most))


def _migrate(owners: Mapping[str, str]) -> None:
    """Migrate in a short process of its own: Alembic and SQLAlchemy stay out of the runner."""
    clean = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(
        [sys.executable, "-m", "db.migrate"],
        input=json.dumps(dict(owners)),
        cwd=Path(__file__).parents[2],
        env=clean,
        text=True,
        capture_output=True,
        check=False,
    )
    if done.returncode:
        raise StartError(f"The databases could not be migrated:\n{done.stderr.strip()[-2000:]}")


async def _prune(log: EventLog) -> None:
    while True:
        await asyncio.sleep(PRUNE_SECONDS)
        with suppress(LogUnavailable):
            await log.prune()
