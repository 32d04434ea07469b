"""What got stuck is published again with the same ids, a few times, ever more rarely (R6)."""

from typing import Any

import asyncpg
import pytest

from db.relay import RelaySettings
from db.stuck import Watch
from db.unit_of_work import Database
from eventing.events import StudentWithdrawn
from tests.postgres import Databases

SETTINGS = RelaySettings(stuck_after=60, resends=5)
STUCK = """INSERT INTO students (student_id, name, grade, subject, changed_at)
    VALUES ($1, 'Ada', 7, 'physics', now() - $2 * interval '1 second')"""
HELD_TWICE = """
WITH r AS (INSERT INTO requests (student_id, student_version, round) VALUES ('s1', 1, 2))
INSERT INTO holds (student_id, round, match_id, tutor_id, slots_version, held_at)
SELECT 's1', round, 'm' || round, 't1', 1, now() - interval '1 hour'
  FROM generate_series(1, 2) round
"""
SHORTS = ("students", "tutors", "matching")


class Bench:
    """The three databases, whose outboxes are all published, and the relay's watch over them."""

    def __init__(self, databases: Databases) -> None:
        self.databases = databases
        self.watch = Watch({s: databases.dsn(s, "relay") for s in SHORTS}, SETTINGS)

    async def sql(self, short: str, sql: str, *args: Any) -> list[Any]:
        """A statement as the superuser; the rows' first columns."""
        connection = await asyncpg.connect(self.databases.superuser(short))
        rows = await connection.fetch(sql, *args)
        await connection.close()
        return [row[0] for row in rows]

    async def say(self, short: str, student: str) -> None:
        """A fact about the student, said and published."""
        database = Database(short, self.databases.dsn(short))
        async with database.unit() as work:
            work.say(StudentWithdrawn(student_id=student, version=1))
            await work.commit()
        await database.close()
        await self.publish(short)

    async def publish(self, short: str) -> list[str]:
        """What the relay would publish now, by event id."""
        sql = "UPDATE outbox SET published_at = now() WHERE published_at IS NULL RETURNING event_id"
        return await self.sql(short, sql)


@pytest.fixture
def bench(databases: Databases) -> Bench:
    """A bench over empty databases."""
    return Bench(databases)


async def test_everything_said_about_a_stuck_student_goes_again_in_all_three_databases(
    bench: Bench,
) -> None:
    await bench.sql("students", STUCK, "s1", 3600)
    for short in SHORTS:
        await bench.say(short, "s1")
        await bench.say(short, "other")
    known = await bench.sql("tutors", "SELECT event_id FROM outbox WHERE key = 's1'")
    assert await bench.watch.look() == 1
    assert await bench.publish("tutors") == known
    for short in ("students", "matching"):
        assert len(await bench.publish(short)) == 1


async def test_who_is_stuck_for_less_than_a_minute_is_left_alone(bench: Bench) -> None:
    await bench.sql("students", STUCK, "s1", 59)
    assert await bench.watch.look() == 0


async def test_five_times_with_back_off_and_then_one_alert(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    await bench.sql("students", STUCK, "s1", 3600)
    await bench.say("students", "s1")
    waits, again = [], 0
    for _ in range(8):
        await bench.watch.look()
        assert await bench.watch.look() == 0
        again += len(await bench.publish("students"))
        waits += await bench.sql(
            "students", "SELECT round(extract(epoch FROM next_at - now()))::int FROM resends"
        )
        await bench.sql("students", "UPDATE resends SET next_at = now()")
    assert again == 5
    assert waits[:5] == pytest.approx([60, 120, 240, 480, 960], abs=2)
    assert [record.levelname for record in caplog.records].count("ERROR") == 1


async def test_who_goes_on_is_forgotten_and_may_get_stuck_anew(bench: Bench) -> None:
    await bench.sql("students", STUCK, "s1", 3600)
    await bench.watch.look()
    await bench.sql("students", "UPDATE resends SET next_at = now() - interval '1 second'")
    await bench.sql("students", "UPDATE students SET state = 'waiting'")
    await bench.watch.look()
    assert await bench.sql("students", "SELECT 1 FROM resends") == []


async def test_a_student_with_two_holds_to_confirm_is_one_student(bench: Bench) -> None:
    await bench.sql("matching", HELD_TWICE)
    assert await bench.watch.look() == 1
    assert await bench.sql("matching", "SELECT attempts FROM resends") == [1]
