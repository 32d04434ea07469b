"""The loop closed: what was trained and promoted ranks the next student, and every step replays."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from db.matching import promotions as registry
from db.matching.training_log import decision
from learnflow.cli.ranker_simulated import simulated_log
from learnflow.evaluation.world import WORLDS
from learnflow.ranking.learned.exploring import SHOWN
from learnflow.ranking.loop.dataset import logged
from learnflow.ranking.loop.promoting import challenge, promote, rollback
from learnflow.ranking.loop.replaying import needs, replay
from learnflow.ranking.loop.training import train
from learnflow.ranking.rules import RuleRanker
from tests.flow.world import World
from tests.postgres import Databases
from tests.ranking.loop import market


@pytest.fixture
async def world(databases: Databases, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    """The functions, which look at the alias for each decision."""
    monkeypatch.setenv("LEARNFLOW_RANKER_LOOK_SECONDS", "0")
    monkeypatch.setenv("LEARNFLOW_RANKER_WAIT_SECONDS", "60")
    monkeypatch.setitem(WORLDS, "default", market.SMALL)
    world = World(databases)
    yield world
    await world.close()


@pytest.fixture
async def trainer(databases: Databases) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(databases.dsn("matching", "trainer"))
    yield connection
    await connection.close()


async def matched(world: World) -> dict[str, Any]:
    """What the history keeps of one more student's match."""
    before = {row["match_id"] for row in await world.rows("matching", "matches")}
    await world.do("register_student", name="Ada", grade=7, subject="mathematics", budget_band=4)
    await world.settle()
    (row,) = [r for r in await world.rows("matching", "matches") if r["match_id"] not in before]
    return row


async def test_a_promoted_model_ranks_what_comes_next_and_each_decision_comes_out_again(
    world: World, trainer: asyncpg.Connection
) -> None:
    for years in range(SHOWN + 3):
        tutor = {"name": "Emmy", "subjects": ["mathematics"], "experience_years": years}
        await world.do("register_tutor", **tutor, price_band=1 + years % 5, capacity=3)
    await world.settle()
    by_rules = await matched(world)

    data, now = await asyncio.to_thread(simulated_log, 1)
    trained = await asyncio.to_thread(train, data, now, kind="synthetic")
    await challenge(trainer, trained, data, now)
    done = await promote(trainer, market.NOW, force=True)
    by_model = await matched(world)
    await rollback(trainer)
    again = await matched(world)

    rankers = [one["ranker"] for one in (by_rules, by_model, again)]
    assert rankers == [RuleRanker.id, done.verdict.model, RuleRanker.id]
    for one in (by_rules, by_model, again):
        found = await decision(trainer, one["match_id"])
        assert found is not None
        wanted = needs(found)
        replayed = replay(found, await registry.packed(trainer, wanted) if wanted else None)
        assert (replayed.same_scores, replayed.same_order) == (True, True), one["shown"]
        seen = logged(found, market.NOW)
        assert len(seen.tutors) == len(seen.decided.x) == min(found.candidates or 0, SHOWN)
