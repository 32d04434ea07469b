"""Logistic regression finds what it should, and calibrated values keep the order."""

import numpy as np
import pytest

from learnflow.evaluation.baselines import Logistic, cheapest, gains, popularity
from learnflow.evaluation.rows import Pairs
from learnflow.ranking.learned.catalogue import NAMES


def test_logistic_regression_finds_the_weights_that_made_the_data() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(20_000, 3)).astype(np.float32)
    truth = 0.5 + x @ np.array([1.0, -2.0, 0.0])
    came = rng.random(len(x)) < 1 / (1 + np.exp(-truth))
    model = Logistic.fitted(x, came.astype(np.float64))
    found = np.linalg.lstsq(np.hstack([np.ones((len(x), 1)), x]), model.scores(x))[0]
    assert found == pytest.approx([0.5, 1.0, -2.0, 0.0], abs=0.08)


def test_unknown_values_have_a_weight_of_their_own() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(5_000, 2)).astype(np.float32)
    x[::2, 0] = np.nan
    came = np.where(np.isnan(x[:, 0]), 0.9, 0.1)
    scores = Logistic.fitted(x, came).scores(x)
    assert scores[::2].min() > 0 > scores[1::2].max()


def test_a_column_that_never_varies_or_is_never_known_does_no_harm() -> None:
    x = np.random.default_rng(2).normal(size=(500, 3)).astype(np.float32)
    x[:, 1] = 4
    x[:, 2] = np.nan
    scores = Logistic.fitted(x, (x[:, 0] > 0).astype(np.float64)).scores(x)
    assert np.corrcoef(scores, x[:, 0])[0, 1] > 0.99


def test_gains_are_those_of_the_labels() -> None:
    assert gains(np.array([0, 1, 2, 3, 4])) == pytest.approx([0, 1 / 15, 0.2, 7 / 15, 1])


def test_popularity_and_price_order_by_one_feature_each() -> None:
    x = np.zeros((3, len(NAMES)), dtype=np.float32)
    x[:, NAMES.index("matches")] = [5, 9, 1]
    x[:, NAMES.index("price_within_budget")] = [2, np.nan, 4]
    pairs = Pairs(x, np.zeros(3), np.array([3]), np.zeros(3, dtype=np.int64), np.arange(3))
    assert popularity(pairs).argsort().tolist() == [2, 0, 1]
    assert cheapest(pairs).argsort().tolist() == [2, 1, 0]
