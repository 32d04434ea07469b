"""A student's wishes change: matched anew only if they wait or the tutor no longer suits (R1)."""

import asyncio
import random
from collections import Counter
from typing import Any

import pytest

from eventing.events import MatchingCompleted, StudentUpdated
from learnflow.runtime import Changed, Done, NotFound
from tests.flow.audit import audit
from tests.flow.storm import Storm, contents
from tests.flow.world import World
from tests.protocol.checker import Violation
from tests.protocol.rows import Registration

ADA = {"name": "Ada", "grade": 7, "subject": "math"}
EMMY = {"name": "Emmy", "subjects": ["math"], "grade_max": 8, "capacity": 1}


async def tutor(world: World, **offer: Any) -> str:
    tutor_id: str = (await world.do("register_tutor", **{**EMMY, **offer})).id
    await world.settle()
    return tutor_id


async def pupil(world: World, **wish: Any) -> str:
    name = f"pupil {len(await world.rows('students', 'students'))}"
    student_id: str = (await world.do("register_student", **{**ADA, "name": name, **wish})).id
    await world.settle()
    return student_id


async def update(world: World, student_id: str, **wish: Any) -> Any:
    wanted = {**ADA, "name": f"of {student_id}", "version": "*", **wish}
    return await world.do("update_student", student_id=student_id, **wanted)


async def read(world: World, student_id: str) -> tuple[str, str | None, int]:
    """State, tutor and round, as the student reads them."""
    found = (await world.do("find_student", student_id=student_id)).data
    return found["state"], found["match"] and found["match"]["tutor_id"], found["round"]


async def booked(world: World) -> dict[str, int]:
    return {row["tutor_id"]: row["booked"] for row in await world.rows("tutors", "tutors")}


async def broken(world: World, *students: str) -> list[Violation]:
    dsn = world.databases.superuser
    named = {row["student_id"]: row["name"] for row in await world.rows("students", "students")}
    sent = [Registration(named[student_id] or "gone", student_id) for student_id in students]
    return await audit(dsn("students"), dsn("tutors"), dsn("matching"), sent)


async def test_who_waits_and_asks_for_something_else_is_matched(world: World) -> None:
    physicist = await tutor(world, subjects=["physics"])
    ada = await pupil(world)
    assert await read(world, ada) == ("waiting", None, 1)

    await update(world, ada, subject="physics")
    await world.settle()
    assert await read(world, ada) == ("matched", physicist, 2)
    assert await broken(world, ada) == []


async def test_who_waits_and_finds_nobody_still_is_not_told_again(world: World) -> None:
    ada = await pupil(world)
    await update(world, ada, subject="physics")
    await world.settle()

    assert await read(world, ada) == ("waiting", None, 1)
    assert len(await world.rows("students", "notifications")) == 1
    physicist = await tutor(world, subjects=["physics"])
    assert await read(world, ada) == ("matched", physicist, 2)


async def test_who_outgrows_their_tutor_gets_another_and_frees_the_slot(world: World) -> None:
    emmy, sonja = await tutor(world), await tutor(world, grade_max=12, price_band=5)
    ada = await pupil(world, budget_band=3)
    assert (await read(world, ada))[1] == emmy

    await update(world, ada, grade=9)
    await world.settle()
    assert await read(world, ada) == ("matched", sonja, 2)
    assert await booked(world) == {emmy: 0, sonja: 1}
    held = [(row["tutor_id"], row["round"]) for row in await world.rows("matching", "holds")]
    assert held == [(sonja, 2)]
    kinds = Counter(
        (n["recipient_id"], n["kind"]) for n in await world.rows("tutors", "notifications")
    )
    assert kinds == {(emmy, "matched"): 1, (emmy, "released"): 1, (sonja, "matched"): 1}
    assert await broken(world, ada) == []


async def test_a_slot_outgrown_goes_to_who_waits(world: World) -> None:
    emmy = await tutor(world)
    ada = await pupil(world)
    bea = await pupil(world)
    assert (await read(world, bea))[0] == "waiting"

    await update(world, ada, grade=12)
    await world.settle()
    assert await read(world, ada) == ("waiting", None, 2)
    assert await read(world, bea) == ("matched", emmy, 2)
    assert await booked(world) == {emmy: 1}
    assert await broken(world, ada, bea) == []


@pytest.mark.parametrize(
    "wish",
    [{"grade": 8}, {"languages": ["en"]}, {"times": ["mon-16"]}, {"name": "Ada L."}, {}],
    ids=["grade", "language", "times", "name", "nothing"],
)
async def test_an_update_that_the_tutor_suits_changes_no_match(
    world: World, wish: dict[str, Any]
) -> None:
    emmy = await tutor(world)
    await tutor(world, grade_max=12)
    ada = await pupil(world)
    match = await read(world, ada)
    before = {**await contents(world)}
    await update(world, ada, **wish)
    await world.settle()

    after = await contents(world)
    moved = {table for table in after if after[table] != before[table]}
    assert moved == {"students.students", "students.outbox", "matching.requests"}
    assert (await read(world, ada), (await booked(world))[emmy]) == (match, int(match[1] == emmy))
    assert [type(one.event) for one in world.log[-1:]] == [StudentUpdated]


async def test_what_was_wished_last_counts_in_whatever_order_it_is_heard(world: World) -> None:
    physicist = await tutor(world, subjects=["physics"])
    ada = (await world.do("register_student", **ADA)).id
    await update(world, ada, subject="latin")
    await update(world, ada, subject="physics")
    said = await world.collect()

    for one in sorted(said, key=lambda one: -one.event.model_dump()["version"]):
        assert await world.hear("match_student", one) == "done"
    await world.settle()
    assert await read(world, ada) == ("matched", physicist, 1)
    (request,) = await world.rows("matching", "requests")
    assert (request["student_version"], request["subject"]) == (3, "physics")


async def test_an_update_heard_again_with_everything_else_changes_nothing(world: World) -> None:
    storm = Storm(world, seed=11)
    await tutor(world, capacity=4)
    await tutor(world, grade_max=12, subjects=["math", "physics"], capacity=4)
    pupils = [await pupil(world) for _ in range(6)]
    for number, student_id in enumerate(pupils):
        await update(
            world, student_id, grade=4 + number, subject="math" if number % 2 else "physics"
        )
        await update(world, student_id, grade=12 - number)
    await world.settle(storm.chance, copies=3)

    assert await broken(world, *pupils) == []
    before = await contents(world)
    for _ in range(3):
        await storm.replay()
        assert await contents(world) == before


@pytest.mark.parametrize("seed", range(6))
async def test_an_update_at_the_moment_of_leaving_ends_in_having_left(
    world: World, seed: int
) -> None:
    """Whoever comes first: a tombstone of the highest version, no slot held, nobody told more."""
    chance = random.Random(seed)
    emmy = await tutor(world)
    ada = await pupil(world)
    commands = [update(world, ada, grade=12), world.do("withdraw_student", student_id=ada)]
    chance.shuffle(commands)
    answers = await asyncio.gather(*commands, return_exceptions=True)
    assert {type(answer) for answer in answers} <= {Changed, Done, NotFound}
    await world.settle(chance, copies=3)

    (row,) = await world.rows("students", "students")
    assert (row["withdrawn"], row["name"], row["grade"]) == (True, None, None)
    (request,) = await world.rows("matching", "requests")
    assert (request["state"], request["student_version"]) == ("closed", row["version"])
    assert await booked(world) == {emmy: 0}
    assert await world.rows("matching", "holds") == []
    assert await broken(world, ada) == []


@pytest.mark.parametrize("seed", range(6))
async def test_an_update_at_the_moment_tutoring_ends_leaves_all_of_one_mind(
    world: World, seed: int
) -> None:
    chance = random.Random(seed)
    emmy, sonja = await tutor(world), await tutor(world, subjects=["physics"])
    ada = await pupil(world)
    match_id = (await world.do("find_student", student_id=ada)).data["match"]["match_id"]
    await asyncio.gather(
        update(world, ada, subject="physics"),
        world.do("respond_to_match", match_id=match_id, response="end"),
    )
    await world.settle(chance, copies=3)

    found = await read(world, ada)
    assert found in (("closed", None, 1), ("matched", sonja, 2))
    assert await booked(world) == {emmy: 0, sonja: int(found[0] == "matched")}
    assert await broken(world, ada) == []


async def test_an_update_heard_after_the_end_opens_nothing_again(world: World) -> None:
    await tutor(world), await tutor(world, subjects=["physics"])
    ada = await pupil(world)
    match_id = (await world.do("find_student", student_id=ada)).data["match"]["match_id"]
    await update(world, ada, subject="physics")
    (updated,) = await world.collect()
    await world.do("respond_to_match", match_id=match_id, response="end")
    await world.settle()
    assert await world.hear("match_student", updated) == "done"
    await world.settle()

    assert await read(world, ada) == ("closed", None, 1)
    assert await broken(world, ada) == []


async def test_updates_while_others_come_and_go_strand_nobody(world: World) -> None:
    """Twelve students change their minds at once, three times, over three tutors' five slots."""
    chance = random.Random(7)
    for subjects in (["math"], ["physics"], ["math", "physics"]):
        await tutor(world, subjects=subjects, capacity=2, grade_max=12)
    pupils = [await pupil(world) for _ in range(12)]
    for _ in range(3):
        subjects = [chance.choice(("math", "physics", "latin")) for _ in pupils]
        await asyncio.gather(
            *(update(world, who, subject=what) for who, what in zip(pupils, subjects, strict=True))
        )
        await world.settle(chance, copies=2)
        assert await broken(world, *pupils) == []
    decided = [s.event for s in world.log if isinstance(s.event, MatchingCompleted)]
    rounds = Counter((event.student_id, event.round) for event in decided)
    assert set(rounds.values()) == {1}
