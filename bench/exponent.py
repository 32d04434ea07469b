"""How does a cost grow with size? The b of cost ~ size^b, from rounds measured at all sizes.

Each round is compared with itself only, so that an hour in which everything is slow moves nothing.
"""

import math
import random
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bench.figures import percentile

Round = Mapping[int, float]
"""Cost by size."""
_RESAMPLES: Final = 2000


@dataclass(frozen=True, slots=True)
class Exponent:
    """The exponent, and the 95 % interval of the bootstrap over rounds."""

    value: float
    low: float
    high: float


def fit(rounds: Sequence[Round]) -> Exponent:
    """The exponent over all rounds. Raises ValueError below two sizes or when rounds differ."""
    sizes = sorted(rounds[0]) if rounds else []
    if len(sizes) < 2 or any(sorted(one) != sizes for one in rounds):
        raise ValueError("every round needs the same two or more sizes")
    slopes = [_slope(one) for one in rounds]
    chance = random.Random(1)
    means = [statistics.fmean(chance.choices(slopes, k=len(slopes))) for _ in range(_RESAMPLES)]
    return Exponent(statistics.fmean(slopes), percentile(means, 0.025), percentile(means, 0.975))


def _slope(one: Round) -> float:
    """Least squares through log size and log cost."""
    sizes, costs = map(math.log, one), map(math.log, one.values())
    return statistics.linear_regression(list(sizes), list(costs)).slope
