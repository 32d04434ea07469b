"""The embedded mode as a whole: what is started, in which order, and how it ends.

Composition only: every part has a module of its own. Kill the process that runs this, and all that
it started ends with it.
"""

import asyncio
import gc
import os
import signal
import socket
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, Literal

from db.roles import SHORT_NAMES, database_of, role_of
from learnflow.local.attach import commands, without_timeouts
from learnflow.local.bounds import here
from learnflow.local.bus import Bus, open_log
from learnflow.local.control import Control
from learnflow.local.control_traces import Place
from learnflow.local.dapr_sidecar import DaprKeeper
from learnflow.local.databases import prepare_databases
from learnflow.local.dispatch import Dispatcher
from learnflow.local.eventlog import EventLog
from learnflow.local.gateway import Gateway
from learnflow.local.generation import Generation
from learnflow.local.logbook import Logbook
from learnflow.local.paths import RunnerLock, listen, places
from learnflow.local.ports import DEFAULT_PORT, Bound, bind
from learnflow.local.postgres import EmbeddedPostgres
from learnflow.local.progress import Progress, Reporter
from learnflow.local.records import LogUnavailable
from learnflow.local.relay_keeper import RelayKeeper
from learnflow.local.serving import Serving
from learnflow.local.spec_ports import bind_all, urls
from learnflow.local.system_api import SystemApi
from learnflow.local.upkeep import keep_up
from learnflow.manifests import System, read_system
from learnflow.settings import Settings, variable

PRUNE_SECONDS: Final = 600.0


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
        reload: bool = False,
        attach: Sequence[str] = (),
        spec_ports: bool = False,
        bus: Bus = Bus(),
    ) -> None:
        """`emptied` starts without the rows and events of earlier runs; `reload` follows saved
        files; `attach` names the functions that are left to a debugger; `spec_ports` opens the
        specification's ports too; facts go over `bus`."""
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
        self._reload, self._attach, self._bus = reload, attach, bus
        self._spec_ports, self._spec_bound = spec_ports, dict[socket.socket, str | None]()
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
        self._spec_bound = bind_all() if self._spec_ports else {}
        self.bound: Bound = bind(self._port)
        if self.bound.message:
            self._report(Progress("port", "warn", self.bound.message))
        forking = asyncio.create_task(self._start_fork_servers())
        try:
            await self._step("Postgres", self._start_postgres())
            preparing = prepare_databases(self.postgres, self.dsn, emptied=self._emptied)
            await self._step("databases", preparing)
        finally:
            await self._step("fork servers", forking)
        await self._step("event log", self._start_events())
        await self._step("relay", self._start_relay())
        if self._reload:
            await self._step(
                "reload on save", self.serving.follow(self._renew_relay, self._manifests)
            )
        self._report(Progress("gateway", "done", self.url))

    def ask_to_stop(self) -> None:
        """End `run_until_stopped`."""
        self._stop_asked.set()

    async def run_until_stopped(self) -> None:
        """Return when a signal, the control API or a part that cannot go on asks for the end."""
        _rest_collector()
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
        system = self._manifests = read_system(self.root)
        for warning in system.warnings:
            self._report(Progress("manifests", "warn", warning))
        scaled = {name: here(function) for name, function in system.functions.items()}
        return without_timeouts(replace(system, functions=scaled), self._attach)

    async def _start_fork_servers(self) -> None:
        self.serving = Serving(
            self.places,
            self.system,
            self.logbook,
            self.dsn,
            self._told,
            attach=self._attach,
            keeps=self._reload,
        )
        await self.serving.prepare()
        self._at_end(self.serving.stop)

    async def _start_postgres(self) -> None:
        self._at_end(self.postgres.stop)
        await self.postgres.start()
        self._background(self.postgres.supervise(self._say))

    async def _start_events(self) -> None:
        log = await open_log(self._bus, self.postgres, self.system.topics, self.places.state)
        self._at_end(log.close)
        self._to_relay = await self._start_daprd()
        self._while_it_lasts(_prune(log))
        self.pool = await self.serving.start()
        self._at_end(self.pool.stop)
        self.dispatcher = Dispatcher(self.system, log, self.pool)
        await self.dispatcher.start()
        self._at_end(self.dispatcher.stop)
        self._at_end(self.serving.release)
        api = SystemApi(self.control_socket)
        gateway = Gateway(self.pool, files=self.root / "frontend" / "out", system=api)
        self.control = Control(
            self.system,
            log,
            self.dispatcher,
            self.pool,
            self.logbook,
            self.urls,
            self.ask_to_stop,
            requests=gateway.requests,
            place=Place(self.root, self.dsn),
        )
        await self.control.start(listen(self.control_socket))
        self._at_end(self.control.stop)
        for bound, service in {self.bound.socket: None, **self._spec_bound}.items():
            await gateway.start(bound, service)
        self._at_end(gateway.stop)

    async def _start_daprd(self) -> dict[str, str]:
        """Start it if facts go through it; returns what the relay needs to find it."""
        if self._bus.daprd is None or self._bus.kafka is None:
            return {}
        daprd = DaprKeeper(self._bus.daprd, self._bus.kafka, self.places.state, self.logbook)
        await daprd.start()
        self._at_end(daprd.stop)
        self._background(daprd.keep(self._say))
        return {variable("dapr_http_port"): str(daprd.port)}

    async def _start_relay(self) -> None:
        env = self._to_relay | {
            f"LEARNFLOW_{short.upper()}_DATABASE_URL": self.dsn(short, "relay")
            for short in SHORT_NAMES
        }
        for field in ("relay_stuck_seconds", "relay_look_seconds"):
            env[variable(field)] = str(getattr(self.settings, field))
        self.relay = RelayKeeper(self.serving.light, str(self.control_socket), env, self.logbook)
        await self.relay.start()
        self._ended.insert(-1, self.relay.stop)  # ends after the gateway, before the control API
        self._background(self.relay.keep(self._say))
        maintainers = {short: self.dsn(short, "maintainer") for short in SHORT_NAMES}
        self._while_it_lasts(keep_up(maintainers, self._say))

    def _renew_relay(self, generation: Generation) -> None:
        self.relay.renew(generation.servers["core"])

    @property
    def control_socket(self) -> Path:
        """The control API's socket."""
        return self.places.sockets / "runner.sock"

    def urls(self) -> Mapping[str, Any]:
        """Where everything can be reached."""
        attached = commands(self.serving.attached)
        found = {"gateway": self.url, "control": str(self.control_socket), "pid": os.getpid()}
        services = {"services": urls(self._spec_bound)} if self._spec_bound else {}
        return {**found, **services, "attached": attached} if attached else {**found, **services}

    async def _step(self, stage: str, work: Any) -> None:
        began = time.monotonic()
        self._report(Progress(stage, "start"))
        await work
        self._report(Progress(stage, "done", f"{time.monotonic() - began:.1f} s"))

    def _say(self, sentence: str) -> None:
        self._told("runner", "warn", sentence)

    def _told(self, whose: str, state: Literal["done", "warn"], sentence: str) -> None:
        self.logbook.add(whose, sentence, os.getpid())
        self._report(Progress(whose, state, sentence))

    def _at_end(self, end: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self._ended.append(end)

    async def _unlock(self) -> None:
        self._lock.release()

    def _background(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._background_ended)
        return task

    def _while_it_lasts(self, work: Coroutine[Any, Any, None]) -> None:
        """In the background, ended before what was started until now ends."""
        task = self._background(work)

        async def end() -> None:
            task.cancel()
            await asyncio.wait({task})

        self._at_end(end)

    def _background_ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._say(f"{type(error).__name__}: {error}")
            self._stop_asked.set()


async def _prune(log: EventLog) -> None:
    while True:
        await asyncio.sleep(PRUNE_SECONDS)
        with suppress(LogUnavailable):
            await log.prune()


def _rest_collector() -> None:
    """Look for garbage among what is new, and less often.

    What a runner holds it holds for long: looking through all of it again and again took a sixth of
    its processor time, in pauses that every request felt.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)
