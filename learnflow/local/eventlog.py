"""The event log: what stands in for Kafka. Topics, partitions, offsets, groups, retention.

One process writes it. Offsets are given out in memory and become real with the commit; publishes
that arrive while a commit runs share the next one.
"""

import asyncio
import math
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final, TypeVar

import asyncpg

from db.connection import Connections, Unavailable, translated
from learnflow.local import eventlog_store as store
from learnflow.local.records import (
    LogUnavailable,
    NewRecord,
    Record,
    RecordRefused,
    now_ms,
    partition_of,
)
from learnflow.manifests import Topic

_BATCH: Final = 1000
_Result = TypeVar("_Result")
Listener = Callable[[Record], None]
Renewed = Callable[[str], Awaitable[None]]
Pending = tuple[Sequence[NewRecord], "asyncio.Future[list[Record]]"]


class EventLog:
    """Durable topics in their own database; calls raise LogUnavailable while that is away.

    `renewed` hears of a topic whose offsets begin anew, which only a real Kafka's do.
    """

    def __init__(self, dsn: str, topics: Mapping[str, Topic]) -> None:
        self.topics = topics
        self.renewed: Renewed | None = None
        self._connections = Connections(dsn, size=3)
        self._ends: dict[store.Place, int] = {}
        self._ends_known = False
        self._queue: list[Pending] = []
        self._writer: asyncio.Task[None] | None = None
        self._listeners: dict[store.Place, list[Listener]] = {}
        self._watchers: list[Listener] = []

    async def open(self) -> None:
        """Make the tables where they are missing and learn where each partition ends."""
        async with self._connection() as connection:
            await connection.execute(store.SCHEMA)
            await self._learn_ends(connection)

    async def close(self) -> None:
        """Finish what is being written and close the connections."""
        if self._writer is not None:
            await asyncio.wait([self._writer])
        await self._connections.close()

    async def append(self, records: Sequence[NewRecord]) -> list[Record]:
        """Write records of known topics; returns, after the commit, where each of them went."""
        if not records:
            return []
        future: asyncio.Future[list[Record]] = asyncio.get_running_loop().create_future()
        self._queue.append((records, future))
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write(), name="event log writer")
        return await asyncio.shield(future)

    def listen(self, topic: str, partition: int, listener: Listener) -> None:
        """Call `listener` with each record of a partition after its commit, in offset order."""
        self._listeners.setdefault((topic, partition), []).append(listener)

    def watch(self, watcher: Listener) -> None:
        """Call `watcher` with every record of every topic after its commit."""
        self._watchers.append(watcher)

    def partitions(self, topic: str) -> int:
        """How many partitions a topic has: its manifest's, or more if more were ever written."""
        written = (part + 1 for name, part in self._ends if name == topic)
        return max(self.topics[topic].partitions, *written, 1)

    def end(self, topic: str, partition: int) -> int:
        """The offset that the next record of this partition will get."""
        return self._ends.get((topic, partition), 0)

    async def first(self, topic: str, partition: int) -> int:
        """The oldest offset that retention left, or the end."""
        offset = await self._run(store.first, topic, partition)
        return self.end(topic, partition) if offset is None else offset

    async def page(self, topic: str, partition: int, offset: int, limit: int) -> list[Record]:
        """At most `limit` records from `offset` on."""
        return await self._run(store.page, topic, partition, offset, limit)

    async def by_event(self, event_id: str) -> list[Record]:
        """The records that carry an event."""
        return await self._run(store.by_event, event_id)

    async def recent(self, **filters: Any) -> list[tuple[int, Record]]:
        """The newest records first; filters: type, key, topic, after (a position), limit."""
        return await self._run(store.recent, **filters)

    async def like(self, beginning: str) -> list[str]:
        """The ids of events that begin so, five at most."""
        return await self._run(store.like, beginning)

    async def ask(
        self, statement: Callable[..., Awaitable[_Result]], *args: object, **named: object
    ) -> _Result:
        """What a statement of another module answers; it is given a connection first."""
        return await self._run(statement, *args, **named)

    async def committed(self, group: str) -> dict[store.Place, int]:
        """A group's next offset per partition; nothing for what it never read."""
        return await self._run(store.committed, group)

    async def commit(self, offsets: Mapping[store.GroupPlace, int]) -> None:
        """Write the next offsets of (group, topic, partition)."""
        if offsets:
            await self._run(store.commit, offsets)

    async def prune(self) -> int:
        """Apply each topic's retention; returns how many records went."""
        gone = 0
        for topic in self.topics.values():
            if math.isfinite(topic.retention_seconds):
                before = now_ms() - int(topic.retention_seconds * 1000)
                gone += await self._run(store.prune, topic.name, before)
        return gone

    async def _write(self) -> None:
        while self._queue:
            batch, size = [], 0
            while self._queue and size < _BATCH:
                batch.append(self._queue.pop(0))
                size += len(batch[-1][0])
            try:
                await self._write_batch(batch)
            except Exception as error:
                for _, future in batch:
                    if not future.done():
                        future.set_exception(error)

    async def _write_batch(self, batch: Sequence[Pending]) -> None:
        try:
            placed = await self._place_and_write([new for news, _ in batch for new in news])
        except RecordRefused as error:
            if len(batch) > 1:  # one publisher's bad record must not refuse the others'
                for pending in batch:
                    await self._write_batch([pending])
            elif not batch[0][1].done():
                batch[0][1].set_exception(error)
            return
        start = 0
        for news, future in batch:
            if not future.done():
                future.set_result(placed[start : start + len(news)])
            start += len(news)
        for record in placed:
            listeners = self._listeners.get((record.topic, record.partition), ())
            for listener in (*listeners, *self._watchers):
                listener(record)

    async def _place_and_write(self, news: Sequence[NewRecord]) -> list[Record]:
        async with self._connection() as connection:
            if not self._ends_known:
                await self._learn_ends(connection)
            ends = dict(self._ends)
            placed = [self._place(new, ends) for new in news]
            self._ends_known = False  # until the commit is certain
            try:
                await store.append(connection, placed)
            except (asyncpg.DataError, asyncpg.ProgramLimitExceededError) as error:
                self._ends_known = True
                raise RecordRefused(str(error)) from error
            self._ends, self._ends_known = ends, True
            return placed

    def _place(self, new: NewRecord, ends: dict[store.Place, int]) -> Record:
        partition = partition_of(new.key, self.topics[new.topic].partitions)
        offset = ends.get((new.topic, partition), 0)
        ends[new.topic, partition] = offset + 1
        return Record(
            new.topic, new.key, new.headers, new.value, new.event_id, new.type, new.timestamp,
            partition, offset,
        )  # fmt: skip

    async def _learn_ends(self, connection: asyncpg.Connection) -> None:
        self._ends = await store.ends(connection)
        self._ends_known = True

    async def _run(
        self, statement: Callable[..., Awaitable[_Result]], *args: object, **named: object
    ) -> _Result:
        async with self._connection() as connection:
            return await statement(connection, *args, **named)

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[asyncpg.Connection]:
        try:
            async with self._connections.lease() as connection:
                try:
                    yield connection
                except asyncpg.InternalClientError:  # it was ended under us, and cannot tell
                    connection.terminate()
                    raise
        except RecordRefused:
            raise
        except Exception as error:
            if isinstance(error, asyncpg.InternalClientError | asyncpg.PostgresError) or isinstance(
                translated(error), Unavailable
            ):
                raise LogUnavailable(f"the event log's database is away: {error}") from error
            raise
