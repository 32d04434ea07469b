"""Percentiles, ratios and bounds."""

import pytest

from bench.figures import Bound, percentile, ratio


@pytest.mark.parametrize(
    ("share", "value"), [(0.0, 1), (0.01, 1), (0.5, 50), (0.99, 99), (0.991, 100), (1.0, 100)]
)
def test_a_percentile_is_the_nearest_rank(share: float, value: int) -> None:
    assert percentile(list(range(100, 0, -1)), share) == value


def test_a_percentile_of_one_value_is_that_value() -> None:
    assert percentile([7.0], 0.99) == 7.0


def test_a_ratio_is_the_median_of_pairs_and_not_the_pair_of_medians() -> None:
    found = ratio([1, 10, 100], [1, 5, 400], group="g", name="n", bound=Bound(1))
    assert found.value == 1.0
    assert found.reached
    assert found.note == "0.25-2.00 over 3 pairs"


def test_a_bound_is_reached_on_its_own_side_only() -> None:
    assert Bound(5).reached(5)
    assert not Bound(5).reached(5.1)
    assert Bound(0.7, 0.9, at_least=True).reached(0.7)
    assert not Bound(0.7, 0.9, at_least=True).reached(0.69)
