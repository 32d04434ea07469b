"""What another ranker would have earned, from a log whose choices had a known chance.

A decision speaks for a ranker that would have chosen the same, as often as 1 / its chance; a
decision that could not have been otherwise tells nothing of who would choose otherwise.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Estimate:
    """The mean reward under another ranker, by plain and by self-normalised weights.

    `effective` is how many decisions of that ranker's own the log is worth: (sum w)² / sum w².
    """

    ips: float
    snips: float
    effective: float


def weights(agrees: ArrayLike, propensities: ArrayLike) -> Floats:
    """1 / its chance for each choice that the other ranker shares, else 0."""
    shared = np.asarray(agrees, dtype=np.float64)
    return np.asarray(shared / np.asarray(propensities, dtype=np.float64))


def effective(weighed: Floats) -> float:
    """The effective sample size of these weights; 0 of none."""
    squares = float(weighed @ weighed)
    return float(weighed.sum()) ** 2 / squares if squares else 0.0


def estimate(agrees: ArrayLike, propensities: ArrayLike, rewards: ArrayLike) -> Estimate:
    """NaN where no choice is shared."""
    weighed = weights(agrees, propensities)
    earned = float(weighed @ np.asarray(rewards, dtype=np.float64))
    total = float(weighed.sum())
    if not total:
        return Estimate(float("nan"), float("nan"), 0.0)
    return Estimate(earned / len(weighed), earned / total, effective(weighed))


def doubly_robust(
    agrees: ArrayLike,
    propensities: ArrayLike,
    rewards: ArrayLike,
    said: ArrayLike,
    other: ArrayLike,
) -> float:
    """The mean of what a model says of the other ranker's choices, put right by what came of those
    that it shares; `said` is what the model says of the log's own choices, `other` of the other's.
    """
    wrong = np.asarray(rewards, dtype=np.float64) - np.asarray(said, dtype=np.float64)
    right = np.asarray(other, dtype=np.float64) + weights(agrees, propensities) * wrong
    return float(right.mean()) if len(right) else float("nan")
