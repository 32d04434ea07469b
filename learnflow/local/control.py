"""The control API on the runner's Unix socket: publishing, and what the command line asks."""

import asyncio
import socket
from collections.abc import AsyncGenerator, Callable, Mapping
from typing import Any, Final

from aiohttp import web

from learnflow.local import pubsub
from learnflow.local.asking import Handler, Refused, faults, flag, json_of, stream_lines
from learnflow.local.control_events import EventRoutes
from learnflow.local.control_faults import FaultRoutes
from learnflow.local.control_letters import LetterRoutes
from learnflow.local.control_traces import Place, TraceRoutes
from learnflow.local.control_web import WebRoutes
from learnflow.local.dispatch import Dispatcher
from learnflow.local.eventlog import EventLog
from learnflow.local.feed import Feed
from learnflow.local.logbook import Logbook
from learnflow.local.pool import Pool
from learnflow.local.replaying import Replays
from learnflow.local.requests import Requests
from learnflow.manifests import System

_MAX_BODY: Final = 16 * 1024 * 1024


class Control:
    """Serves the control API; `urls` and `stop` are the runner's own.

    `place` says where databases and code are, `requests` is what the gateway remembers: traces and
    exports need them.
    """

    def __init__(
        self,
        system: System,
        log: EventLog,
        dispatcher: Dispatcher,
        pool: Pool,
        logbook: Logbook,
        urls: Callable[[], Mapping[str, Any]],
        stop: Callable[[], None],
        *,
        requests: Requests | None = None,
        place: Place | None = None,
    ) -> None:
        self._log = log
        self._dispatcher = dispatcher
        self._pool = pool
        self._logbook = logbook
        self._urls = urls
        self._stop = stop
        self._runner: web.AppRunner | None = None
        self.feed = Feed(system, log, dispatcher.history)
        self._parts = (
            EventRoutes(system, log, dispatcher, Replays(log, dispatcher), self.feed),
            LetterRoutes(system, log, dispatcher),
            FaultRoutes(pool),
            TraceRoutes(system, log, dispatcher, requests or Requests(), place),
            WebRoutes(system, pool, urls, None if place is None else place.root),
        )

    async def start(self, listening: socket.socket) -> None:
        """Serve the connections of a bound Unix socket."""
        app = web.Application(client_max_size=_MAX_BODY, middlewares=[faults])
        routes: dict[str, Handler] = {
            "POST /publish": self._publish,
            "GET /control/ps": self._ps,
            "GET /control/urls": self._show_urls,
            "GET /control/logs": self._logs,
            "POST /control/stop": self._end,
        }
        for part in self._parts:
            routes |= part.routes()
        for route, handler in routes.items():
            method, path = route.split(" ")
            app.router.add_route(method, path, handler)
        self._runner = web.AppRunner(app, access_log=None, handler_cancellation=True)
        await self._runner.setup()
        await web.SockSite(self._runner, listening).start()

    async def stop(self) -> None:
        """Close the socket and what is open on it."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def _publish(self, request: web.Request) -> web.Response:
        body = await json_of(request)
        messages = body.get("messages")
        if not isinstance(messages, list):
            raise Refused(400, "the body is {messages: [{topic, key, envelope}, …]}")
        return web.json_response({"results": await pubsub.publish(self._log, messages)})

    async def _ps(self, _: web.Request) -> web.Response:
        return web.json_response(
            {"functions": self._pool.document(), "sources": self._dispatcher.document()}
        )

    async def _show_urls(self, _: web.Request) -> web.Response:
        return web.json_response(dict(self._urls()))

    async def _logs(self, request: web.Request) -> web.StreamResponse:
        lines = self._lines(request.query.get("function"), flag(request, "follow"))
        return await stream_lines(request, lines)

    async def _lines(
        self, function: str | None, follow: bool
    ) -> AsyncGenerator[dict[str, Any], None]:
        if follow:
            async for line in self._logbook.follow(function):
                yield line.document()
        for line in self._logbook.recent(function):
            yield line.document()

    async def _end(self, _: web.Request) -> web.Response:
        asyncio.get_running_loop().call_later(0.05, self._stop)  # answered first
        return web.json_response({"stopping": True}, status=202)
