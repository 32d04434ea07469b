"""record_outcome: each kind once, in any order, and nothing about what was never decided."""

import random
from typing import Any

import asyncpg
import pytest

from eventing.events import Event, MatchAccepted, MatchDeclined, MatchEnded, MatchRated
from tests.flow.world import Said, World

KINDS: tuple[tuple[type[Event], dict[str, Any]], ...] = (
    (MatchAccepted, {}),
    (MatchDeclined, {"reason": "withdrawn"}),
    (MatchRated, {"stars": 5}),
    (MatchEnded, {}),
)


async def matches(world: World, count: int) -> list[dict[str, Any]]:
    """Students, each with a tutor."""
    await world.do("register_tutor", name="Emmy", subjects=["physics"], capacity=count)
    await world.settle()
    for number in range(count):
        await world.do("register_student", name=f"p{number}", grade=7, subject="physics")
    await world.settle()
    return await world.rows("matching", "requests")


def said(kind: type[Event], about: dict[str, Any], **more: Any) -> Said:
    """A fact about a match."""
    ids = {name: about[name] for name in ("student_id", "round", "match_id", "tutor_id")}
    event = kind.model_validate({**ids, **more})
    return Said("learnflow/tutors", f"{kind.topic}-{about['match_id']}", event)


async def recorded(world: World) -> list[tuple[Any, ...]]:
    """What is remembered, whenever it was heard."""
    rows = await world.rows("matching", "outcomes")
    return sorted((r["match_id"], r["kind"], r["stars"] or 0, r["reason"] or "") for r in rows)


@pytest.mark.parametrize("seed", range(3))
async def test_copies_in_any_order_with_and_without_an_inbox_end_in_the_same_rows(
    world: World, seed: int
) -> None:
    chance = random.Random(seed)
    asked = await matches(world, 4)
    told = [said(kind, one, **more) for one in asked for kind, more in KINDS]
    deliveries = [(one, inbox) for one in told for inbox in (True, True, False)]
    chance.shuffle(deliveries)

    answers = [await world.hear("record_outcome", o, inbox=i) for o, i in deliveries]

    assert set(answers) <= {"done", "duplicate"}
    assert await recorded(world) == sorted(
        (one["match_id"], kind.topic.removeprefix("match."), more.get("stars", 0),
         more.get("reason", "")) for one in asked for kind, more in KINDS
    )  # fmt: skip
    before = await world.rows("matching", "outcomes")
    connection = await asyncpg.connect(world.databases.superuser("matching"))
    await connection.execute("TRUNCATE inbox")
    await connection.close()
    chance.shuffle(told)
    assert {await world.hear("record_outcome", one) for one in told} == {"done"}
    assert await world.rows("matching", "outcomes") == before


async def test_the_first_rating_stands(world: World) -> None:
    (asked,) = await matches(world, 1)
    for stars in (2, 5):
        one = said(MatchRated, asked, stars=stars)
        assert await world.hear("record_outcome", one, inbox=False) == "done"
    assert [row[2] for row in await recorded(world)] == [2]


@pytest.mark.parametrize("wrong", [{"match_id": "m0"}, {"student_id": "s0"}, {"round": 9}])
async def test_a_match_that_was_never_decided_is_refused(
    world: World, wrong: dict[str, Any]
) -> None:
    (asked,) = await matches(world, 1)
    answer = await world.hear("record_outcome", said(MatchAccepted, {**asked, **wrong}))
    assert answer == "Unknown id"
    assert await recorded(world) == []


async def test_a_fact_about_one_who_left_is_no_fault(world: World) -> None:
    (asked,) = await matches(world, 1)
    await world.do("withdraw_student", student_id=asked["student_id"])
    await world.settle()
    assert await world.hear("record_outcome", said(MatchEnded, asked)) == "done"
    stranger = {**asked, "match_id": "m0"}
    assert await world.hear("record_outcome", said(MatchEnded, stranger), inbox=False) == "done"
    assert [row[:2] for row in await recorded(world)] == [(asked["match_id"], "ended")]
