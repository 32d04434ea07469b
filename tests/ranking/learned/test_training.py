"""Training: the same rows, the same model; bad rows are refused with the reason."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from learnflow.ranking.learned.boosting import Model
from learnflow.ranking.learned.calibration import isotonic
from learnflow.ranking.learned.catalogue import MONOTONE, NAMES
from learnflow.ranking.learned.training import (
    BadRows,
    Params,
    by_query,
    predict,
    train_acceptance,
    train_ranking,
)
from tests.ranking.learned import people

QUICK = Params(rounds=15)


def ranking(data: people.Rows, **changed: Any) -> str:
    """A quick model A of these rows."""
    given: dict[str, Any] = {
        "x": data.x, "labels": data.labels, "groups": data.groups, "positions": data.positions,
        "init_score": data.start, "seed": 1, "params": QUICK,
    }  # fmt: skip
    return train_ranking(**{**given, **changed})


def reordered(data: people.Rows) -> people.Rows:
    """The same rows in another order, as another reading of the log would give them."""
    chance = np.random.default_rng(9)
    mixed = chance.permutation(len(data.x))
    names = chance.permutation(data.queries.max() + 1)  # queries under other numbers
    order, _ = by_query(names[data.queries][mixed])
    taken = mixed[order]
    return people.Rows(
        data.x[taken], data.labels[taken], names[data.queries][taken], data.positions[taken],
        data.start[taken], data.accepted[taken],
    )  # fmt: skip


def test_the_same_rows_in_any_order_give_the_same_model(learned_rows: people.Rows) -> None:
    once = ranking(learned_rows)
    assert ranking(learned_rows) == once
    assert ranking(reordered(learned_rows)) == once


def test_the_same_answers_in_any_order_give_the_same_acceptance(learned_rows: people.Rows) -> None:
    other = reordered(learned_rows)
    assert train_acceptance(learned_rows.x, learned_rows.accepted, 1, QUICK) == train_acceptance(
        other.x, other.accepted, 1, QUICK
    )


def test_rows_are_shuffled_by_the_seed_before_equal_scores_inherit_their_order(
    learned_rows: people.Rows,
) -> None:
    first, second = (
        predict(ranking(learned_rows, init_score=None, seed=seed), learned_rows.x)
        for seed in (1, 2)
    )
    assert not np.array_equal(first, second)


def test_the_order_of_rows_is_not_learned_where_nothing_else_is() -> None:
    data = people.rows(60)
    blank = np.zeros_like(data.x)
    scores = predict(ranking(data, x=blank, init_score=None, positions=None), blank)
    assert np.ptp(scores) == 0


def test_positions_are_used(learned_rows: people.Rows) -> None:
    assert ranking(learned_rows, positions=None) != ranking(learned_rows)


def test_queries_without_a_useful_row_are_left_out(learned_rows: people.Rows) -> None:
    data = learned_rows
    useless = np.zeros(40, dtype=np.int64)
    more = {
        "x": np.vstack([data.x, data.x[:40]]),
        "labels": np.concatenate([data.labels, useless]),
        "groups": np.concatenate([data.groups, [20, 20]]),
        "positions": np.concatenate([data.positions, data.positions[:40]]),
        "init_score": np.concatenate([data.start, data.start[:40]]),
    }
    assert ranking(data, **more) == ranking(data)


def test_the_start_is_not_in_what_the_model_says(learned_rows: people.Rows) -> None:
    """The model learned what to add to the start, so whoever serves adds it back."""
    far = learned_rows.start * 20
    alone = predict(ranking(learned_rows, init_score=far, params=Params(rounds=1)), learned_rows.x)
    assert 0 < np.ptp(alone) < np.ptp(far) / 20
    assert ranking(learned_rows, init_score=far) != ranking(learned_rows, init_score=None)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"labels": np.full(5000, 0.5)}, "labels must be whole numbers, not float64"),
        ({"labels": np.full(5000, 5)}, "labels must be 0 to 4"),
        ({"labels": np.zeros(5000, dtype=int)}, "nothing to learn"),
        ({"labels": np.zeros(4999, dtype=int)}, "labels for 5000 rows"),
        ({"groups": np.array([4000, 999])}, "where there are 5000"),
        ({"init_score": np.full(5000, np.nan)}, "no number"),
    ],
)
def test_rows_that_cannot_be_trained_on_are_refused(
    learned_rows: people.Rows, changed: dict[str, npt.NDArray[Any]], reason: str
) -> None:
    with pytest.raises(BadRows, match=reason):
        ranking(learned_rows, **changed)


def test_a_query_of_more_rows_than_lightgbm_takes_is_refused() -> None:
    x = np.zeros((10_001, len(NAMES)), dtype=np.float32)
    with pytest.raises(BadRows, match="a query of 10001 rows; sample at most 10000"):
        train_ranking(x, np.ones(10_001, dtype=int), np.array([10_001]))


def test_a_column_that_is_no_feature_is_refused(learned_rows: people.Rows) -> None:
    """Such as the rating that a match got later: it would look wonderful until it served."""
    leaked = np.hstack([learned_rows.x, learned_rows.labels[:, None].astype(np.float32)])
    with pytest.raises(BadRows, match="40 columns where 39 features"):
        ranking(learned_rows, x=leaked)
    with pytest.raises(ValueError, match="float32 with 39 columns"):
        predict(ranking(learned_rows), leaked)


def test_features_of_another_precision_are_refused(learned_rows: people.Rows) -> None:
    wide: Any = learned_rows.x.astype(np.float64)
    with pytest.raises(ValueError, match="not float64"):
        ranking(learned_rows, x=wide)
    with pytest.raises(ValueError, match="not float64"):
        predict(ranking(learned_rows), wide)


def test_the_shipped_model_never_turns_against_a_monotone_feature(artifact: Any) -> None:
    chance = np.random.default_rng(3)
    x = people.rows(40, seed=11).x
    for name in ("ranking", "acceptance"):
        model = Model(artifact.texts[name])
        for place in np.flatnonzero(MONOTONE):
            known = x[~np.isnan(x[:, place])]
            raised = known.copy()
            raised[:, place] += chance.exponential(2, len(known)).astype(np.float32)
            change = (model.scores(raised) - model.scores(known)) * MONOTONE[place]
            assert change.min() >= 0, NAMES[place]


def test_calibration_rises_and_fits_what_happened() -> None:
    chance = np.random.default_rng(4)
    raw = chance.normal(size=20_000) * 3
    truth = 1 / (1 + np.exp(-0.5 * raw + 1))  # not what the raw score says of itself
    knots = isotonic(raw, (chance.random(20_000) < truth).astype(np.int32))
    fresh = chance.normal(size=5_000) * 3
    found = knots.probability(fresh)
    assert np.abs(found - 1 / (1 + np.exp(-0.5 * fresh + 1))).mean() < 0.02
    assert (np.diff(knots.y) >= 0).all()
    assert (np.diff(knots.x) > 0).all()
    assert 0.01 <= found.min() <= found.max() <= 0.99


def test_acceptance_needs_both_answers(learned_rows: people.Rows) -> None:
    with pytest.raises(BadRows, match="rows that were accepted"):
        train_acceptance(learned_rows.x, np.ones(5000, dtype=int))
