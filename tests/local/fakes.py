"""Instances in this process: real HTTP on Unix sockets, without a fork. And small manifests."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web

from learnflow.local.instances import Answer, Unserved
from learnflow.local.paths import listen
from learnflow.manifests import Delivery, Function, Route, Scale, Sink, Source, System, Topic

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]
FILE = Path("k8s/base/functions/some.yaml")
_PIDS = itertools.count(1)


def function(name: str = "hello", **fields: Any) -> Function:
    """A public function that scales from zero."""
    plain: dict[str, Any] = {
        "name": name,
        "target": name.replace("-", "_"),
        "image": "core",
        "routes": (),
        "cluster_local": False,
        "concurrency": 0,
        "timeout": 5.0,
        "response_start_timeout": None,
        "scale": Scale(initial=0),
        "service": "student-api",
        "env": {},
        "file": FILE,
    }
    return Function(**(plain | fields))


def route(text: str) -> Route:
    """A route from `GET /path`."""
    method, path = text.split(" ")
    return Route(method, path)


def source(name: str = "hello-on-said", **fields: Any) -> Source:
    """A source from topic `said` to function `hello`, without retries."""
    plain: dict[str, Any] = {
        "name": name,
        "topics": ("said",),
        "group": name,
        "sink": "hello",
        "consumers": 1,
        "ordering": "unordered",
        "initial_offset": "earliest",
        "delivery": delivery(),
        "file": FILE,
    }
    return Source(**(plain | fields))


def delivery(retry: int = 0, delay: float = 0.001, **fields: Any) -> Delivery:
    """Delivery rules with short waits."""
    plain: dict[str, Any] = {
        "backoff_policy": "exponential",
        "timeout": 2.0,
        "dead_letter": "dead-letter",
    }
    return Delivery(retry=retry, backoff_delay=delay, **(plain | fields))


def system(*sources: Source, partitions: int = 1, functions: tuple[Function, ...] = ()) -> System:
    """Sources, topics `said` and `dead.letter`, a KafkaSink `dead-letter`."""
    topics = [Topic("said", partitions, 3600.0, FILE), Topic("dead.letter", 1, float("inf"), FILE)]
    return System(
        functions={one.name: one for one in functions},
        sources={one.name: one for one in sources},
        sinks={"dead-letter": Sink("dead-letter", "dead.letter", "structured", FILE)},
        topics={topic.name: topic for topic in topics},
    )


def message(event_id: str = "e-1", key: str = "k", **attributes: Any) -> dict[str, Any]:
    """A message for topic `said`."""
    envelope = {
        "specversion": "1.0",
        "id": event_id,
        "source": "tests",
        "type": "said.v1",
        "datacontenttype": "application/json",
        "partitionkey": key,
        "data": {"n": event_id},
    }
    return {"topic": "said", "key": key, "envelope": envelope | attributes}


@dataclass
class FakeFunctions:
    """Functions that answer a delivery from a script, the last entry for ever."""

    script: list[int | Answer | Exception] = field(default_factory=lambda: [204])
    by_event: dict[str, list[int | Answer | Exception]] = field(default_factory=dict)
    heard: list[dict[str, str]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    held: asyncio.Event | None = None
    most_at_once: int = 0
    _now: int = 0

    async def request(
        self, function: str, method: str, path: str, headers: Any, body: bytes
    ) -> Answer:
        """Remember the request, answer the next of its script."""
        self.heard.append({**headers, "function": function})
        self.bodies.append(body)
        self._now += 1
        self.most_at_once = max(self.most_at_once, self._now)
        try:
            if self.held is not None:
                await self.held.wait()
        finally:
            self._now -= 1
        script = self.by_event.get(headers["ce-id"], self.script)
        step = script.pop(0) if len(script) > 1 else script[0]
        if isinstance(step, Exception):
            raise step
        return Answer(step, {}, b"", None) if isinstance(step, int) else step

    def ids(self) -> list[str]:
        """The ids of the events heard, in order."""
        return [headers["ce-id"] for headers in self.heard]


NOBODY = Unserved(502, "the function went away")


class FakeInstance:
    """A listening Unix socket served in this process from `begin` on."""

    def __init__(self, path: Path, handler: Handler) -> None:
        self.pid = next(_PIDS)
        self.socket_path = str(path)
        self.exited: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._server = web.Server(handler, access_log=None)
        self._socket = listen(path)
        self._socket.setblocking(False)
        self._listener: asyncio.Server | None = None
        self._stopping: asyncio.Task[None] | None = None

    async def begin(self) -> None:
        """Accept what waits, and what comes."""
        if not self.exited.done():
            loop = asyncio.get_running_loop()
            self._listener = await loop.create_unix_server(self._server, sock=self._socket)

    def stop(self) -> None:
        """Finish and end, as on SIGTERM."""
        if self._stopping is None and not self.exited.done():
            self._stopping = asyncio.create_task(self._finish())

    def kill(self, code: int = -9) -> None:
        """End at once: every connection breaks."""
        if not self.exited.done():
            self._close()
            for connection in list(self._server.connections):
                if connection.transport is not None:
                    connection.transport.abort()
            self.exited.set_result(code)

    async def _finish(self) -> None:
        self._close()
        self._server.pre_shutdown()
        await self._server.shutdown(5)
        if not self.exited.done():
            self.exited.set_result(0)

    def _close(self) -> None:
        if self._listener is not None:
            self._listener.close()
        self._socket.close()


class FakeStarter:
    """Starts FakeInstances of one handler; `failures` of the next starts die before they answer."""

    def __init__(self, folder: Path, handler: Handler) -> None:
        self.instances: list[FakeInstance] = []
        self.failures = 0
        self.delay = 0.0
        self._folder = folder
        self._handler = handler

    async def start(self, function: Function) -> FakeInstance:
        """Listen at once, accept after `delay`; a failing one never accepts."""
        path = self._folder / f"{function.name[:8]}{len(self.instances)}.sock"
        instance = FakeInstance(path, self._answer)
        self.instances.append(instance)
        loop = asyncio.get_running_loop()
        if self.failures:
            self.failures -= 1
            loop.call_soon(instance.kill, 1)
        elif self.delay:
            loop.call_later(self.delay, lambda: asyncio.ensure_future(instance.begin()))
        else:
            await instance.begin()
        return instance

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.path == "/readyz":
            return web.Response(status=200)
        return await self._handler(request)
