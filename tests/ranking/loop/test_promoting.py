"""The loop in matching_db, by the trainer's role: judge, promote, move back, all on record."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import asyncpg
import numpy as np
import pytest

from db.matching import promotions as registry
from db.matching import training_log
from db.matching.training_log import LoggedDecision
from learnflow.ranking.loop import promoting
from learnflow.ranking.loop.dataset import OTHER_SCHEMA, Dataset
from learnflow.ranking.loop.gate import Reason
from learnflow.ranking.loop.promoting import (
    MovedMeanwhile,
    NoChallenger,
    NothingToRollBack,
    challenge,
    promote,
    read,
    rollback,
)
from learnflow.ranking.loop.training import train
from tests.postgres import Databases
from tests.ranking.loop import market
from tests.ranking.loop.market import NOW

Log = list[LoggedDecision]


@pytest.fixture
async def trainer(databases: Databases) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(databases.dsn("matching", "trainer"))
    yield connection
    await connection.close()


@pytest.fixture
async def full(databases: Databases, log: Log, trainer: asyncpg.Connection) -> asyncpg.Connection:
    """A trainer's connection to a database with the log in it."""
    await market.write(databases.superuser("matching"), log)
    return trainer


@pytest.fixture
def lenient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A gate that lets pass what it would let pass with years of matches."""
    monkeypatch.setattr(promoting, "reasons", lambda evidence, now: ())


async def made(connection: asyncpg.Connection, seed: int = 1) -> str:
    """A challenger's id."""
    data = await read(connection, NOW)
    return (await challenge(connection, market.trained(seed), data, NOW)).model


async def named(connection: asyncpg.Connection) -> tuple[str | None, str | None]:
    """Champion and challenger."""
    found = await registry.aliases(connection)
    return found["champion"], found["challenger"]


async def verdicts(connection: asyncpg.Connection, alias: Any = None) -> list[str]:
    """What happened, the oldest first."""
    return [one.verdict for one in reversed(await registry.promotions(connection, alias))]


async def test_the_log_is_read_the_same_in_pages_of_any_size(
    full: asyncpg.Connection, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = partial(training_log.decisions, page=7)
    monkeypatch.setattr(promoting, "decisions", pages)
    data = await read(full, NOW)
    assert len(data.log) == len(log)
    assert train(data, NOW, seed=1).artifact.packed() == market.trained().artifact.packed()


async def test_rows_written_in_another_order_give_the_same_model(
    databases: Databases, trainer: asyncpg.Connection, log: Log
) -> None:
    mixed = [log[place] for place in np.random.default_rng(6).permutation(len(log))]
    await market.write(databases.superuser("matching"), mixed)
    data = await read(trainer, NOW)
    assert train(data, NOW, seed=1).artifact.packed() == market.trained().artifact.packed()


async def test_a_challenger_is_kept_with_its_report_and_who_asked(
    full: asyncpg.Connection,
) -> None:
    data = await read(full, NOW)
    asked = {"id": "e1", "source": "urn:school", "type": "ranker.training.requested"}
    found = await challenge(full, market.trained(), data, NOW, asked)
    assert await named(full) == (None, found.model)
    (kept,) = await registry.list_models(full)
    manifest = json.loads(kept.manifest)
    assert (kept.id, kept.kind, manifest["id"]) == (found.model, "live", found.model)
    assert {"ndcg5", "champion_ndcg5", "gain"} <= manifest["metrics"].keys()
    (past,) = await registry.promotions(full)
    assert (past.verdict, past.alias, past.model_id) == ("trained", "challenger", found.model)
    report = json.loads(past.report or "{}")
    assert (report["asked_by"], report["champion"]) == (asked, "rules")
    told = f"too_few_matches: {data.accepted} accepted"
    assert any(reason.startswith(told) for reason in past.reasons)


async def test_what_the_gate_refuses_stays_challenger_and_all_reasons_are_kept(
    full: asyncpg.Connection,
) -> None:
    model = await made(full)
    done = await promote(full, NOW, force=False)
    assert (done.moved, await named(full)) == (False, (None, model))
    past = (await registry.promotions(full))[0]
    assert (past.verdict, past.model_id, past.previous) == ("refused", model, None)
    assert "too_few_matches" in {reason.partition(":")[0] for reason in past.reasons}
    assert json.loads(past.report or "{}")["comparison"]["decisions"] > 100


async def test_a_forced_promotion_keeps_what_spoke_against_it(full: asyncpg.Connection) -> None:
    model = await made(full)
    done = await promote(full, NOW, force=True)
    assert (done.moved, await named(full)) == (True, (model, None))
    past = (await registry.promotions(full, "champion"))[0]
    assert (past.verdict, past.previous) == ("promoted", None)
    assert past.reasons
    assert json.loads(past.report or "{}")["forced"] is True


async def test_a_good_challenger_passes_and_is_moved_back_step_by_step(
    full: asyncpg.Connection, lenient: None
) -> None:
    first = await made(full, seed=1)
    assert (await promote(full, NOW, force=False)).moved
    second = await made(full, seed=2)
    assert (await promote(full, NOW, force=False)).moved
    assert await named(full) == (second, None)
    assert await rollback(full) == (second, first)
    assert await rollback(full) == (first, None)
    with pytest.raises(NothingToRollBack):
        await rollback(full)
    told = await verdicts(full, "champion")
    assert told == ["promoted", "promoted", "rolled_back", "rolled_back"]
    assert (
        json.loads((await registry.promotions(full, "champion"))[-1].report or "{}")["forced"]
        is False
    )


async def test_what_was_moved_back_can_be_promoted_again(
    full: asyncpg.Connection, lenient: None
) -> None:
    model = await made(full)
    for _ in range(2):
        await promote(full, NOW, force=False)
        await rollback(full)
        assert await made(full) == model
    assert await named(full) == (None, model)


async def test_two_who_promote_at_once_promote_once(
    full: asyncpg.Connection, databases: Databases, lenient: None
) -> None:
    model = await made(full)
    others = [await asyncpg.connect(databases.dsn("matching", "trainer")) for _ in range(4)]
    done = await asyncio.gather(
        *(promote(one, NOW, force=False) for one in others), return_exceptions=True
    )
    assert all(
        isinstance(one, NoChallenger) or (isinstance(one, promoting.Promoted) and one.moved)
        for one in done
    )
    assert (await named(full), await verdicts(full, "champion")) == ((model, None), ["promoted"])
    for one in others:
        await one.close()


async def test_a_champion_moved_meanwhile_is_not_overwritten(
    full: asyncpg.Connection, lenient: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await made(full, seed=1)
    await promote(full, NOW, force=False)
    second = await made(full, seed=2)
    judge = promoting.judge

    async def slowly(connection: asyncpg.Connection, model: str, now: datetime) -> Any:
        found = await judge(connection, model, now)
        await rollback(connection)
        return found

    monkeypatch.setattr(promoting, "judge", slowly)
    with pytest.raises(MovedMeanwhile):
        await promote(full, NOW, force=False)
    assert await named(full) == (None, second)
    assert first != second


async def test_without_a_challenger_there_is_nothing_to_promote(
    trainer: asyncpg.Connection,
) -> None:
    with pytest.raises(NoChallenger):
        await promote(trainer, NOW, force=True)
    with pytest.raises(NothingToRollBack):
        await rollback(trainer)


async def test_a_model_that_cannot_serve_here_is_not_promoted_by_force_either(
    full: asyncpg.Connection, databases: Databases
) -> None:
    model = await made(full)
    root = await asyncpg.connect(databases.superuser("matching"))
    await root.execute("UPDATE models SET body = 'no model' WHERE id = $1", model)
    await root.close()
    done = await promote(full, NOW, force=True)
    assert (done.moved, [one.code for one in done.verdict.reasons]) == (False, ["unfit"])
    assert (await verdicts(full))[-1] == "refused"


async def test_a_champion_is_judged_by_what_neither_has_seen(
    full: asyncpg.Connection, lenient: None
) -> None:
    await made(full, seed=1)
    await promote(full, NOW, force=False)
    second = await made(full, seed=2)
    seen = (await promoting.judge(full, second, NOW)).report["comparison"]["decisions"]
    data = await read(full, NOW)
    assert 0 < seen < 0.2 * len(data.log)


async def test_a_log_of_other_features_is_counted_and_not_learned_from(
    databases: Databases, trainer: asyncpg.Connection, log: Log
) -> None:
    older = [replace(one, features_schema="older") for one in log[:400]]
    await market.write(databases.superuser("matching"), [*older, *log[400:]])
    data: Dataset = await read(trainer, NOW)
    assert (len(data.log), data.left_out) == (len(log) - 400, {OTHER_SCHEMA: 400})


async def test_a_month_later_without_new_decisions_the_log_is_stale(
    full: asyncpg.Connection,
) -> None:
    model = await made(full)
    found = await promoting.judge(full, model, NOW + timedelta(days=30))
    assert "stale" in [one.code for one in found.reasons]
    assert all(isinstance(one, Reason) for one in found.reasons)


async def test_reading_holds_no_transaction_open(
    full: asyncpg.Connection, databases: Databases
) -> None:
    root = await asyncpg.connect(databases.superuser("matching"))
    asked = """SELECT count(*) FROM pg_stat_activity
                WHERE datname = current_database() AND usename = 'matching_trainer'
                  AND xact_start IS NOT NULL AND state = 'idle in transaction'"""
    pages = training_log.decisions(full, NOW - timedelta(days=180), NOW, page=50)
    async for _ in pages:
        assert not full.is_in_transaction()
        break
    assert await root.fetchval(asked) == 0
    await pages.aclose()  # type: ignore[attr-defined]
    await root.close()
