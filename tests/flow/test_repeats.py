"""A repeated event costs match_student one look: nobody is ranked, nothing is held."""

import asyncio

import pytest

from db.matching import store
from db.unit_of_work import Duplicate
from learnflow.ranking.ranker import Suggestion
from learnflow.ranking.rules import RuleRanker
from tests.flow.world import World

PUPIL = {"name": "Ada", "grade": 7, "subject": "math"}
TEACHER = {"name": "Emmy", "subjects": ["math"], "capacity": 3}


async def test_a_repeat_of_a_decision_ranks_nobody_and_changes_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.do("register_tutor", **TEACHER)
    await world.do("register_student", **PUPIL)
    await world.settle()
    before = await world.rows("matching", "holds")
    ranked: list[object] = []

    def rank(*asked: object) -> list[Suggestion]:
        ranked.append(asked)
        return []

    monkeypatch.setattr(RuleRanker, "rank", rank)
    (said,) = [one for one in world.log if one.event.topic == "student.registered"]
    assert await world.hear("match_student", said) == "duplicate"
    assert ranked == []
    assert await world.rows("matching", "holds") == before


async def test_twins_at_once_decide_once(world: World) -> None:
    await world.do("register_tutor", **TEACHER)
    await world.settle()
    await world.do("register_student", **PUPIL)
    (said,) = await world.collect()
    heard = await asyncio.gather(*(world.hear("match_student", said) for _ in range(4)))
    assert sorted(heard) == ["done", "duplicate", "duplicate", "duplicate"]
    assert len(await world.rows("matching", "holds")) == 1


async def test_looking_says_duplicate_only_when_the_event_was_applied(world: World) -> None:
    wish = store.Asking("s", 7, "math", (), (), None, ())
    database = world.open["matching"]
    async with database.unit() as work:
        work.heard("match_student", "here", "1")
        assert await store.candidates(work, wish) == []  # nobody is no repeat
        await work.commit()
    await world.do("register_tutor", **TEACHER)
    await world.settle()
    async with database.unit() as work:
        assert len(await store.candidates(work, wish)) == 1
    async with database.unit() as work:
        work.heard("match_student", "here", "2")
        assert len(await store.candidates(work, wish)) == 1
    async with database.unit() as work:
        work.heard("match_student", "here", "1")
        with pytest.raises(Duplicate):
            await store.candidates(work, wish)
