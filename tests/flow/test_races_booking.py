"""Two transactions of tutors_db or students_db in each other's way (R7, R8)."""

import asyncio

import asyncpg
import pytest

from db.notes import read_notes
from db.unit_of_work import Database, Unit
from learnflow.runtime.transactions import committed
from tests.db.sabotage import without
from tests.db.sessions import two
from tests.postgres import Databases

NEW_TUTOR = "INSERT INTO tutors (tutor_id, name, subjects, capacity) VALUES ($1, 'Emmy', '{a}', $2)"
NEW_STUDENT = "INSERT INTO students (student_id, name, grade, subject) VALUES ($1, 'Ada', 7, 'a')"
BOOK = "SELECT outcome, reason FROM book_slot($1, 1, 'matched', 'm', 't1')"
WITHDRAW = "SELECT already, student_id FROM withdraw_tutor('t1')"
TELL = "SELECT student_hears('s1', $1, 2, 'waiting', 'waiting', NULL, NULL, '[]')"


async def test_the_last_slot_is_booked_once(databases: Databases) -> None:
    async with two(databases.dsn("tutors")) as (one, other):
        await one.rows(NEW_TUTOR, "t1", 1)
        await one.begin()
        assert await one.rows(BOOK, "s1") == [("booked", None)]
        late = other.start(BOOK, "s2")
        assert await one.sees_waiting(other, late)
        await one.commit()
        assert await late == [("refused", "capacity")]


async def test_a_slot_of_a_tutor_who_is_leaving_is_refused(databases: Databases) -> None:
    async with two(databases.dsn("tutors")) as (one, other):
        await one.rows(NEW_TUTOR, "t1", 2)
        await one.begin()
        await one.rows(WITHDRAW)
        late = other.start(BOOK, "s1")
        assert await one.sees_waiting(other, late)
        await one.commit()
        assert await late == [("refused", "withdrawn")]


async def test_a_booking_made_while_the_tutor_leaves_is_declined_as_well(
    databases: Databases,
) -> None:
    async with two(databases.dsn("tutors")) as (one, other):
        await one.rows(NEW_TUTOR, "t1", 2)
        await one.begin()
        assert await one.rows(BOOK, "s1") == [("booked", None)]
        leaving = other.start(WITHDRAW)
        assert await one.sees_waiting(other, leaving)
        await one.commit()
        with pytest.raises(asyncpg.SerializationError):
            await leaving
        assert await other.rows(WITHDRAW) == [(False, None), (False, "s1")]


async def test_two_words_to_one_student_are_numbered_as_they_are_committed(
    databases: Databases, students: Database
) -> None:
    async with two(databases.dsn("students")) as (one, other):
        await one.rows(NEW_STUDENT, "s1")
        await one.begin()
        await one.rows(TELL, 1)
        second = other.start(TELL, 2)
        assert await one.sees_waiting(other, second)
        assert await notes(students) == []
        await one.commit()
        await second
        assert await notes(students) == [1, 2]
        assert await notes(students, after=1) == [2]


async def notes(students: Database, after: int = 0) -> list[int]:
    """The numbers that a reader with this Last-Event-ID is given."""
    async with students.unit() as work:
        return [note.seq for note in await read_notes(work, "s1", after, 10)]


async def test_two_words_to_one_tutor_are_numbered_as_they_are_committed(
    databases: Databases,
) -> None:
    async with two(databases.dsn("tutors")) as (one, other):
        await one.rows(NEW_TUTOR, "t1", 2)
        await one.begin()
        await one.rows(BOOK, "s1")
        second = other.start(BOOK, "s2")
        assert await one.sees_waiting(other, second)
        await one.commit()
        await second
        told = await one.rows("SELECT seq, student_id FROM notifications ORDER BY seq")
        assert told == [(1, "s1"), (2, "s2")]


async def test_an_older_word_is_never_told_after_a_newer(databases: Databases) -> None:
    async with two(databases.dsn("students")) as (one, _):
        await one.rows(NEW_STUDENT, "s1")
        heard = [(await one.rows(TELL, number))[0][0] for number in (2, 1, 2)]
        assert heard == ["told", "stale", "stale"]


async def test_without_rounds_the_older_word_would_be_told(databases: Databases) -> None:
    rule = "(s.round, s.stage) >= (p_round, p_stage)"
    broken = without(databases, "students", "student_hears", rule, "false")
    async with broken, two(databases.dsn("students")) as (one, _):
        await one.rows(NEW_STUDENT, "s1")
        heard = [(await one.rows(TELL, number))[0][0] for number in (2, 1)]
        assert heard == ["told", "told"]


async def test_a_deadlock_is_run_again_until_both_are_done(
    databases: Databases, tutors: Database
) -> None:
    admin = await asyncpg.connect(databases.superuser("tutors"))
    await admin.execute(f"ALTER DATABASE {databases.name('tutors')} SET deadlock_timeout = '10ms'")
    await admin.executemany(NEW_TUTOR, [("t1", 1), ("t2", 1)])
    both_hold_one = asyncio.Barrier(2)
    tries = 0

    async def change(first: str, second: str, work: Unit) -> None:
        nonlocal tries
        tries += 1
        raise_version = "UPDATE tutors SET version = version + 1 WHERE tutor_id = $1"
        await work.call(raise_version, first)
        if tries <= 2:
            await both_hold_one.wait()
        await work.call(raise_version, second)

    await asyncio.gather(
        committed(tutors, "", lambda work: change("t1", "t2", work)),
        committed(tutors, "", lambda work: change("t2", "t1", work)),
    )
    assert tries >= 3  # both may be told of the deadlock at once
    assert [row[0] for row in await admin.fetch("SELECT version FROM tutors")] == [3, 3]
    await admin.close()
