"""The relay loses nothing: whatever was committed is published, at least once, and marked."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import asyncpg
import pytest

from db import outbox, relay
from db.relay import OutboxRelay, RelaySettings
from db.unit_of_work import Database
from eventing.envelope import STRUCTURED, Envelope, parse_http
from eventing.events import StudentWithdrawn
from eventing.publish import MemoryPubSub, Message
from tests.db.sessions import two
from tests.eventually import eventually
from tests.postgres import Databases

QUICK = RelaySettings(batch=7, poll=0.05, retry=0.01, refusals=3, stuck_every=60)
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
LATE = f"{outbox.ADD} ('late', 'org.learnflow.x.v1', 'student.withdrawn', 'late', '{{}}', NULL)"
BY_CURSOR = outbox.TAKE.replace(
    "WHERE",
    "WHERE id > (SELECT coalesce(max(id), 0) FROM outbox WHERE published_at < 'infinity') AND",
)


async def say(database: Database, *students: str) -> None:
    """Commit a fact about each."""
    async with database.unit(TRACE) as work:
        for student in students:
            work.say(StudentWithdrawn(student_id=student, version=1))
        await work.commit()


async def counts(database: Database) -> tuple[int, int, int]:
    """Facts in all, published, parked."""
    async with database.unit() as work:
        row = await work.read("SELECT count(*), count(published_at), count(parked) FROM outbox")
        every, published, parked = row[0]
        return every, published, parked


@asynccontextmanager
async def relaying(
    databases: Databases, bus: MemoryPubSub, settings: RelaySettings = QUICK
) -> AsyncIterator[None]:
    """A relay of students_db at work."""
    stop = asyncio.Event()
    dsns = {"students": databases.dsn("students", "relay")}
    task = asyncio.create_task(relay.run(dsns, bus, stop, settings))
    try:
        yield
    finally:
        stop.set()
        await task


def envelopes(messages: Sequence[Message]) -> list[Envelope]:
    """The events in the messages."""
    return [parse_http({"content-type": STRUCTURED}, m.envelope) for m in messages]


def ids(bus: MemoryPubSub) -> list[str]:
    """The ids that were published, each as often as it was."""
    return sorted(envelope.id for envelope in envelopes(bus.published))


async def test_a_fact_travels_with_its_id_source_subject_and_trace(
    databases: Databases, students: Database
) -> None:
    bus = MemoryPubSub()
    await say(students, "s1")
    async with relaying(databases, bus):
        await eventually(lambda: bus.published)
    (message,), (event,) = bus.published, envelopes(bus.published)
    assert (message.topic, message.key) == ("student.withdrawn", "s1")
    assert (event.source, event.subject, event.traceparent) == ("learnflow/students", "s1", TRACE)
    assert event.type == StudentWithdrawn.type
    assert StudentWithdrawn.model_validate_json(event.data).key == "s1"


async def test_two_relays_at_once_publish_every_fact_and_mark_it(
    databases: Databases, students: Database
) -> None:
    bus = MemoryPubSub()
    async with relaying(databases, bus), relaying(databases, bus):
        for start in range(0, 60, 20):
            await say(students, *(f"s{number}" for number in range(start, start + 20)))
        await eventually(lambda: _all_published(students, 60))
    assert len(set(ids(bus))) == 60
    assert {message.key for message in bus.published} == {f"s{n}" for n in range(60)}


async def _all_published(students: Database, number: int) -> bool:
    return await counts(students) == (number, number, 0)


async def test_a_commit_wakes_the_relay_long_before_its_next_poll(
    databases: Databases, students: Database
) -> None:
    bus = MemoryPubSub()
    await say(students, "s1")
    async with relaying(databases, bus, replace(QUICK, poll=60)):
        await eventually(lambda: len(bus.published) == 1)
        await say(students, "s2")
        await eventually(lambda: len(bus.published) == 2)


async def test_what_the_bus_refuses_is_parked_with_the_reason_and_blocks_nobody(
    databases: Databases, students: Database
) -> None:
    bus = MemoryPubSub(topics=frozenset({"student.withdrawn"}))
    async with students.unit() as work:
        work.write(LATE.replace("student.withdrawn", "no.such.topic"))
        await work.commit()
    await say(students, *(f"s{number}" for number in range(10)))
    async with relaying(databases, bus):
        await eventually(lambda: _parked(students))
    assert await counts(students) == (11, 10, 1)
    async with students.unit() as work:
        rows = await work.read("SELECT attempts, parked FROM outbox WHERE parked IS NOT NULL")
    assert [tuple(row) for row in rows] == [(3, "unknown topic no.such.topic")]


async def _parked(students: Database) -> bool:
    return await counts(students) == (11, 10, 1)


@dataclass
class CountingBus(MemoryPubSub):
    """Counts the attempts, and may lose the relay's connection after a publish."""

    attempts: int = 0
    kill: list[str] = field(default_factory=list)

    async def publish(self, messages: Sequence[Message]) -> list[str | None]:
        """Publish; then end every connection of the relay, once per address in `kill`."""
        self.attempts += 1
        answers = await super().publish(messages)
        while self.kill:
            admin = await asyncpg.connect(self.kill.pop())
            await admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE usename = 'students_relay' AND datname = current_database()"
            )
            await admin.close()
        return answers


async def test_nothing_is_lost_while_the_bus_is_down(
    databases: Databases, students: Database
) -> None:
    bus = CountingBus(down=True)
    async with relaying(databases, bus):
        await say(students, "s1")
        await eventually(lambda: bus.attempts >= 3)
        assert await counts(students) == (1, 0, 0)
        bus.down = False
        await eventually(lambda: _all_published(students, 1))
    assert len(bus.published) == 1


async def test_killed_between_publish_and_mark_the_fact_goes_again_with_its_id(
    databases: Databases, students: Database
) -> None:
    bus = CountingBus(kill=[databases.superuser("students")])
    await say(students, "s1")
    async with relaying(databases, bus):
        await eventually(lambda: _all_published(students, 1))
    first, second = ids(bus)
    assert first == second


async def published_when_an_older_id_commits_late(databases: Databases, students: Database) -> int:
    """How many of two facts are published when the lower id is committed last."""
    bus = MemoryPubSub()
    one_relay = OutboxRelay("students", databases.dsn("students", "relay"), bus, QUICK)
    async with (
        two(databases.dsn("students")) as (late, _),
        two(databases.dsn("students", "relay")) as (session, _),
    ):
        await late.begin()
        await late.rows(LATE)
        await say(students, "s1")
        assert await one_relay.relay_once(session.connection) == 1
        await late.commit()
        await one_relay.relay_once(session.connection)
    return len(bus.published)


async def test_an_older_id_that_commits_late_is_published(
    databases: Databases, students: Database
) -> None:
    assert await published_when_an_older_id_commits_late(databases, students) == 2


async def test_a_relay_by_id_cursor_would_lose_it(
    databases: Databases, students: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "TAKE", BY_CURSOR)
    assert await published_when_an_older_id_commits_late(databases, students) == 1
