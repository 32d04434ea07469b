"""Challenger and champion on the same decisions: what is measured, and what cannot be."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from db.matching.training_log import LoggedDecision
from learnflow.ranking.learned.catalogue import NAMES
from learnflow.ranking.learned.examples import QUERY
from learnflow.ranking.learned.loading import Loaded, load
from learnflow.ranking.loop.comparing import compare, learned, rules
from learnflow.ranking.loop.dataset import Logged
from learnflow.ranking.loop.pairs import pairs, per_query
from learnflow.ranking.off_policy import effective, estimate, weights
from tests.ranking.loop import market
from tests.ranking.loop.market import NOW, data


@pytest.fixture(scope="module")
def model() -> Loaded:
    return load(market.trained().artifact)


@pytest.fixture(scope="module")
def judged(log: list[LoggedDecision]) -> list[Logged]:
    return list(data(log).log)


def test_a_model_is_no_better_than_itself(model: Loaded, judged: list[Logged]) -> None:
    found = compare(model, learned(model), judged, NOW)
    assert (found.gain.mean, found.gain.low, found.gain.high) == (0, 0, 0)
    assert found.gini == found.champion_gini
    assert found.challenger_worth == found.champion_worth


def test_a_champion_that_knows_what_came_of_it_is_better(
    model: Loaded, judged: list[Logged]
) -> None:
    rows = pairs([one.decided for one in judged], NOW)
    came = {row.tobytes(): label for row, label in zip(rows.x, rows.labels, strict=True)}

    def knows(x: np.ndarray) -> np.ndarray:
        return np.array([float(came.get(row.tobytes(), 0)) for row in x])

    found = compare(model, knows, judged, NOW)
    assert found.gain.high < 0
    assert found.champion.mean == pytest.approx(1.0)
    assert found.champion.low <= found.champion.mean <= found.champion.high


def test_only_booked_pairs_judge_each_once_beside_others_of_its_subject(
    judged: list[Logged],
) -> None:
    rows = pairs([one.decided for one in judged], NOW)
    assert len(rows.x) == rows.groups.sum() == len(judged)
    assert rows.groups.max() == QUERY
    booked = sorted(one.decided.x[one.decided.chosen].tobytes() for one in judged)
    assert sorted(row.tobytes() for row in rows.x) == booked


def test_agreeing_with_the_log_is_no_merit(judged: list[Logged]) -> None:
    """Who ranks the booked tutor first of those shown is not better for that."""
    rows = pairs([one.decided for one in judged], NOW)
    constant = np.zeros(len(rows.x))
    each = per_query(rows, constant)
    assert 0 < np.nanmean(each) < 0.9


def test_young_decisions_compare_nothing(model: Loaded, judged: list[Logged]) -> None:
    young = [
        replace(one, decided=replace(one.decided, decided_at=NOW - timedelta(days=1)))
        for one in judged
    ]
    for some in ([], young):
        found = compare(model, rules, some, NOW)
        assert (found.queries, found.challenger_worth.effective) == (0, 0)
        assert np.isnan(found.gain.low)
        assert found.measured() == {}


def test_a_log_without_chance_says_nothing_of_another_choice(
    model: Loaded, judged: list[Logged]
) -> None:
    for none in (None, (1.0,) * 10, (float("nan"),) * 10):
        fixed = [replace(o, decided=replace(o.decided, propensities=none)) for o in judged]
        assert compare(model, rules, fixed, NOW).challenger_worth.effective == 0
    assert compare(model, rules, judged, NOW).challenger_worth.effective > 0


def test_load_is_counted_with_the_slots_there_are(model: Loaded, judged: list[Logged]) -> None:
    """One tutor first in every list: unequal with slots for all, even where each has one slot."""
    one = next(one for one in judged if len(one.tutors) == 10)
    found = {}
    for slots in (1.0, 10.0):
        x = one.decided.x.copy()
        x[:, NAMES.index("free_slots")] = slots
        same = [replace(one, decided=replace(one.decided, x=x))] * 10
        found[slots] = compare(model, rules, same, NOW)
    assert (found[1.0].gini, found[1.0].champion_gini) == (0, 0)
    assert found[10.0].gini == found[10.0].champion_gini == pytest.approx(0.9)


def test_off_policy_weights_give_the_mean_of_the_other_policy() -> None:
    rng = np.random.default_rng(5)
    first = rng.random(40_000) < 0.9  # the log takes option 1 nine times of ten
    rewards = np.where(first, 0.2, 0.7) + rng.normal(0, 0.1, len(first))
    found = estimate(~first, np.where(first, 0.9, 0.1), rewards)
    assert found.ips == pytest.approx(0.7, abs=0.03)
    assert found.snips == pytest.approx(0.7, abs=0.01)
    assert found.effective == pytest.approx((~first).sum())


def test_unequal_weights_are_worth_fewer_decisions() -> None:
    assert effective(weights([True] * 4, [0.5] * 4)) == pytest.approx(4)
    assert effective(weights([True] * 4, [0.9, 0.9, 0.9, 0.01])) < 1.1
    assert np.isnan(estimate([False], [0.5], [1.0]).snips)
