"""A tutor's answer in the way of what else happens to the same match (R1, R8, R9)."""

import asyncio
from collections import Counter

import pytest

from learnflow.runtime import Refused, StaleVersion
from tests.db.sabotage import without
from tests.db.sessions import two
from tests.flow.world import World
from tests.postgres import Databases

NEW_TUTOR = "INSERT INTO tutors (tutor_id, name, subjects, capacity) VALUES ($1, 'Emmy', '{a}', 2)"
BOOK = "SELECT outcome FROM book_slot('s1', $1, 'matched', format('s1m%s', $1::integer), 't1')"
RESPOND = "SELECT outcome, state FROM respond_to_match('s1m1', $1)"
WITHDRAW = "SELECT already, student_id FROM withdraw_tutor('t1')"
CHANGE = "SELECT outcome FROM change_availability('t1', $2, $1, true, '{}')"
BOOKED = "SELECT booked FROM tutors"
TOLD = "SELECT kind FROM notifications ORDER BY seq"


async def test_an_answer_waits_for_a_newer_round_and_is_then_told_of_it(
    databases: Databases,
) -> None:
    async with two(databases.dsn("tutors")) as (one, other):
        await one.rows(NEW_TUTOR, "t1")
        await one.rows(BOOK, 1)
        await one.begin()
        assert await one.rows(BOOK, 2) == [("booked",)]
        answer = other.start(RESPOND, "declined")
        assert await one.sees_waiting(other, answer)
        await one.commit()
        assert await answer == [("refused", "released")]
        assert await one.rows(BOOKED) == [(1,)]


async def test_a_newer_round_waits_for_an_answer_and_frees_nothing_twice(
    databases: Databases,
) -> None:
    async with two(databases.dsn("tutors")) as (one, other):
        await one.rows(NEW_TUTOR, "t1")
        await one.rows(BOOK, 1)
        await one.begin()
        assert await one.rows(RESPOND, "declined") == [("done", "declined")]
        newer = other.start(BOOK, 2)
        assert await one.sees_waiting(other, newer)
        await one.commit()
        assert await newer == [("booked",)]
        assert await one.rows(BOOKED) == [(1,)]
        assert await one.rows(TOLD) == [("matched",), ("released",), ("matched",)]
        assert await one.rows(RESPOND, "declined") == [("same", "declined")]


async def test_without_the_bookings_lock_a_slot_would_be_freed_twice(
    databases: Databases,
) -> None:
    lock = "WHERE k.match_id = p_match FOR UPDATE"
    async with (
        without(databases, "tutors", "respond_to_match", lock, lock.removesuffix(" FOR UPDATE")),
        two(databases.dsn("tutors")) as (one, other),
    ):
        await one.rows(NEW_TUTOR, "t1")
        await one.rows(BOOK, 1)
        await one.rows(BOOK.replace("s1", "s2"), 1)
        await one.begin()
        await one.rows(RESPOND, "declined")
        again = other.start(RESPOND, "ended")
        await one.sees_waiting(other, again)
        await one.commit()
        await again
        assert await one.rows(BOOKED) == [(0,)], "with s2 still booked"


@pytest.mark.parametrize("wanted", ["accepted", "declined", "ended"])
async def test_an_answer_while_the_tutor_leaves_comes_after(
    databases: Databases, wanted: str
) -> None:
    async with two(databases.dsn("tutors")) as (one, other):
        await one.rows(NEW_TUTOR, "t1")
        await one.rows(BOOK, 1)
        await one.begin()
        assert await one.rows(WITHDRAW) == [(False, None), (False, "s1")]
        answer = other.start(RESPOND, wanted)
        assert await one.sees_waiting(other, answer)
        await one.commit()
        same = "same" if wanted == "declined" else "refused"
        assert await answer == [(same, "declined")]
        assert await one.rows(BOOKED) == [(0,)]


@pytest.mark.parametrize(("wanted", "left"), [("accepted", ["s1"]), ("ended", [])])
async def test_a_tutor_who_leaves_waits_for_an_answer(
    databases: Databases, wanted: str, left: list[str]
) -> None:
    async with two(databases.dsn("tutors")) as (one, other):
        await one.rows(NEW_TUTOR, "t1")
        await one.rows(BOOK, 1)
        await one.begin()
        await one.rows(RESPOND, wanted)
        leaving = other.start(WITHDRAW)
        assert await one.sees_waiting(other, leaving)
        await one.commit()
        assert [row["student_id"] for row in (await leaving)[1:]] == left
        assert await one.rows(BOOKED) == [(0,)]


async def test_a_capacity_shrinks_under_a_booking_in_neither_order(databases: Databases) -> None:
    async with two(databases.dsn("tutors")) as (one, other):
        await one.rows(NEW_TUTOR, "t1")
        await one.rows(BOOK, 1)
        await one.begin()
        await one.rows(BOOK.replace("s1", "s2"), 1)
        shrink = other.start(CHANGE, 1, None)
        assert await one.sees_waiting(other, shrink)
        await one.commit()
        assert await shrink == [("below",)]
        await one.rows(RESPOND, "ended")
        await one.begin()
        assert await one.rows(CHANGE, 1, [1]) == [("changed",)]
        late = other.start(BOOK.replace("s1", "s3"), 1)
        assert await one.sees_waiting(other, late)
        await one.commit()
        assert await late == [("refused",)]


@pytest.mark.parametrize("response", ["accept", "decline", "end"])
async def test_fifty_equal_answers_at_once_are_one_fact(world: World, response: str) -> None:
    match_id = await matched(world)
    answer = {"match_id": match_id, "response": response}
    await asyncio.gather(*(world.do("respond_to_match", **answer) for _ in range(50)))
    assert len(await world.collect()) == 1
    (tutor,) = await world.rows("tutors", "tutors")
    assert (tutor["booked"], tutor["version"]) == (1 if response == "accept" else 0, 1)


async def test_fifty_different_answers_at_once_are_what_one_after_the_other_allows(
    world: World,
) -> None:
    match_id = await matched(world)
    responses = ["accept", "decline", "end"] * 17

    async def say(response: str) -> int:
        try:
            await world.do("respond_to_match", match_id=match_id, response=response)
        except Refused as refused:
            return refused.status
        return 204

    answers = Counter(await asyncio.gather(*map(say, responses)))
    assert answers.keys() == {204, 409}
    said = [one.event.topic for one in await world.collect()]
    assert sorted(said) in (["match.declined"], ["match.ended"], ["match.accepted", "match.ended"])
    (tutor,) = await world.rows("tutors", "tutors")
    assert tutor["booked"] == 0


async def test_of_fifty_changes_of_one_version_one_is_made(world: World) -> None:
    tutor = await world.do("register_tutor", name="Emmy", subjects=["physics"])
    await world.collect()
    offer = {"tutor_id": tutor.id, "available": True, "times": [], "version": '"v1"'}

    async def change(capacity: int) -> int:
        try:
            await world.do("change_availability", **offer, capacity=capacity)
        except StaleVersion:
            return 0
        return capacity

    (made,) = filter(None, await asyncio.gather(*(change(n) for n in range(1, 51))))
    (said,) = await world.collect()
    assert said.event.model_dump(include={"version", "capacity"}) == {
        "version": 2,
        "capacity": made,
    }


async def matched(world: World) -> str:
    """The id of a match, of which everybody has heard everything."""
    await world.do("register_tutor", name="Emmy", subjects=["physics"])
    await world.settle()
    await world.do("register_student", name="Ada", grade=7, subject="physics")
    await world.settle()
    (booking,) = await world.rows("tutors", "bookings")
    match_id: str = booking["match_id"]
    return match_id
