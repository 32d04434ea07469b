"""The event log over a real Kafka: facts live in its topics, positions in its consumer groups.

What is read is kept in the log's own tables too, as an index: lists, traces, replays and the pages
of consumers that fell behind come from there. Records exist for us once Kafka gave them back.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Final

import asyncpg

from learnflow.local import eventlog_store as store
from learnflow.local.eventlog import EventLog
from learnflow.local.kafka_admin import KafkaAdmin
from learnflow.local.kafka_groups import KafkaGroups
from learnflow.local.kafka_lease import KafkaLease
from learnflow.local.kafka_reader import KafkaReader
from learnflow.local.kafka_writer import KafkaWriter
from learnflow.local.records import LogUnavailable, NewRecord, Record, partition_of
from learnflow.manifests import Topic

INDEX: Final = "kafka_index"
"""The database of the index; the event log's own stays what it is."""
_LOOK_SECONDS: Final = 3.0
_WAIT: Final = 0.5
_ATTEMPTS: Final = 10
_SCHEMA: Final = "CREATE TABLE IF NOT EXISTS kafka_topics (name text PRIMARY KEY, id text NOT NULL)"
_KNOWN: Final = "SELECT name, id FROM kafka_topics"
_KNOW: Final = """
INSERT INTO kafka_topics VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET id = excluded.id
"""
_FORGET: Final = ("DELETE FROM records WHERE topic = $1", "DELETE FROM letters WHERE topic = $1")
_logger = logging.getLogger(__name__)


class KafkaLog(EventLog):
    """An event log whose topics are a Kafka's, which nobody but `owner` uses meanwhile."""

    def __init__(self, dsn: str, topics: Mapping[str, Topic], address: str, owner: str) -> None:
        super().__init__(dsn, topics)
        self._lease = KafkaLease(address, owner)
        self._admin = KafkaAdmin(address)
        self._groups = KafkaGroups(address)
        self._reader = KafkaReader(address, self._take)
        self._producer = KafkaWriter(address)
        self._counts: dict[str, int] = {}
        self._ids: dict[str, str] = {}
        self._firsts: dict[store.Place, int] = {}
        self._looking: asyncio.Task[None] | None = None
        self._unread: set[str] = set()
        self._caught_up = asyncio.Event()
        self._wanted: dict[store.Place, int] = {}

    async def open(self) -> None:
        """Make the topics that are missing, and read what Kafka holds.

        Raises LogUnavailable, or Taken where another runner works over this Kafka.
        """
        present = await self._admin.partitions()
        await self._admin.make(one for name, one in self.topics.items() if name not in present)
        if self.topics:
            await self._lease.take(min(self.topics))
        await super().open()
        await self._run(_execute, _SCHEMA)
        self._ids = dict(await self._run(_rows, _KNOWN))
        await self._forget_others(await self._admin.ids(self.topics))
        await self._begin()
        await self._caught_up.wait()
        self._looking = asyncio.create_task(self._look_often(), name="kafka topics")

    async def close(self) -> None:
        """Stop reading, let what is written arrive, close."""
        if self._looking is not None:
            self._looking.cancel()
        await self._reader.stop()
        await self._producer.close()
        await self._groups.close()
        await self._lease.release()  # last: whoever comes next finds our offsets
        await super().close()

    async def append(self, records: Sequence[NewRecord]) -> list[Record]:
        """Write records to Kafka, as Dapr partitions them; they are listed once read back."""
        places = [partition_of(one.key, self.partitions(one.topic)) for one in records]
        offsets = await self._producer.write(list(zip(records, places, strict=True)))
        return [
            Record(
                new.topic, new.key, new.headers, new.value, new.event_id, new.type, new.timestamp,
                partition, offset,
            )
            for new, partition, offset in zip(records, places, offsets, strict=True)
        ]  # fmt: skip

    def partitions(self, topic: str) -> int:
        """How many partitions the topic has in Kafka."""
        return self._counts.get(topic) or self.topics[topic].partitions

    async def first(self, topic: str, partition: int) -> int:
        """The oldest offset that Kafka had when it was looked at last, if the index has it."""
        offset = await super().first(topic, partition)
        return max(offset, self._firsts.get((topic, partition), 0))

    async def committed(self, group: str) -> dict[store.Place, int]:
        """A consumer group's next offsets, as Kafka keeps them."""
        places = [(one, part) for one in self._counts for part in range(self._counts[one])]
        found = await self._groups.committed(group, places)
        return {place: offset for place, offset in found.items() if offset <= self.end(*place)}

    async def commit(self, offsets: Mapping[store.GroupPlace, int]) -> None:
        """Write groups' offsets to Kafka; none beyond the end of a topic that was made anew."""
        groups: dict[str, dict[store.Place, int]] = {}
        for (group, topic, partition), offset in offsets.items():
            if offset <= self.end(topic, partition):
                groups.setdefault(group, {})[topic, partition] = offset
        await asyncio.gather(*(self._groups.commit(*one) for one in groups.items()))

    async def _begin(self) -> None:
        """Read on where the index ends."""
        bounds = await self._bounds()
        self._firsts = {place: low for place, (low, _) in bounds.items()}
        for place, (low, _) in bounds.items():
            self._ends[place] = max(self._ends.get(place, 0), low)
        self._wanted = {place: high for place, (_, high) in bounds.items()}
        self._tell_caught_up()
        self._reader.start({place: self._ends[place] for place in bounds})

    async def _bounds(self) -> dict[store.Place, tuple[int, int]]:
        """The bounds of all partitions; those of a topic just made have no leader for a moment."""
        for last in (*[False] * _ATTEMPTS, True):
            counts = await self._admin.partitions()
            self._counts = {name: counts[name] for name in self.topics if name in counts}
            parts = [(name, part) for name, count in self._counts.items() for part in range(count)]
            try:
                return await self._admin.bounds(parts)
            except LogUnavailable:
                if last:
                    raise
                await asyncio.sleep(_WAIT)
        raise AssertionError

    async def _take(self, records: Sequence[Record]) -> None:
        """Keep what was read, then tell those who listen. Waits for the index's database."""
        while True:
            try:
                fresh = await self._index(records)
                break
            except LogUnavailable as why:
                _logger.warning("the index of Kafka's topics waits: %s", why)
                await asyncio.sleep(_WAIT)
        for record in fresh:
            listeners = self._listeners.get((record.topic, record.partition), ())
            for listener in (*listeners, *self._watchers):
                listener(record)
        self._tell_caught_up()

    async def _index(self, records: Sequence[Record]) -> list[Record]:
        async with self._connection() as connection:
            if not self._ends_known:
                known = await store.ends(connection)
                self._ends |= {place: max(self.end(*place), one) for place, one in known.items()}
            fresh = [one for one in records if one.offset >= self.end(one.topic, one.partition)]
            self._ends_known = False  # until the commit is certain
            if fresh:
                await store.append(connection, fresh)
            for one in fresh:
                self._ends[one.topic, one.partition] = one.offset + 1
            self._ends_known = True
            return fresh

    def _tell_caught_up(self) -> None:
        if all(self._ends[place] >= high for place, high in self._wanted.items()):
            self._caught_up.set()

    async def _look_often(self) -> None:
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            with suppress(LogUnavailable):
                present = await self._admin.ids(self.topics)
                other = present != self._ids or bool(self._unread)
                if set(present) == set(self.topics) and other:
                    await self._reader.stop()
                    await self._read_anew(present)

    async def _read_anew(self, present: Mapping[str, str]) -> None:
        self._unread |= set(await self._forget_others(present))
        await self._begin()  # raises where a leader is late: then it is begun at the next look
        while self._unread:
            topic = self._unread.pop()
            _logger.warning("topic %s was made anew in Kafka: it is read from its start", topic)
            if self.renewed is not None:
                await self.renewed(topic)

    async def _forget_others(self, present: Mapping[str, str]) -> list[str]:
        """Forget what was read of topics that have another id now; which they are."""
        anew = [name for name, one in present.items() if self._ids.get(name) != one]
        for name in anew:
            for statement in _FORGET:
                await self._run(_execute, statement, name)
            await self._run(_execute, _KNOW, name, present[name])
            self._ids[name] = present[name]
            for place in [place for place in self._ends if place[0] == name]:
                del self._ends[place]
        return anew


async def _execute(connection: asyncpg.Connection, statement: str, *given: object) -> None:
    await connection.execute(statement, *given)


async def _rows(connection: asyncpg.Connection, statement: str) -> list[tuple[str, str]]:
    return [tuple(row) for row in await connection.fetch(statement)]
