"""What Knative's Kafka source dispatcher does: every source's consumers, offsets and replays."""

import asyncio
import logging
from collections.abc import Coroutine, Mapping
from functools import partial
from typing import Any, Final

from learnflow.local.cloudevent import Invalid
from learnflow.local.consumer import MAX_IN_FLIGHT, Consumer
from learnflow.local.deadletter import ERROR_EXTENSIONS, SOURCE_HEADER, DeadLetters
from learnflow.local.delivery import Delivery, Functions
from learnflow.local.eventlog import EventLog
from learnflow.local.history import History, Trail
from learnflow.local.recognition import Recognition, read, recognise
from learnflow.local.records import LogUnavailable, Record
from learnflow.manifests import Source, System

NAMESPACE: Final = "learnflow"
COMMIT_SECONDS: Final = 1.0
_LOG_WAIT: Final = 0.5
_logger = logging.getLogger(__name__)


class CannotReplay(Exception):
    """A dead letter that cannot go back to its source; the message says why."""


class Dispatcher:
    """Delivers the records of every source's topics to its function; `log` is open already."""

    def __init__(
        self,
        system: System,
        log: EventLog,
        functions: Functions,
        *,
        namespace: str = NAMESPACE,
        commit_seconds: float = COMMIT_SECONDS,
    ) -> None:
        self.history = History()
        self.sources = system.sources
        self._log = log
        self.namespace = namespace
        self._commit_seconds = commit_seconds
        letters = DeadLetters(log, system.sinks)
        self._deliveries = {
            source.name: Delivery(source, namespace, functions, letters, self.history)
            for source in system.sources.values()
        }
        self._consumers: dict[str, list[Consumer]] = {
            name: self._make(delivery) for name, delivery in self._deliveries.items()
        }
        self._committed: dict[tuple[str, str, int], int] = {}
        self._running: set[str] = set()
        self._clock: asyncio.Task[None] | None = None
        self._replays: set[asyncio.Task[Trail]] = set()
        log.renewed = self.renew

    async def start(self) -> None:
        """Begin every source that has consumers where its group left off. Raises LogUnavailable."""
        for name, delivery in self._deliveries.items():
            if delivery.source.consumers > 0:
                await self.resume(name)
        self._clock = asyncio.create_task(self._commit_often(), name="offset commits")

    async def stop(self, grace: float = 10.0) -> None:
        """Let what is in flight end, drop what waits for a retry, commit."""
        if self._clock is not None:
            self._clock.cancel()
        for task in self._replays:
            task.cancel()
        await asyncio.gather(*(self.pause(name, grace) for name in self._deliveries))

    async def resume(self, name: str, anew: str | None = None) -> None:
        """Let a source go on where its group's offsets are; those of the topic `anew` are void."""
        if name in self._running:
            return
        source = self._deliveries[name].source
        offsets = await self._log.committed(source.group)
        committed = {place: offset for place, offset in offsets.items() if place[0] != anew}
        starts = [
            (consumer, await self._offset(source, consumer, committed))
            for consumer in self._consumers[name]
        ]
        self._running.add(name)
        for consumer, offset in starts:
            consumer.start(offset)
        await self._commit()  # an initial offset counts once: now it is the group's

    async def pause(self, name: str, grace: float = 10.0) -> None:
        """Let a source take nothing more, and commit how far it came."""
        if name not in self._running:
            return
        waiting = frozenset(self._deliveries[name].waiting)
        await asyncio.gather(*(c.stop(grace, waiting) for c in self._consumers[name]))
        await self._commit()
        self._running.discard(name)

    async def renew(self, topic: str) -> None:
        """Begin again with a topic whose offsets do: what was read of it is another topic's."""
        hearing = [n for n in self._running if topic in self._deliveries[n].source.topics]
        for name in hearing:
            waiting = frozenset(self._deliveries[name].waiting)
            await asyncio.gather(*(c.stop(0, waiting) for c in self._consumers[name]))
            self._running.discard(name)  # without a commit: these offsets are the old topic's
        self._committed = {p: low for p, low in self._committed.items() if p[1] != topic}
        for name in hearing:
            await self._resume_anew(name, topic)

    async def _resume_anew(self, name: str, topic: str) -> None:
        while True:
            try:
                return await self.resume(name, topic)
            except LogUnavailable as why:
                _logger.warning("%s waits to begin anew: %s", name, why)
                await asyncio.sleep(_LOG_WAIT)

    async def replay(self, letter: Record, replay_id: str) -> Trail:
        """Deliver a dead letter's event, same id, to the one source that failed it."""
        try:
            mode, event = read(letter)
        except Invalid as why:
            raise CannotReplay(f"this record is no dead letter: {why}") from None
        name = letter.headers.get(SOURCE_HEADER, "")
        delivery = self._deliveries.get(name)
        if delivery is None:
            raise CannotReplay(f"its source {name or 'is not noted, and'} is not declared any more")
        original = event.without(ERROR_EXTENSIONS).extended({"replayid": replay_id})
        recognition = Recognition(mode, original, f"replay {replay_id} of a dead letter")
        return await self._replayed(delivery.deliver(letter, recognition, replay_id))

    async def again(self, record: Record, source: str, replay_id: str) -> Trail:
        """Deliver a record to one source as a new consumer group of it would: same id, `replayid`.

        On the cluster that is a KafkaSource with `ceOverrides.extensions.replayid`.
        """
        delivery = self._deliveries[source]
        seen = recognise(record, source, self.namespace)
        event = seen.event.extended({"replayid": replay_id})
        recognition = Recognition(seen.mode, event, seen.reason)
        return await self._replayed(delivery.deliver(record, recognition, replay_id))

    async def _replayed(self, delivering: Coroutine[Any, Any, Trail]) -> Trail:
        task = asyncio.create_task(delivering)
        self._replays.add(task)
        task.add_done_callback(self._replays.discard)
        return await asyncio.shield(task)

    def document(self) -> list[dict[str, Any]]:
        """Every source as the control API shows it."""
        return [
            {
                "source": name,
                "function": delivery.source.sink,
                "topics": list(delivery.source.topics),
                "running": name in self._running,
                "lag": sum(c.lag for c in self._consumers[name]) if name in self._running else None,
                "in_flight": sum(consumer.in_flight for consumer in self._consumers[name]),
                "waiting_for_retry": len(delivery.waiting),
                "delivered": delivery.delivered,
                "dead": delivery.dead,
            }
            for name, delivery in self._deliveries.items()
        ]

    def _make(self, delivery: Delivery) -> list[Consumer]:
        source = delivery.source
        most = 1 if source.ordering == "ordered" else MAX_IN_FLIGHT
        deliver = partial(self._deliver, delivery)
        return [
            Consumer(self._log, topic, number, deliver, max_in_flight=most)
            for topic in source.topics
            for number in range(self._log.partitions(topic))
        ]

    async def _deliver(self, delivery: Delivery, record: Record) -> None:
        recognition = recognise(record, delivery.source.name, self.namespace)
        await delivery.deliver(record, recognition)

    async def _offset(
        self, source: Source, consumer: Consumer, committed: Mapping[tuple[str, int], int]
    ) -> int:
        place = (consumer.topic, consumer.partition)
        if place in committed:
            return committed[place]
        if source.initial_offset == "earliest":
            return await self._log.first(*place)
        return self._log.end(*place)

    async def _commit_often(self) -> None:
        while True:
            await asyncio.sleep(self._commit_seconds)
            for name in self._running:
                for consumer in self._consumers[name]:
                    consumer.look()
            await self._commit()

    async def _commit(self) -> None:
        lows = {
            (self._deliveries[name].source.group, consumer.topic, consumer.partition): consumer.low
            for name in self._running
            for consumer in self._consumers[name]
        }
        changed = {place: low for place, low in lows.items() if self._committed.get(place) != low}
        try:
            await self._log.commit(changed)
        except LogUnavailable as why:
            _logger.warning("offsets are not committed yet: %s", why)
            return
        self._committed |= changed
