"""How does throughput grow with connections? The Universal Scalability Law, fitted.

X(N) = lam N / (1 + sigma (N - 1) + kappa N (N - 1)): `lam` is the rate of one connection, `sigma`
the share of work that queues, `kappa` what agreeing with each other costs.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

_STEPS: Final = 100
_SHRINKS: Final = 30
_ENOUGH: Final = 1e-12
_SUBSETS: Final = ((0, 1, 2), (0, 1), (0, 2), (0,))
"""Which of 1/lam, sigma/lam and kappa/lam are free; the rest is 0, for none is ever negative."""
Point = tuple[int, float]


@dataclass(frozen=True, slots=True)
class Usl:
    """A fitted law; `r_squared` is the share of the rates' variance that it explains."""

    lam: float
    sigma: float
    kappa: float
    r_squared: float

    def rate(self, connections: float) -> float:
        """The law's rate at so many connections."""
        queueing = self.sigma * (connections - 1)
        agreeing = self.kappa * connections * (connections - 1)
        return self.lam * connections / (1 + queueing + agreeing)

    @property
    def peak(self) -> float:
        """Connections beyond which more are slower; infinite where nothing slows them."""
        if self.kappa <= 0:
            return math.inf
        return max(1.0, math.sqrt(max(0.0, 1 - self.sigma) / self.kappa))


def fit(points: Sequence[Point]) -> Usl:
    """The law with the least squared error in the rates. Raises ValueError below three sizes."""
    if len({connections for connections, _ in points}) < 3:
        raise ValueError("a law of three parameters needs at least three sizes")
    fitted = [_minimised(points, free) for free in _SUBSETS]
    allowed = [found for found in fitted if min(found[1:]) >= 0 and found[0] > 0]
    best = min(allowed, key=lambda found: _error(points, found))
    mean = sum(rate for _, rate in points) / len(points)
    spread = sum((rate - mean) ** 2 for _, rate in points)
    r_squared = 1 - _error(points, best) / spread if spread else 1.0
    return Usl(1 / best[0], best[1] / best[0], best[2] / best[0], r_squared)


def _minimised(points: Sequence[Point], free: Sequence[int]) -> list[float]:
    """Gauss-Newton from the linearised fit (N / X is linear in the parameters)."""
    terms = [[_terms(n)[place] for place in free] for n, _ in points]
    weights = [rate * rate / n for n, rate in points]  # an error in N/X is one of X times N/X^2
    start = _least_squares(
        [[w * t for t in row] for w, row in zip(weights, terms, strict=True)],
        [w * n / rate for w, (n, rate) in zip(weights, points, strict=True)],
    )
    found = _spread(start, free)
    for _ in range(_STEPS):
        rates = [_rate(n, found) for n, _ in points]
        slopes = [
            [-rate * rate / n * t for t in row]
            for (n, _), rate, row in zip(points, rates, terms, strict=True)
        ]
        missing = [rate - law for (_, rate), law in zip(points, rates, strict=True)]
        step = _spread(_least_squares(slopes, missing), free)
        moved = _shortened(points, found, step)
        if _error(points, found) - _error(points, moved) <= _ENOUGH * _error(points, found):
            return moved
        found = moved
    return found


def _shortened(points: Sequence[Point], found: list[float], step: list[float]) -> list[float]:
    """The step halved until it does not make things worse."""
    error = _error(points, found)
    for shrink in range(_SHRINKS):
        moved = [at + by / 2**shrink for at, by in zip(found, step, strict=True)]
        if all(_cost(n, moved) > 0 for n, _ in points) and _error(points, moved) <= error:
            return moved
    return found


def _terms(connections: int) -> tuple[float, float, float]:
    return (1.0, connections - 1.0, connections * (connections - 1.0))


def _cost(connections: int, found: Sequence[float]) -> float:
    return sum(at * term for at, term in zip(found, _terms(connections), strict=True))


def _rate(connections: int, found: Sequence[float]) -> float:
    return connections / _cost(connections, found)


def _error(points: Sequence[Point], found: Sequence[float]) -> float:
    return sum((rate - _rate(n, found)) ** 2 for n, rate in points)


def _spread(values: Sequence[float], free: Sequence[int]) -> list[float]:
    whole = [0.0, 0.0, 0.0]
    for place, value in zip(free, values, strict=True):
        whole[place] = value
    return whole


def _least_squares(rows: Sequence[Sequence[float]], wanted: Sequence[float]) -> list[float]:
    """The normal equations, solved by elimination with pivots."""
    width = len(rows[0])
    table = [
        [sum(row[i] * row[j] for row in rows) for j in range(width)]
        + [sum(row[i] * value for row, value in zip(rows, wanted, strict=True))]
        for i in range(width)
    ]
    for i in range(width):
        pivot = max(range(i, width), key=lambda r: abs(table[r][i]))
        table[i], table[pivot] = table[pivot], table[i]
        if table[i][i] == 0:
            return [0.0] * width
        for r in range(width):
            if r != i:
                share = table[r][i] / table[i][i]
                table[r] = [a - share * b for a, b in zip(table[r], table[i], strict=True)]
    return [table[i][width] / table[i][i] for i in range(width)]
