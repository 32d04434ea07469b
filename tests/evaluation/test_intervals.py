"""Intervals cover what they should, and differences are paired."""

import numpy as np
import pytest

from learnflow.ranking.intervals import capture, difference, interval


def test_the_interval_covers_the_mean_about_95_times_in_100() -> None:
    rng = np.random.default_rng(5)
    covered = 0
    for chance in range(200):
        found = interval([rng.normal(1.0, 1.0, (60, 1))], resamples=200, chance=chance)
        covered += found.low <= 1.0 <= found.high
    assert 178 <= covered <= 199


def test_seeds_that_differ_widen_the_interval() -> None:
    alike = [np.full((50, 1), 1.0), np.full((50, 1), 1.0)]
    apart = [np.full((50, 1), 0.0), np.full((50, 1), 2.0)]
    assert interval(alike).high == interval(alike).low == 1
    assert (interval(apart).low, interval(apart).high) == (0, 2)


def test_a_paired_difference_is_surer_than_either_side() -> None:
    rng = np.random.default_rng(2)
    common = rng.normal(size=200)
    table = np.column_stack([common + 0.1, common])
    found = interval([table], difference)
    assert found.low == pytest.approx(0.1)
    assert found.high == pytest.approx(0.1)


def test_a_student_without_a_value_is_left_out_of_every_column() -> None:
    table = np.array([[1.0, 0.0], [np.nan, 5.0], [3.0, 0.0]])
    assert interval([table], difference).mean == 2


def test_capture_is_nothing_for_chance_and_all_for_the_oracle() -> None:
    assert capture(np.array([[0.2, 0.2, 0.6], [0.6, 0.2, 0.6]])).tolist() == pytest.approx([0, 1])
    assert np.isnan(capture(np.array([[0.3, 0.3, 0.3]]))).all()
