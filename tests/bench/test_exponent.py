"""The exponent of growth, from costs whose exponent is known."""

import random

import pytest

from bench.exponent import fit

SIZES = (1_000, 10_000, 100_000, 1_000_000)


def rounds(exponent: float, noise: float, count: int = 8) -> list[dict[int, float]]:
    chance = random.Random(3)
    return [
        {n: 2.0 * n**exponent * (1 + chance.uniform(-noise, noise)) for n in SIZES}
        for _ in range(count)
    ]


@pytest.mark.parametrize("exponent", [0.0, 0.05, 0.5, 1.0, -0.1])
def test_an_exact_exponent_is_found(exponent: float) -> None:
    found = fit(rounds(exponent, noise=0.0))
    assert found.value == pytest.approx(exponent, abs=1e-9)
    assert found.low == pytest.approx(found.high, abs=1e-9)


def test_the_interval_holds_the_truth_and_is_narrow() -> None:
    found = fit(rounds(0.04, noise=0.1))
    assert found.low <= 0.04 <= found.high
    assert found.low < found.value < found.high
    assert found.high - found.low < 0.03


def test_a_round_in_which_everything_is_slow_moves_nothing() -> None:
    calm = rounds(0.03, noise=0.05)
    stormy = [
        {n: cost * (5 if i % 2 else 1) for n, cost in one.items()} for i, one in enumerate(calm)
    ]
    assert fit(stormy).value == pytest.approx(fit(calm).value)


def test_the_same_rounds_give_the_same_interval() -> None:
    assert fit(rounds(0.1, noise=0.2)) == fit(rounds(0.1, noise=0.2))


def test_rounds_of_different_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match="same two or more sizes"):
        fit([{10: 1.0, 100: 1.0}, {10: 1.0, 1000: 1.0}])
    with pytest.raises(ValueError, match="same two or more sizes"):
        fit([])
