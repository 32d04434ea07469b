"""Two transactions of matching_db in each other's way: nobody is stranded (R2), no slot is given
twice, and no locked row is taken for a missing one (R8)."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator

import asyncpg
import pytest

from db.unit_of_work import Database
from eventing.events import MatchingCompleted, TutorMatched
from tests.db.sabotage import without
from tests.db.sessions import Session, two
from tests.flow.world import World
from tests.postgres import Databases

STUDENT = "SELECT * FROM hear_student($1, 1, 7, 'physics', '{}', '{}', NULL, '{}', $2)"
TUTOR = """SELECT * FROM hear_tutor($1, $2, ARRAY['physics'], 1, 12, $3, true, '{}', '{}', NULL,
    NULL, '{}')"""
RELEASE = "SELECT * FROM hear_release($1, 2, false)"
FILL = "SELECT * FROM fill_tutor($1)"
Pair = tuple[Session, Session]


@pytest.fixture
async def pair(databases: Databases) -> AsyncIterator[Pair]:
    """Two sessions of matching_db."""
    async with two(databases.dsn("matching")) as sessions:
        yield sessions


def words(rows: list[asyncpg.Record]) -> list[str]:
    """What was said."""
    return [row["said"] for row in rows]


async def waits_while_a_tutor_registers(pair: Pair) -> tuple[list[str], list[str]]:
    """A student is about to wait; meanwhile the first tutor registers."""
    one, other = pair
    await one.begin()
    decided = await one.rows(STUDENT, "s1", [])
    tutor = other.start(TUTOR, "t1", 1, 1)
    await one.sees_waiting(other, tutor)
    await one.commit()
    return words(decided), words(await tutor)


async def test_a_tutor_who_registers_while_a_student_is_about_to_wait_is_woken_for(
    pair: Pair,
) -> None:
    assert await waits_while_a_tutor_registers(pair) == (["waiting"], ["wake"])


async def test_without_the_subject_locks_that_student_is_stranded(
    databases: Databases, pair: Pair
) -> None:
    rule = "PERFORM pg_advisory_xact_lock(subject_lock(s.subject))"
    async with without(databases, "matching", "lock_subjects", rule, "NULL"):
        assert await waits_while_a_tutor_registers(pair) == (["waiting"], [])


async def test_a_student_who_comes_while_a_tutor_registers_waits_for_the_lock_and_is_matched(
    pair: Pair,
) -> None:
    one, other = pair
    await one.begin()
    assert await one.rows(TUTOR, "t1", 1, 1) == []
    student = other.start(STUDENT, "s1", [])
    assert await one.sees_waiting(other, student)
    await one.commit()
    assert words(await student) == ["matched"]


async def test_a_slot_released_while_a_student_is_about_to_wait_is_woken_for(pair: Pair) -> None:
    one, other = pair
    await one.rows(TUTOR, "t1", 1, 1)
    await one.rows(STUDENT, "s0", [])
    await one.begin()
    assert words(await one.rows(STUDENT, "s1", [])) == ["waiting"]
    release = other.start(RELEASE, "s0")
    assert await one.sees_waiting(other, release)
    await one.commit()
    assert words(await release) == ["wake"]


async def test_a_student_who_comes_while_a_slot_is_released_is_matched(pair: Pair) -> None:
    one, other = pair
    await one.rows(TUTOR, "t1", 1, 1)
    await one.rows(STUDENT, "s0", [])
    await one.begin()
    assert await one.rows(RELEASE, "s0") == []
    student = other.start(STUDENT, "s1", [])
    assert await one.sees_waiting(other, student)
    await one.commit()
    assert words(await student) == ["matched"]


@pytest.mark.parametrize("ranked", [[], ["t1"]], ids=["unranked", "ranked"])
async def test_the_last_slot_is_given_once(pair: Pair, ranked: list[str]) -> None:
    one, other = pair
    await one.rows(TUTOR, "t1", 1, 1)
    await one.begin()
    assert words(await one.rows(STUDENT, "s1", ranked)) == ["matched"]
    late = other.start(STUDENT, "s2", ranked)
    assert await one.sees_waiting(other, late)
    await one.commit()
    assert words(await late) == ["waiting"]
    assert await one.rows("SELECT 1 FROM tutors WHERE held <> 1") == []


async def test_fifty_parallel_matches_on_three_free_slots_book_exactly_three(world: World) -> None:
    await world.do("register_tutor", name="Emmy", subjects=["physics"], capacity=3)
    await world.settle()
    for number in range(50):
        await world.do("register_student", name=f"p{number}", grade=7, subject="physics")
    waiting = world.deliveries(await world.collect())
    few = world.open["matching"]
    world.open["matching"] = Database("matching", few.dsn, size=50)
    await few.close()

    heard = await asyncio.gather(*(world.hear(name, said) for name, said in waiting))
    await world.settle()

    assert set(heard) == {"done"}
    said = Counter(s.event.outcome for s in world.log if isinstance(s.event, MatchingCompleted))
    assert said == {"matched": 3, "waiting": 47}
    assert len([s for s in world.log if isinstance(s.event, TutorMatched)]) == 3
    assert len(await world.rows("tutors", "bookings WHERE state = 'booked'")) == 3
    (tutor,) = await world.rows("matching", "tutors")
    assert (tutor["held"], tutor["matches_n"]) == (3, 3)


async def locked_last_slot(pair: Pair) -> list[str]:
    """The only tutor's row is locked by a decision that is never committed."""
    one, other = pair
    await one.rows(TUTOR, "t1", 1, 1)
    await one.begin()
    await one.rows(STUDENT, "s1", ["t1"])
    late = other.start(STUDENT, "s2", ["t1"])
    await one.sees_waiting(other, late)
    await one.rollback()
    return words(await late)


async def test_a_locked_tutor_is_not_taken_for_a_missing_one(pair: Pair) -> None:
    assert await locked_last_slot(pair) == ["matched"]


async def test_concluding_from_skip_locked_would_make_that_student_wait(
    databases: Databases, pair: Pair
) -> None:
    look = "ORDER BY t.tutor_id LIMIT 1 FOR UPDATE;"
    async with without(databases, "matching", "decide", look, look[:-1] + " SKIP LOCKED;"):
        assert await locked_last_slot(pair) == ["waiting"]


async def test_two_fills_of_a_tutor_give_each_slot_once(pair: Pair) -> None:
    one, other = pair
    for student in ("s1", "s2", "s3"):
        await one.rows(STUDENT, student, [])
    await one.rows(TUTOR, "t1", 1, 2)
    await one.begin()
    assert [r["student_id"] for r in await one.rows(FILL, "t1")] == ["s1", "s2"]
    again = other.start(FILL, "t1")
    assert await one.sees_waiting(other, again)
    await one.commit()
    assert await again == []
    assert await one.rows("SELECT 1 FROM tutors WHERE held <> 2") == []


async def test_two_tutors_filled_at_once_do_not_both_take_the_only_waiter(pair: Pair) -> None:
    one, other = pair
    await one.rows(STUDENT, "s1", [])
    await one.rows(TUTOR, "t1", 1, 1)
    await one.rows(TUTOR, "t2", 1, 1)
    await one.begin()
    assert words(await one.rows(FILL, "t1")) == ["matched"]
    second = other.start(FILL, "t2")
    assert await one.sees_waiting(other, second)
    await one.commit()
    assert await second == []


@pytest.mark.parametrize("hold", ["still there", "gone"])
async def test_a_refusal_by_a_tutor_whose_subjects_change_meanwhile_is_run_again(
    pair: Pair, hold: str
) -> None:
    one, other = pair
    await one.rows(TUTOR, "t1", 1, 1)
    await one.rows(STUDENT, "s1", [])
    if hold == "gone":
        await one.rows(RELEASE, "s1")
    await one.begin()
    taught_now = TUTOR.replace("ARRAY['physics']", "ARRAY['physics', 'latin']")
    await one.rows(taught_now, "t1", 2, 1)
    refusal = other.start("SELECT * FROM hear_no('s1', 1, 't1', false, 3, 9, true, '{}')")
    assert await one.sees_waiting(other, refusal)
    await one.commit()
    with pytest.raises(asyncpg.SerializationError):
        await refusal


async def test_a_release_by_a_tutor_whose_subjects_change_meanwhile_is_run_again(
    pair: Pair,
) -> None:
    one, other = pair
    await one.rows(TUTOR, "t1", 1, 1)
    await one.rows(STUDENT, "s1", [])
    await one.begin()
    await one.rows(TUTOR.replace("ARRAY['physics']", "ARRAY['physics', 'latin']"), "t1", 2, 1)
    release = other.start(RELEASE, "s1")
    assert await one.sees_waiting(other, release)
    await one.commit()
    with pytest.raises(asyncpg.SerializationError):
        await release
