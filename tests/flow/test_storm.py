"""P1, P2 and P7 on the real databases, whatever the bus does; and that the storm would notice."""

from functools import partial

import pytest

from tests.db.sabotage import without
from tests.flow.storm import Storm, contents, plan
from tests.flow.world import World
from tests.protocol.rows import FINAL


@pytest.mark.parametrize("inbox", [True, False], ids=["with inbox", "without inbox"])
async def test_every_promise_holds_and_a_full_replay_changes_nothing(
    world: World, inbox: bool
) -> None:
    storm = await storm_over(world, inbox=inbox, students=280, tutors=60)

    assert await storm.broken() == []
    assert world.dead == []
    assert len(world.log) >= 1_000
    states = {s["state"] for s in await world.rows("students", "students") if s["stage"] == FINAL}
    assert {"waiting", "matched"} <= states

    before = await contents(world)
    await storm.replay()
    assert await contents(world) == before


async def test_without_the_round_check_of_book_slot_the_databases_disagree(world: World) -> None:
    await without(world.databases, "tutors", "book_slot", "p_round <= b.round", "false")
    storm = await storm_over(world, inbox=False)
    assert {v.kind for v in await storm.broken()} & {"round_mismatch", "hold_mismatch"}


async def test_without_the_wake_on_release_somebody_waits_while_a_tutor_is_free(
    world: World,
) -> None:
    for function in ("hear_release", "hear_no"):
        await without(world.databases, "matching", function, "SELECT * FROM wakes(freed)", "%")
    storm = await storm_over(world)
    assert "stranded_waiter" in {v.kind for v in await storm.broken()}


async def test_without_the_capacity_check_the_database_itself_refuses(world: World) -> None:
    await without(world.databases, "tutors", "book_slot", "t.booked >= t.capacity", "false")
    pupil = {"grade": 7, "subject": "physics"}
    await world.do("register_tutor", name="Emmy", subjects=["physics"], capacity=1)
    await world.settle()
    await world.do("register_student", name="Ada", **pupil)
    await world.settle()
    (tutor,) = await world.rows("tutors", "tutors")
    book = "SELECT outcome FROM book_slot('other', 1, 'matched', 'm', $1)"
    with pytest.raises(Exception, match="tutors_booked"):
        async with world.open["tutors"].unit() as work:
            await work.call(book, tutor["tutor_id"])


async def storm_over(
    world: World, *, inbox: bool = True, students: int = 80, tutors: int = 24
) -> Storm:
    """A finished storm."""
    await world.commit_fast()
    storm = Storm(world, seed=3, deliver=partial(world.hear, inbox=inbox))
    await storm.run(plan(storm, students, tutors))
    return storm
