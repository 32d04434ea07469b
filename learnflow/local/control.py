"""The control API on the runner's Unix socket: publishing, and what the command line asks."""

import asyncio
import json
import socket
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from aiohttp import web

from learnflow.local import pubsub, sending
from learnflow.local.dispatch import CannotReplay, Dispatcher
from learnflow.local.eventlog import EventLog
from learnflow.local.forwarding import problem
from learnflow.local.letters import Letters, shown
from learnflow.local.logbook import Logbook
from learnflow.local.pool import Pool
from learnflow.local.recognition import recognise
from learnflow.local.records import LogUnavailable, Record
from learnflow.manifests import System

_MAX_BODY: Final = 16 * 1024 * 1024
_MAX_LIMIT: Final = 500
_REPLAY_SECONDS: Final = 10.0
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Control:
    """Serves the control API; `urls` and `stop` are the runner's own."""

    def __init__(
        self,
        system: System,
        log: EventLog,
        dispatcher: Dispatcher,
        pool: Pool,
        logbook: Logbook,
        urls: Callable[[], Mapping[str, Any]],
        stop: Callable[[], None],
    ) -> None:
        self._system = system
        self._log = log
        self._dispatcher = dispatcher
        self._pool = pool
        self._logbook = logbook
        self._urls = urls
        self._stop = stop
        self._letters = Letters(log, dispatcher, system.sinks)
        self._runner: web.AppRunner | None = None

    async def start(self, listening: socket.socket) -> None:
        """Serve the connections of a bound Unix socket."""
        app = web.Application(client_max_size=_MAX_BODY, middlewares=[_faults])
        routes: dict[str, Handler] = {
            "POST /publish": self._publish,
            "GET /control/ps": self._ps,
            "GET /control/urls": self._show_urls,
            "GET /control/events": self._events,
            "GET /control/events/{id:.+}": self._event,
            "GET /control/dead-letters": self._dead_letters,
            "GET /control/dead-letters/{place}": self._dead_letter,
            "POST /control/dead-letters/{place}/replay": self._replay,
            "POST /control/send": self._send,
            "GET /control/logs": self._logs,
            "POST /control/stop": self._end,
        }
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
        body = await _json(request)
        messages = body.get("messages")
        if not isinstance(messages, list):
            raise _Refused(400, "the body is {messages: [{topic, key, envelope}, …]}")
        return web.json_response({"results": await pubsub.publish(self._log, messages)})

    async def _ps(self, _: web.Request) -> web.Response:
        return web.json_response(
            {"functions": self._pool.document(), "sources": self._dispatcher.document()}
        )

    async def _show_urls(self, _: web.Request) -> web.Response:
        return web.json_response(dict(self._urls()))

    async def _events(self, request: web.Request) -> web.Response:
        query = request.query
        after = _number(query.get("after"))
        found = await self._log.recent(
            type=query.get("type"), key=query.get("key"), topic=query.get("topic"),
            after=after, limit=_limit(request),
        )  # fmt: skip
        events = [{"position": position, **shown(record)} for position, record in found]
        return web.json_response({"events": events})

    async def _event(self, request: web.Request) -> web.Response:
        event_id = request.match_info["id"]
        records = await self._log.by_event(event_id)
        trails = self._dispatcher.history.of(event_id)
        if not records and not trails:
            raise _Refused(404, "no record carries this event")
        return web.json_response(
            {
                "records": [shown(record) for record in records],
                "recognition": [entry for record in records for entry in self._verdicts(record)],
                "deliveries": [trail.document() for trail in trails],
            }
        )

    def _verdicts(self, record: Record) -> list[dict[str, Any]]:
        sources = (s for s in self._system.sources.values() if record.topic in s.topics)
        verdicts = ((s, recognise(record, s.name, self._dispatcher.namespace)) for s in sources)
        return [
            {
                "source": source.name,
                "function": source.sink,
                "mode": verdict.mode,
                "reason": verdict.reason,
                "type": verdict.event.type,
            }
            for source, verdict in verdicts
        ]

    async def _dead_letters(self, request: web.Request) -> web.Response:
        return web.json_response({"dead_letters": await self._letters.newest(_limit(request))})

    async def _dead_letter(self, request: web.Request) -> web.Response:
        return web.json_response(self._letters.whole(await self._letter(request)))

    async def _replay(self, request: web.Request) -> web.Response:
        replay = asyncio.ensure_future(self._letters.replay(await self._letter(request)))
        done, _ = await asyncio.wait([replay], timeout=_REPLAY_SECONDS)
        if not done:
            return web.json_response({"state": "under way"}, status=202)
        return web.json_response(replay.result().document())

    async def _letter(self, request: web.Request) -> Record:
        letter = await self._letters.find(request.match_info["place"])
        if letter is None:
            raise _Refused(404, "there is no dead letter at this place")
        return letter

    async def _send(self, request: web.Request) -> web.Response:
        event_id, message = sending.message(await _json(request))
        (reason,) = await pubsub.publish(self._log, [message])
        if reason is not None:
            raise _Refused(422, reason)
        return web.json_response({"id": event_id, "topic": message["topic"]}, status=202)

    async def _logs(self, request: web.Request) -> web.StreamResponse:
        function = request.query.get("function")
        response = web.StreamResponse(headers={"content-type": "application/jsonl"})
        await response.prepare(request)
        if request.query.get("follow") in ("1", "true"):
            async for line in self._logbook.follow(function):
                await response.write(json.dumps(line.document()).encode() + b"\n")
        for line in self._logbook.recent(function):
            await response.write(json.dumps(line.document()).encode() + b"\n")
        await response.write_eof()
        return response

    async def _end(self, _: web.Request) -> web.Response:
        asyncio.get_running_loop().call_later(0.05, self._stop)  # answered first
        return web.json_response({"stopping": True}, status=202)


class _Refused(Exception):
    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status


@web.middleware
async def _faults(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except LogUnavailable as why:
        return problem(503, "Service Unavailable", str(why), {"Retry-After": "1"})
    except _Refused as why:
        return problem(why.status, "Refused", str(why))
    except sending.NotSendable as why:
        return problem(422, "Not an event", str(why), errors=why.errors)
    except CannotReplay as why:
        return problem(409, "Cannot be replayed", str(why))


async def _json(request: web.Request) -> dict[str, Any]:
    try:
        body = json.loads(await request.read())
    except (ValueError, RecursionError):
        raise _Refused(400, "the body is not JSON") from None
    if not isinstance(body, dict):
        raise _Refused(400, "the body is not a JSON object")
    return body


def _limit(request: web.Request) -> int:
    return max(1, min(_number(request.query.get("limit")) or 50, _MAX_LIMIT))


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdigit() and len(text) < 19 else None
