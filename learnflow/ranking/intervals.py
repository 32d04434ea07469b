"""How sure a number is: 95 % intervals that resample the seeds, and the students of each seed.

Whatever is compared comes in columns of the same students, so differences are paired.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
RESAMPLES: Final = 1_000
_AT_ONCE: Final = 50


@dataclass(frozen=True, slots=True)
class Interval:
    """A number with the ends of its 95 % interval."""

    mean: float
    low: float
    high: float

    def plain(self) -> dict[str, float]:
        """For JSON, with five digits."""
        return {name: round(getattr(self, name), 5) for name in ("mean", "low", "high")}


def first(means: Floats) -> Floats:
    """The mean of the first column."""
    return means[..., 0]


def difference(means: Floats) -> Floats:
    """First minus second column."""
    return means[..., 0] - means[..., 1]


def capture(means: Floats) -> Floats:
    """How much of what the third column gains over the second the first does."""
    gained, possible = means[..., 0] - means[..., 1], means[..., 2] - means[..., 1]
    return np.divide(gained, possible, out=np.full_like(gained, np.nan), where=possible > 0)


def interval(
    seeds: Sequence[Floats],
    statistic: Callable[[Floats], Floats] = first,
    resamples: int = RESAMPLES,
    chance: int = 0,
) -> Interval:
    """The statistic of the columns' means over all seeds.

    `seeds` has a table (students, columns) per seed; a student with NaN in any column is left out.
    """
    tables = [table[~np.isnan(table).any(axis=1)] for table in seeds]
    tables = [table for table in tables if len(table)]
    if not tables:
        return Interval(float("nan"), float("nan"), float("nan"))
    rng = np.random.default_rng(chance)
    means = np.array([table.mean(axis=0) for table in tables])
    drawn = np.array([_resampled(table, resamples, rng) for table in tables])
    which = rng.integers(0, len(tables), (resamples, len(tables)))
    row = rng.integers(0, resamples, (resamples, len(tables)))
    found = statistic(drawn[which, row].mean(axis=1))
    low, high = np.nanquantile(found, [0.025, 0.975])
    return Interval(float(statistic(means.mean(axis=0))), float(low), float(high))


def _resampled(table: Floats, resamples: int, rng: np.random.Generator) -> Floats:
    """Means of resampled students, shape (resamples, columns)."""
    n = len(table)
    return np.concatenate(
        [
            table[rng.integers(0, n, (min(_AT_ONCE, resamples - done), n))].mean(axis=1)
            for done in range(0, resamples, _AT_ONCE)
        ]
    )
