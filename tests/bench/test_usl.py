"""The Universal Scalability Law, fitted to rates whose law is known."""

import math
import random

import pytest

from bench.usl import Usl, fit

SIZES = (1, 2, 4, 8, 16, 32, 64, 128)


def measured(law: Usl, noise: float = 0.0, repeats: int = 1) -> list[tuple[int, float]]:
    chance = random.Random(7)
    return [
        (n, law.rate(n) * (1 + chance.uniform(-noise, noise)))
        for n in SIZES
        for _ in range(repeats)
    ]


@pytest.mark.parametrize(
    ("lam", "sigma", "kappa"),
    [(900.0, 0.2, 0.001), (400.0, 0.02, 0.0002), (1500.0, 0.7, 0.02), (10.0, 0.0, 0.01)],
)
def test_the_parameters_of_an_exact_law_are_found(lam: float, sigma: float, kappa: float) -> None:
    found = fit(measured(Usl(lam, sigma, kappa, 1.0)))
    assert found.lam == pytest.approx(lam, rel=1e-4)
    assert found.sigma == pytest.approx(sigma, abs=1e-5)
    assert found.kappa == pytest.approx(kappa, rel=1e-3)
    assert found.r_squared > 0.999999


def test_a_law_is_found_through_noise() -> None:
    found = fit(measured(Usl(900, 0.2, 0.001, 1.0), noise=0.03, repeats=3))
    assert found.lam == pytest.approx(900, rel=0.1)
    assert found.sigma == pytest.approx(0.2, rel=0.15)
    assert found.kappa == pytest.approx(0.001, rel=0.25)
    assert 0.97 < found.r_squared <= 1


def test_the_peak_is_where_one_more_connection_adds_nothing() -> None:
    law = Usl(900, 0.2, 0.001, 1.0)
    assert law.peak == pytest.approx(math.sqrt(0.8 / 0.001))
    assert law.rate(law.peak) > max(law.rate(law.peak * 0.9), law.rate(law.peak * 1.1))


def test_what_scales_linearly_has_no_peak() -> None:
    found = fit([(n, 100.0 * n) for n in SIZES])
    assert found.lam == pytest.approx(100)
    assert found.sigma == pytest.approx(0, abs=1e-9)
    assert found.rate(128) == pytest.approx(12800)


def test_better_than_linear_is_no_negative_queueing() -> None:
    found = fit([(n, 100.0 * n**1.05) for n in SIZES])
    assert found.sigma >= 0
    assert found.kappa >= 0


def test_a_flat_rate_is_all_queueing() -> None:
    found = fit([(n, 500.0 + n / 1000) for n in SIZES])
    assert found.sigma == pytest.approx(1, abs=0.01)


def test_two_sizes_are_too_few() -> None:
    with pytest.raises(ValueError, match="three sizes"):
        fit([(1, 10.0), (2, 19.0), (2, 20.0)])
