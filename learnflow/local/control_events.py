"""The control API's events: listing, showing, following, sending, replaying them."""

from collections.abc import AsyncGenerator
from typing import Any, Final

from aiohttp import web

from learnflow.local import pubsub, sending
from learnflow.local.asking import Handler, Refused, json_of, limit_of, number, stream_lines
from learnflow.local.dispatch import Dispatcher
from learnflow.local.eventlog import EventLog
from learnflow.local.feed import Feed
from learnflow.local.history import Trail
from learnflow.local.recognition import recognise
from learnflow.local.records import Record
from learnflow.local.replaying import Plan, Replays
from learnflow.local.selection import Selection, Unselectable
from learnflow.local.shown import shown
from learnflow.manifests import System

_FEWEST_DIGITS: Final = 4
"""An id may be shortened to so many characters, if that is still one event's."""


class EventRoutes:
    """What the command line asks about events."""

    def __init__(
        self, system: System, log: EventLog, dispatcher: Dispatcher, replays: Replays, feed: Feed
    ) -> None:
        self._system = system
        self._log = log
        self._dispatcher = dispatcher
        self._replays = replays
        self._feed = feed

    def routes(self) -> dict[str, Handler]:
        """Handlers by method and path, in the order in which they are tried."""
        return {
            "GET /control/events": self._list,
            "GET /control/events/tail": self._tail,
            "POST /control/events/replay": self._replay,
            "GET /control/events/{id:.+}": self._show,
            "POST /control/send": self._send,
        }

    async def _list(self, request: web.Request) -> web.Response:
        query = request.query
        found = await self._log.recent(
            type=query.get("type"), key=query.get("key"), topic=query.get("topic"),
            after=number(query.get("after")), limit=limit_of(request),
        )  # fmt: skip
        events = [
            {
                "position": position,
                **shown(record),
                "deliveries": [trail.document() for trail in self._trails(record)],
            }
            for position, record in found
        ]
        return web.json_response({"events": events})

    async def _show(self, request: web.Request) -> web.Response:
        event_id = await self._whole_id(request.match_info["id"])
        records = await self._log.by_event(event_id)
        trails = self._dispatcher.history.of(event_id)
        if not records and not trails:
            raise Refused(404, "no record carries this event")
        return web.json_response(
            {
                "records": [shown(record) for record in records],
                "recognition": [entry for record in records for entry in self._verdicts(record)],
                "deliveries": [trail.document() for trail in trails],
            }
        )

    async def _whole_id(self, given: str) -> str:
        """The one id that begins so. Raises Refused when several do."""
        if len(given) < _FEWEST_DIGITS:
            return given
        found = await self._log.like(given)
        if given in found or len(found) == 0:
            return given
        if len(found) > 1:
            raise Refused(409, f"several events begin so: {', '.join(found)}")
        return found[0]

    def _trails(self, record: Record) -> list[Trail]:
        trails = self._dispatcher.history.of(record.event_id or "")
        place = (record.topic, record.partition, record.offset)
        return [trail for trail in trails if (trail.topic, trail.partition, trail.offset) == place]

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

    async def _tail(self, request: web.Request) -> web.StreamResponse:
        query = request.query
        function = query.get("function")
        Selection(function=function).sources(self._system.sources)
        topic = query.get("topic")
        if topic is not None and topic not in self._system.topics:
            raise Unselectable(f"there is no topic {topic[:100]}")
        news = self._feed.follow(topic=topic, key=query.get("key"), function=function)
        return await stream_lines(request, news)

    async def _replay(self, request: web.Request) -> web.StreamResponse:
        wish = await json_of(request)
        plan = await self._replays.plan(Selection.read(wish))
        if wish.get("dry_run"):
            return web.json_response(await self._replays.document(plan))
        return await stream_lines(request, self._progress(plan))

    async def _progress(self, plan: Plan) -> AsyncGenerator[dict[str, Any], None]:
        async for tally in self._replays.run(plan):
            yield tally.document()

    async def _send(self, request: web.Request) -> web.Response:
        wish = await json_of(request)
        many = "events" in wish
        made = sending.messages(wish["events"]) if many else [sending.message(wish)]
        reasons = await pubsub.publish(self._log, [message for _, message in made])
        sent: list[dict[str, Any]] = [
            {"id": event_id, "topic": message["topic"], **({"refused": why} if why else {})}
            for (event_id, message), why in zip(made, reasons, strict=True)
        ]
        if many:
            return web.json_response({"sent": sent}, status=202)
        if reasons[0] is not None:
            raise Refused(422, reasons[0])
        return web.json_response(sent[0], status=202)
