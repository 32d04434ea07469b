"""Two rules that only the unit of work keeps: what happens to a consumer that goes without them."""

from typing import Any

import asyncpg

from db.unit_of_work import Database, Duplicate, Unit
from eventing.events import Event, StudentWithdrawn
from eventing.publish import MemoryPubSub, Message
from tests.postgres import Databases

FACT = StudentWithdrawn(student_id="s1", version=1)
NEW = "INSERT INTO students (student_id, name, grade, subject) VALUES ('s1', 'Ada', 7, 'physics')"
COUNT = "UPDATE students SET last_seq = last_seq + 1"
"""A reaction that is not idempotent by itself, unlike all of ours: it counts what it hears."""


async def counted(students: Database, *, inbox: bool) -> int:
    """What the counting reaction has counted after one event came three times."""
    async with students.unit() as work:
        work.write(NEW)
        await work.commit()
    for _ in range(3):
        try:
            async with students.unit() as work:
                if inbox:
                    work.heard("count", "learnflow/tutors", "e1")
                work.write(COUNT)
                await work.commit()
        except Duplicate:
            pass
    async with students.unit() as work:
        rows = await work.read("SELECT last_seq FROM students")
    count: int = rows[0][0]
    return count


async def test_an_event_that_comes_three_times_counts_once(students: Database) -> None:
    assert await counted(students, inbox=True) == 1


async def test_without_the_inbox_it_would_count_three_times(students: Database) -> None:
    assert await counted(students, inbox=False) == 3


class HastyUnit(Unit):
    """A unit that publishes what is said at once, instead of committing it to the outbox."""

    bus: MemoryPubSub

    def say(self, event: Event) -> None:
        """Publish before the commit."""
        super().say(event)
        self.bus.published.append(Message(event.topic, event.key, b"{}"))


async def published_without_row(databases: Databases, students: Database, unit: Any) -> int:
    """Facts published about students who do not exist, after a crash before the commit."""
    bus = MemoryPubSub()
    unit.bus = bus
    async with unit as work:
        work.say(FACT)
        await work.call(NEW)
    relay = await asyncpg.connect(databases.dsn("students", "relay"))
    rows = await relay.fetch("SELECT topic, key FROM outbox WHERE published_at IS NULL")
    await relay.close()
    bus.published += [Message(row["topic"], row["key"], b"{}") for row in rows]
    async with students.unit() as look:
        known = {row[0] for row in await look.read("SELECT student_id FROM students")}
    return sum(message.key not in known for message in bus.published)


class CarefulUnit(Unit):
    """Ours, with a place for the bus that it never touches."""

    bus: MemoryPubSub


async def test_a_crash_before_the_commit_publishes_nothing(
    databases: Databases, students: Database
) -> None:
    assert await published_without_row(databases, students, CarefulUnit(students)) == 0


async def test_published_before_the_commit_it_would_be_a_fact_about_nobody(
    databases: Databases, students: Database
) -> None:
    assert await published_without_row(databases, students, HastyUnit(students)) == 1
