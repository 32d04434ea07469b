"""The relay: moves committed facts from the outboxes to the bus, at least once, in any order.

Two may run at once: rows are taken with SKIP LOCKED, published, and each success marked in the same
transaction (protocol R8). It also publishes again what belongs to students whose story got stuck
(R6). Partitions and retention are `db.maintain`'s.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import asyncpg

from db import outbox, stuck
from db.connection import Unavailable, translated
from db.notifier import OUTBOX
from eventing.envelope import Envelope, structured_json
from eventing.publish import Message, PubSub, PubSubUnavailable

_LOG: Final = logging.getLogger("learnflow.relay")


@dataclass(frozen=True, slots=True)
class RelaySettings:
    """How the relay works: times in seconds."""

    batch: int = 200
    poll: float = 1.0
    retry: float = 0.5
    refusals: int = 5
    stuck_after: float = 60.0
    stuck_every: float = 5.0
    resends: int = 5


async def run(
    databases: Mapping[str, str],
    pubsub: PubSub,
    stop: asyncio.Event,
    settings: RelaySettings = RelaySettings(),
) -> None:
    """Relay the outboxes of these databases (`*_relay` DSNs by short name) until `stop` is set."""
    outboxes = [OutboxRelay(short, dsn, pubsub, settings) for short, dsn in databases.items()]
    watch = stuck.Watch(dict(databases), settings)
    async with asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(one.run(stop)) for one in outboxes]
        running.append(tasks.create_task(watch.run(stop)))
        await stop.wait()
        for one in outboxes:
            one.wake()
        await asyncio.wait(running, timeout=5)
        for task in running:
            task.cancel()


async def republish(
    databases: Mapping[str, str], topics: Sequence[str], since: datetime
) -> dict[str, int]:
    """Let the relay publish again what went to these topics since then; how much, by database.

    For a bus that lost what it had: ids stay, so what was applied already is a duplicate.
    """
    found: dict[str, int] = {}
    for short, dsn in databases.items():
        connection = await asyncpg.connect(dsn, timeout=5)
        try:
            done: str = await connection.execute(outbox.REPUBLISH, list(topics), since)
            found[short] = int(done.rsplit(" ", 1)[1])
            await connection.execute("SELECT pg_notify($1, '')", OUTBOX)
        finally:
            connection.terminate()
    return found


class OutboxRelay:
    """One database's outbox."""

    def __init__(self, short: str, dsn: str, pubsub: PubSub, settings: RelaySettings) -> None:
        self.short = short
        self._dsn = dsn
        self._pubsub = pubsub
        self._settings = settings
        self._news = asyncio.Event()

    def wake(self) -> None:
        """Look now."""
        self._news.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Listen, take, publish, mark; connect again whenever the database or the bus is away."""
        while not stop.is_set():
            try:
                await self._session(stop)
            except (PubSubUnavailable, Unavailable) as error:
                _LOG.warning("%s: waiting: %s", self.short, error)
            except Exception as error:
                if not isinstance(translated(error), Unavailable):
                    raise
                _LOG.warning("%s: waiting: %s", self.short, type(error).__name__)
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), self._settings.retry)

    async def _session(self, stop: asyncio.Event) -> None:
        connection = await asyncpg.connect(self._dsn, timeout=5)
        try:
            await connection.add_listener(OUTBOX, lambda *_: self._news.set())
            while True:
                self._news.clear()
                while await self.relay_once(connection) == self._settings.batch:
                    pass
                if stop.is_set():
                    return
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._news.wait(), self._settings.poll)
        finally:
            connection.terminate()

    async def relay_once(self, connection: asyncpg.Connection) -> int:
        """Take one batch, publish it and mark it; the number of facts taken."""
        async with connection.transaction():
            rows = await connection.fetch(outbox.TAKE, self._settings.batch)
            if not rows:
                return 0
            results = await self._pubsub.publish([message_of(self.short, row) for row in rows])
            await self._mark(connection, rows, results)
        return len(rows)

    async def _mark(
        self,
        connection: asyncpg.Connection,
        rows: Sequence[asyncpg.Record],
        results: Sequence[str | None],
    ) -> None:
        done = [row for row, result in zip(rows, results, strict=True) if result is None]
        bad = [(row, why) for row, why in zip(rows, results, strict=True) if why is not None]
        if done:
            ids, times = [row["id"] for row in done], [row["created_at"] for row in done]
            await connection.execute(outbox.MARK_PUBLISHED, ids, times)
        if bad:
            _LOG.error("%s: %d facts refused: %s", self.short, len(bad), bad[0][1])
            await connection.execute(
                outbox.MARK_REFUSED,
                [row["id"] for row, _ in bad],
                [row["created_at"] for row, _ in bad],
                [why for _, why in bad],
                self._settings.refusals,
            )


def message_of(short: str, row: asyncpg.Record) -> Message:
    """An outbox row as a CloudEvent for its topic; the id never changes, however often it goes."""
    extensions = {"partitionkey": row["key"]}
    if row["traceparent"]:
        extensions["traceparent"] = row["traceparent"]
    envelope = Envelope(
        id=row["event_id"],
        source=f"learnflow/{short}",
        type=row["type"],
        subject=row["key"],
        time=row["created_at"].isoformat().replace("+00:00", "Z"),
        data=row["data"].encode(),
        extensions=extensions,
    )
    return Message(row["topic"], row["key"], structured_json(envelope))
