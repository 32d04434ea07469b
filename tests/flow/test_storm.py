"""P1, P2 and P7 on the real databases, whatever the bus does; and that the storm would notice."""

from functools import partial

import asyncpg
import pytest

from eventing.events import MatchingCompleted
from tests.db.sabotage import NOBODY, without
from tests.flow.storm import SUBJECTS, Storm, contents, plan
from tests.flow.world import World
from tests.protocol.rows import FINAL

DAILY = {
    *("match.accepted", "match.declined", "match.ended"),
    *("student.updated", "tutor.availability.changed"),
}


@pytest.mark.parametrize("inbox", [True, False], ids=["with inbox", "without inbox"])
async def test_every_promise_holds_and_a_full_replay_changes_nothing(
    world: World, inbox: bool
) -> None:
    storm = await storm_over(world, inbox=inbox, students=280, tutors=60)

    assert await storm.broken() == []
    assert world.dead == []
    assert len(world.log) >= 1_000
    decided = [s.event.model_dump(include={"student_id", "round"}) for s in world.log
               if isinstance(s.event, MatchingCompleted)]  # fmt: skip
    assert len({tuple(one.values()) for one in decided}) == len(decided)
    assert {said.event.topic for said in world.log} >= DAILY
    states = {s["state"] for s in await world.rows("students", "students") if s["stage"] == FINAL}
    assert {"waiting", "matched", "closed"} <= states

    before = await contents(world)
    await storm.replay()
    assert await contents(world) == before


async def test_an_old_round_that_comes_late_books_nothing(world: World) -> None:
    assert await withdrawn_before_booked(world) == set()


async def test_without_the_round_check_of_book_slot_it_would(world: World) -> None:
    async with without(world.databases, "tutors", "book_slot", "p_round <= b.round", "false"):
        broken = await withdrawn_before_booked(world)
    assert {"hold_mismatch", "round_mismatch"} <= broken


async def withdrawn_before_booked(world: World) -> set[str]:
    """Kinds of promises broken when round 2 (closed) reaches tutors_db before round 1 (matched)."""
    storm = Storm(world, seed=1)
    await world.do("register_tutor", name="Emmy", subjects=list(SUBJECTS))
    await world.settle()
    await storm.register_student(1)
    for said in await world.collect():
        await world.hear("match_student", said)
    (first,) = await world.collect()
    await storm.withdraw_student()
    await world.settle()
    await world.hear("book_tutor", first)
    await world.settle()
    return {violation.kind for violation in await storm.broken()}


async def test_a_slot_that_comes_free_goes_to_who_waits(world: World) -> None:
    assert await one_slot_for_two(world) == set()


async def test_without_the_wake_on_release_they_wait_while_a_tutor_is_free(world: World) -> None:
    rule = "SELECT * FROM wakes(freed)"
    async with without(world.databases, "matching", "hear_release", rule, NOBODY):
        assert await one_slot_for_two(world) == {"stranded_waiter"}


async def one_slot_for_two(world: World) -> set[str]:
    """Kinds of promises broken when the one who has the only slot leaves and the other waits."""
    storm = Storm(world, seed=1)
    await world.do("register_tutor", name="Emmy", subjects=list(SUBJECTS), capacity=1)
    await world.settle()
    await storm.register_student(1)
    await world.settle()
    (leaving,) = storm.registrations
    await storm.register_student(2)
    await world.settle()
    await world.do("withdraw_student", student_id=leaving.student_id)
    await world.settle()
    return {violation.kind for violation in await storm.broken()}


async def test_without_the_capacity_check_the_table_itself_refuses(world: World) -> None:
    await world.do("register_tutor", name="Emmy", subjects=["physics"], capacity=1)
    (tutor,) = await world.rows("tutors", "tutors")
    book = "SELECT outcome FROM book_slot($1, 1, 'matched', 'm', $2)"
    rule = "t.booked >= t.capacity"
    async with (
        without(world.databases, "tutors", "book_slot", rule, "false"),
        world.open["tutors"].unit() as work,
    ):
        await work.call(book, "s1", tutor["tutor_id"])
        with pytest.raises(asyncpg.CheckViolationError, match="tutors_booked"):
            await work.call(book, "s2", tutor["tutor_id"])


async def storm_over(world: World, *, inbox: bool, students: int, tutors: int) -> Storm:
    """A finished storm."""
    await world.commit_fast()
    storm = Storm(world, seed=3, deliver=partial(world.hear, inbox=inbox))
    await storm.run(plan(storm, students, tutors))
    return storm
