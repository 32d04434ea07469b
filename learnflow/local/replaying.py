"""Sending stored records once more to the sources that hear them: who would get what, and doing it.

As on the cluster, where a replay is a new consumer group that reads old records: the events keep
their ids and carry a `replayid`; what a function has applied before it takes for a duplicate.
"""

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from learnflow.local.consumer import MAX_IN_FLIGHT
from learnflow.local.dispatch import Dispatcher
from learnflow.local.eventlog import EventLog
from learnflow.local.history import Trail
from learnflow.local.records import Record
from learnflow.local.selection import Selection, count, end, every, page
from learnflow.manifests import Source

_PROGRESS_SECONDS: Final = 0.25
_SHOWN: Final = 50


def new_replay_id() -> str:
    """What the events of one replay carry as `replayid`."""
    return f"r-{uuid.uuid4().hex[:12]}"


@dataclass(slots=True)
class Tally:
    """How far a replay is; every delivery ends as one of the last four."""

    replay: str
    deliveries: int
    delivered: int = 0
    duplicates: int = 0
    dead_letters: int = 0
    lost: int = 0

    @property
    def done(self) -> int:
        """How many have ended."""
        return self.delivered + self.duplicates + self.dead_letters + self.lost

    def ended(self, trail: Trail) -> None:
        """One delivery has ended."""
        if trail.state == "delivered":
            self.duplicates += trail.duplicate
            self.delivered += not trail.duplicate
        else:
            self.lost += trail.state == "lost"
            self.dead_letters += trail.state != "lost"

    def document(self) -> dict[str, Any]:
        """As the control API tells it."""
        return {**asdict(self), "done": self.done}


@dataclass(frozen=True, slots=True)
class Plan:
    """What a replay would deliver: how many records of each topic to which source, up to where."""

    chosen: Selection
    sources: Sequence[Source]
    records: dict[str, int]
    upto: int

    @property
    def deliveries(self) -> int:
        """How many events would be delivered, one heard by two sources counted twice."""
        return sum(self.heard_by(source) for source in self.sources)

    def heard_by(self, source: Source) -> int:
        """How many records this source would get."""
        return sum(self.records.get(topic, 0) for topic in source.topics)


class Replays:
    """Plans and runs replays over the event log."""

    def __init__(self, log: EventLog, dispatcher: Dispatcher) -> None:
        self._log = log
        self._dispatcher = dispatcher

    async def plan(self, chosen: Selection) -> Plan:
        """What would be delivered to whom. Raises Unselectable."""
        sources = chosen.sources(self._dispatcher.sources)
        upto = await self._log.ask(end)
        records = await self._log.ask(count, chosen, _topics(sources), upto=upto)
        return Plan(chosen, sources, records, upto)

    async def document(self, plan: Plan) -> dict[str, Any]:
        """A plan as the control API shows it, with its first records."""
        first = await self._log.ask(
            page, plan.chosen, _topics(plan.sources), upto=plan.upto, limit=_SHOWN
        )
        return {
            "records": sum(plan.records.values()),
            "deliveries": plan.deliveries,
            "sources": [
                {"source": one.name, "function": one.sink, "deliveries": plan.heard_by(one)}
                for one in plan.sources
                if plan.heard_by(one)
            ],
            "first": [
                {
                    **{"at": record.timestamp, "topic": record.topic, "key": record.key},
                    "event_id": record.event_id,
                    "functions": [s.sink for s in plan.sources if record.topic in s.topics],
                }
                for _, record, _ in first
            ],
        }

    async def run(self, plan: Plan) -> AsyncIterator[Tally]:
        """Deliver, and tell how far it is; the last tally is the whole. Closing it ends it."""
        tally = Tally(new_replay_id(), plan.deliveries)
        places = {source.name: asyncio.Semaphore(_at_once(source)) for source in plan.sources}

        async def one(record: Record, source: Source) -> None:
            try:
                tally.ended(await self._dispatcher.again(record, source.name, tally.replay))
            finally:
                places[source.name].release()

        async def everything() -> None:
            async with asyncio.TaskGroup() as tasks:
                heard = every(self._log, plan.chosen, _topics(plan.sources), upto=plan.upto)
                async for _, record, _ in heard:
                    for source in plan.sources:
                        if record.topic in source.topics:
                            await places[source.name].acquire()
                            tasks.create_task(one(record, source))

        async for _ in ticking(everything):
            yield tally


async def ticking(work: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    """Do the work; yield every quarter of a second meanwhile, and at its end."""
    task = asyncio.ensure_future(work())
    try:
        while not task.done():
            yield
            await asyncio.wait({task}, timeout=_PROGRESS_SECONDS)
        await task
        yield
    finally:
        task.cancel()


def _topics(sources: Sequence[Source]) -> list[str]:
    return sorted({topic for source in sources for topic in source.topics})


def _at_once(source: Source) -> int:
    return 1 if source.ordering == "ordered" else MAX_IN_FLIGHT
