"""Each measure against brute force over all orders, or a case computed by hand."""

import itertools
import math

import numpy as np
import pytest

from learnflow.ranking import metrics


def orders(scores: list[float]) -> list[tuple[int, ...]]:
    """Every order that puts no lower score before a higher one."""
    return [
        order
        for order in itertools.permutations(range(len(scores)))
        if all(scores[a] >= scores[b] for a, b in itertools.pairwise(order))
    ]


def dcg(gains: list[int], k: int) -> float:
    return sum(gain / math.log2(place + 2) for place, gain in enumerate(gains[:k]))


@pytest.mark.parametrize("k", [1, 3, 5, 10])
def test_ndcg_with_ties_is_the_mean_over_all_orders_of_equals(k: int) -> None:
    rng = np.random.default_rng(3)
    for _ in range(40):
        n = int(rng.integers(1, 7))
        labels = rng.integers(0, 5, n)
        scores = [float(score) for score in rng.integers(0, 3, n)]
        gains = [2 ** int(label) - 1 for label in labels]
        found = metrics.ndcg(labels, scores, k)
        if not any(gains):
            assert math.isnan(found)
            continue
        best = dcg(sorted(gains, reverse=True), k)
        each = [dcg([gains[i] for i in order], k) / best for order in orders(scores)]
        assert found == pytest.approx(sum(each) / len(each))


def test_ndcg_of_a_case_computed_by_hand() -> None:
    # gains 7, 1, 0 in the order 1, 7, 0: (1 + 7/log2(3)) / (7 + 1/log2(3))
    assert metrics.ndcg([3, 1, 0], [0.5, 0.9, 0.1], 3) == pytest.approx(0.7098, abs=5e-5)


def test_a_constant_score_is_worth_the_same_in_any_order_of_rows() -> None:
    labels = [4, 0, 0, 1]
    assert metrics.ndcg(labels, [0] * 4, 2) == metrics.ndcg(labels[::-1], [0] * 4, 2)


def test_rank_and_hit_are_means_over_the_orders_of_equals() -> None:
    scores = [2.0, 1.0, 1.0, 1.0, 0.0]
    places = [order.index(2) + 1 for order in orders(scores)]
    assert metrics.reciprocal_rank(2, scores) == pytest.approx(np.mean([1 / p for p in places]))
    for k in range(1, 6):
        assert metrics.hit(2, scores, k) == pytest.approx(np.mean([p <= k for p in places]))


def test_the_first_of_fewer_than_k_are_all() -> None:
    assert metrics.mean_of_first([1, 2, 6], [3, 2, 1], 2) == 1.5
    assert metrics.mean_of_first([1, 2, 6], [3, 2, 1], 5) == 3


def test_gini_is_half_the_mean_difference_relative_to_the_mean() -> None:
    load = [0, 1, 3, 7, 7]
    pairs = [abs(a - b) for a in load for b in load]
    assert metrics.gini(load) == pytest.approx(np.mean(pairs) / 2 / np.mean(load))
    assert metrics.gini([2, 2, 2]) == 0
    assert metrics.gini([0, 0]) == 0


def test_calibration_error_by_hand() -> None:
    # bin 0.2-0.3: said .25 of two, one came; bin 0.9-1: said .9 and 1.0, both came
    said, came = [0.25, 0.25, 0.9, 1.0], [1, 0, 1, 1]
    assert metrics.ece(said, came) == pytest.approx((0.5 + 0.1) / 4)


def test_true_probabilities_are_calibrated_and_shifted_ones_are_not() -> None:
    rng = np.random.default_rng(1)
    truth = rng.random(20_000)
    came = rng.random(20_000) < truth
    assert metrics.ece(truth, came) < 0.02
    assert metrics.ece(np.clip(truth + 0.2, 0, 1), came) > 0.1
