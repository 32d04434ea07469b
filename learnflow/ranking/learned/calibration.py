"""From raw scores to probabilities: isotonic regression as a few knots and straight lines."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Scores = npt.NDArray[np.float64]
BINS: Final = 200
LEAST: Final = 0.01
"""No probability below this or above 1 minus this: nobody is certain to decline."""


@dataclass(frozen=True, slots=True)
class Knots:
    """Probabilities `y` at raw scores `x`, both rising; straight lines between, flat beyond."""

    x: tuple[float, ...]
    y: tuple[float, ...]

    def probability(self, raw: Scores) -> Scores:
        """The calibrated probability of each raw score."""
        return np.interp(raw, self.x, self.y)


def isotonic(raw: Scores, happened: npt.NDArray[np.int32]) -> Knots:
    """The rising curve nearest to what happened (pool adjacent violators over quantile bins)."""
    order = np.lexsort((happened, raw))
    bins = np.array_split(order, min(BINS, len(order)))
    blocks: list[tuple[float, float, int]] = []  # mean raw, mean happened, rows
    for rows in bins:
        block = (float(raw[rows].mean()), float(happened[rows].mean()), len(rows))
        while blocks and blocks[-1][1] >= block[1]:
            block = _pooled(blocks.pop(), block)
        blocks.append(block)
    y = np.clip([block[1] for block in blocks], LEAST, 1 - LEAST)
    return Knots(tuple(block[0] for block in blocks), tuple(y.tolist()))


def _pooled(a: tuple[float, float, int], b: tuple[float, float, int]) -> tuple[float, float, int]:
    n = a[2] + b[2]
    return (a[0] * a[2] + b[0] * b[2]) / n, (a[1] * a[2] + b[1] * b[2]) / n, n
