"""match_student with a learned champion: used at once, explained, obeyed when rolled back."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from db.matching import registry
from db.matching.store import Asking
from learnflow.ranking.current import FALLBACKS
from learnflow.ranking.learned import champion
from learnflow.ranking.learned.artifact import Artifact, Fusion, Origin, make
from learnflow.ranking.learned.catalogue import CONCEPTS, NAMES
from learnflow.ranking.learned.champion import opened
from learnflow.ranking.learned.loading import load
from learnflow.ranking.learned.training import Params, train_acceptance, train_ranking
from learnflow.ranking.matching import DECISIONS
from learnflow.ranking.rules import RuleRanker
from learnflow.ranking.shortlisting import seed_of
from tests.eventually import eventually
from tests.flow.learning import Learning, features, scored_again
from tests.flow.world import World
from tests.ranking.learned import people
from tests.ranking.learned.conftest import artifact, learned_rows

__all__ = ["artifact", "learned_rows"]
RULES = RuleRanker.id


@pytest.fixture
async def learning(world: World, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Learning]:
    """A world whose functions look at the aliases before each decision, and parsed nothing yet."""
    monkeypatch.setenv("LEARNFLOW_RANKER_LOOK_SECONDS", "0")
    champion._parsed.clear()
    learning = await Learning.of(world)
    yield learning
    await learning.close()


@pytest.fixture(scope="session")
def another(learned_rows: people.Rows) -> Artifact:
    """A second model, of other trees and weights."""
    data, few = learned_rows, Params(rounds=5)
    ranking = train_ranking(data.x, data.labels, data.groups, init_score=data.start, params=few)
    acceptance, knots = train_acceptance(data.x, data.accepted, params=few)
    fusion = Fusion(base=0.3, acceptance=0.5)
    return make(ranking, acceptance, knots, data.x, fusion=fusion, origin=Origin())


async def test_a_champion_decides_is_recorded_explained_and_rolled_back_within_a_second(
    world: World, monkeypatch: pytest.MonkeyPatch, artifact: Artifact
) -> None:
    champion._parsed.clear()
    learning = await Learning.of(world)
    await learning.tutors(14)
    assert await learning.ranker(0) == RULES
    await learning.keep(artifact)
    await learning.name(artifact.id)
    numbers = iter(range(1, 1000))

    async def decides(ranker: str) -> bool:
        return await learning.ranker(next(numbers)) == ranker

    await eventually(lambda: decides(artifact.id), 1.2)
    row = (await learning.decided())[-1]
    kept = row["shown"]
    assert row["place"] == 1
    assert kept["codes"] == list(CONCEPTS)
    assert len(kept["propensities"]) == len(kept["tutors"]) == 10
    assert all(0 < each <= 1 for each in kept["propensities"])
    scores = [score for _, score, _ in kept["tutors"]]
    assert scored_again(row, load(artifact)) == pytest.approx(scores, abs=1e-4)

    told = (await world.do("explain_match", match_id=row["match_id"])).data
    assert told["ranker"] == artifact.id
    assert 1 <= len(told["reasons"]["in_favour"]) <= 3
    assert len(told["reasons"]["against"]) <= 1
    assert {part["code"] for part in told["reasons"]["in_favour"]} < set(CONCEPTS)

    await learning.name(None)
    await eventually(lambda: decides(RULES), 1.2)
    await learning.close()


async def test_rules_keep_what_a_model_would_have_seen(learning: Learning) -> None:
    await learning.tutors(12)
    before = DECISIONS.of("rules")
    assert await learning.ranker(0) == RULES
    assert DECISIONS.of("rules") == before + 1
    (row,) = await learning.decided()
    x = features(row)
    assert len(x) == len(row["shown"]["tutors"]) == 10
    assert (x[:, NAMES.index("grade")] == 7).all()
    assert (x[:, NAMES.index("offered_subjects")] == 1).all()
    assert (x[:, NAMES.index("days_on_platform")] < 1).all()


def cut(artifact: Artifact) -> bytes:
    return artifact.packed()[:-100]


def changed(artifact: Artifact) -> bytes:
    texts = {**artifact.texts, "ranking": artifact.texts["ranking"].replace("=0.1", "=0.2", 1)}
    return Artifact(artifact.manifest, texts).packed()


def foreign(artifact: Artifact) -> bytes:
    return Artifact({**artifact.manifest, "schema": "x"}, artifact.texts).packed()


@pytest.mark.parametrize("broken", [cut, changed, foreign], ids=lambda each: each.__name__)
async def test_a_model_that_does_not_fit_leaves_the_decision_to_the_rules(
    learning: Learning,
    artifact: Artifact,
    broken: Callable[[Artifact], bytes],
    capsysbinary: pytest.CaptureFixture[bytes],
) -> None:
    await learning.tutors(3)
    await learning.keep(artifact, broken(artifact))
    await learning.name(artifact.id)
    refused = FALLBACKS.of("refused")
    assert [await learning.ranker(n) for n in range(3)] == [RULES] * 3
    assert FALLBACKS.of("refused") == refused + 3
    lines = [line for line in capsysbinary.readouterr().out.splitlines() if b'"ranker"' in line]
    assert len(lines) == 1
    assert b'"reason":"refused"' in lines[0]


async def test_a_model_that_comes_too_slowly_is_not_waited_for_and_used_once_it_is_there(
    learning: Learning, artifact: Artifact, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEARNFLOW_RANKER_WAIT_SECONDS", "0.05")
    await learning.tutors(3)
    await learning.keep(artifact)
    await learning.name(artifact.id)
    blocker = await asyncpg.connect(learning.world.databases.superuser("matching"))
    transaction = blocker.transaction()
    await transaction.start()
    await blocker.execute("LOCK TABLE models IN ACCESS EXCLUSIVE MODE")
    slow = FALLBACKS.of("slow")
    assert await learning.ranker(0) == RULES
    assert FALLBACKS.of("slow") == slow + 1
    await transaction.rollback()
    await blocker.close()
    numbers = iter(range(1, 100))

    async def learned() -> bool:
        return await learning.ranker(next(numbers)) == artifact.id

    await eventually(learned, 3)


async def test_a_model_that_fails_while_it_ranks_leaves_the_decision_to_the_rules(
    learning: Learning, artifact: Artifact, monkeypatch: pytest.MonkeyPatch
) -> None:
    await learning.tutors(3)
    await learning.keep(artifact)
    await learning.name(artifact.id)

    def fails(*_: Any) -> Any:
        raise MemoryError

    ranker = opened(artifact.id, artifact.packed())
    monkeypatch.setattr(type(ranker), "rank", fails)
    failed = FALLBACKS.of("failed")
    assert await learning.ranker(0) == RULES
    assert FALLBACKS.of("failed") == failed + 1


async def test_requests_at_once_fetch_a_model_once(
    learning: Learning, artifact: Artifact, monkeypatch: pytest.MonkeyPatch
) -> None:
    await learning.tutors(3)
    await learning.keep(artifact)
    await learning.name(artifact.id)
    fetched: list[str] = []
    real = registry.packed

    async def counted(work: Any, model_id: str) -> bytes | None:
        fetched.append(model_id)
        return await real(work, model_id)

    monkeypatch.setattr(registry, "packed", counted)
    assert set(await asyncio.gather(*map(learning.match, range(20)))) == {"done"}
    assert {row["ranker"] for row in await learning.decided()} == {artifact.id}
    assert fetched == [artifact.id]


async def test_the_alias_is_looked_at_once_a_second_not_once_a_decision(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[int] = []
    real = registry.aliases

    async def counted(work: Any) -> Any:
        looked.append(1)
        return await real(work)

    monkeypatch.setattr(registry, "aliases", counted)
    monkeypatch.setenv("LEARNFLOW_RANKER_LOOK_SECONDS", "60")
    learning = await Learning.of(world)
    await learning.tutors(1)
    looks = len(looked)  # a tutor who comes may make match_student look
    await asyncio.gather(*map(learning.match, range(20)))
    assert (looks, len(looked)) in [(0, 1), (1, 1)]
    await learning.close()


async def test_a_model_is_kept_as_a_file_and_taken_from_it(
    learning: Learning, artifact: Artifact, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = tmp_path / "models"
    monkeypatch.setenv("LEARNFLOW_MODEL_CACHE", str(folder))
    await learning.tutors(3)
    await learning.keep(artifact)
    await learning.name(artifact.id)
    assert await learning.ranker(0) == artifact.id
    (file,) = folder.iterdir()
    assert (file.name, file.read_bytes()) == (f"{artifact.id}.model", artifact.packed())

    async def never(*_: Any) -> Any:
        raise AssertionError("fetched")

    monkeypatch.setattr(registry, "packed", never)
    champion._parsed.clear()
    other = await again(learning)
    assert await other.ranker(1) == artifact.id
    await other.world.close()


async def again(learning: Learning) -> Learning:
    """Another process's functions over the same databases."""
    return Learning(World(learning.world.databases), learning._trainer)


async def test_a_bad_file_is_replaced_by_what_the_database_has(
    learning: Learning, artifact: Artifact, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("LEARNFLOW_MODEL_CACHE", str(tmp_path))
    file = tmp_path / f"{artifact.id}.model"
    file.write_bytes(artifact.packed()[:500])
    await learning.tutors(3)
    await learning.keep(artifact)
    await learning.name(artifact.id)
    assert await learning.ranker(0) == artifact.id
    assert file.read_bytes() == artifact.packed()


async def test_an_alias_that_moves_under_load_is_obeyed_and_every_score_is_its_rankers(
    learning: Learning, artifact: Artifact, another: Artifact
) -> None:
    await learning.tutors(12)
    await learning.world.commit_fast()
    for one in (artifact, another):
        await learning.keep(one)
    numbers = iter(range(10_000))
    moving = True

    async def matches() -> None:
        while moving:
            assert await learning.match(next(numbers)) == "done"

    load_on = [asyncio.create_task(matches()) for _ in range(4)]
    for model_id in [artifact.id, another.id] * 6:
        await learning.name(model_id)
        before = len(await learning.world.rows("matching", "matches"))

        async def some_more(before: int = before) -> bool:
            return len(await learning.world.rows("matching", "matches")) >= before + 4

        await eventually(some_more)
    moving = False
    await asyncio.gather(*load_on)
    assert await learning.ranker(next(numbers)) == another.id
    models = {one.id: load(one) for one in (artifact, another)}
    rows = await learning.decided()
    found = {row["ranker"] for row in rows}
    assert set(models) <= found <= {*models, RULES}
    for row in rows:
        if row["ranker"] in models:
            scores = [score for _, score, _ in row["shown"]["tutors"]]
            assert scored_again(row, models[row["ranker"]]) == pytest.approx(scores, abs=1e-4)


async def test_the_challenger_is_scored_beside_a_share_of_decisions(
    learning: Learning,
    artifact: Artifact,
    another: Artifact,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LEARNFLOW_SHADOW_SHARE", "0.5")
    await learning.tutors(12)
    for one, alias in ((artifact, "champion"), (another, "challenger")):
        await learning.keep(one)
        await learning.name(one.id, alias)
    numbers = iter(range(1000))

    async def shadowed() -> bool:
        assert await learning.match(next(numbers)) == "done"
        return any("shadow" in row["shown"] for row in await learning.decided())

    await eventually(shadowed)
    start = next(numbers)
    for number in range(start, start + 30):
        await learning.match(number)
    late = [r for r in await learning.decided() if int(r["student_id"][1:]) >= start]
    for row in late:
        assert row["ranker"] == artifact.id
        assert ("shadow" in row["shown"]) == (row["shown"]["seed"] / 2**48 < 0.5)
    shadows = [row["shown"]["shadow"] for row in late if "shadow" in row["shown"]]
    assert 0 < len(shadows) < len(late)
    assert all((s["model"], len(s["tutors"])) == (another.id, 10) for s in shadows)


async def test_chance_is_logged_with_its_seed_and_can_be_turned_off(
    learning: Learning, monkeypatch: pytest.MonkeyPatch
) -> None:
    await learning.tutors(14)
    for number in range(40):
        await learning.match(number)
    rows = await learning.decided()
    moved = [row for row in rows if row["shown"]["explored"]]
    assert 0 < len(moved) < len(rows)
    for row in rows:
        wish = Asking(row["student_id"], 7, "physics", [], [], None, [])
        assert row["shown"]["seed"] == seed_of(wish)
    first = moved[0]
    scores = [score for _, score, _ in first["shown"]["tutors"]]
    assert scores != sorted(scores, reverse=True) or min(first["shown"]["propensities"]) < 1

    monkeypatch.setenv("LEARNFLOW_EXPLORATION", "0")
    other = await again(learning)
    for number in range(100, 120):
        await other.match(number)
    for row in (await other.decided())[40:]:
        scores = [score for _, score, _ in row["shown"]["tutors"]]
        assert scores == sorted(scores, reverse=True)
        assert set(row["shown"]["propensities"]) == {1.0}
    await other.world.close()
