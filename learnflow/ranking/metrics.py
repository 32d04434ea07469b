"""Measures of a ranking, a market and a probability, each of one query or one whole.

Ties are treated as if broken at random: a measure is its expectation over the orders of equals, so
a constant score is worth what shuffling is worth and never what the order of rows is worth.
"""

from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
LABEL_GAIN: Final = np.array([0.0, 1.0, 3.0, 7.0, 15.0])
"""What a label 0-4 is worth."""
BINS: Final = 10


def ndcg(labels: ArrayLike, scores: ArrayLike, k: int) -> float:
    """Expected NDCG@k of one query; NaN where every label is 0, which is left out of means."""
    gains = LABEL_GAIN[np.asarray(labels, dtype=np.int64)]
    best = float(np.sort(gains)[::-1][:k] @ _discounts(len(gains), k)[: min(k, len(gains))])
    if best == 0:
        return float("nan")
    return float(_expected(gains, scores) @ _discounts(len(gains), k)) / best


def mean_of_first(values: ArrayLike, scores: ArrayLike, k: int) -> float:
    """Expected mean value of the first k (of all where there are fewer)."""
    placed = _expected(np.asarray(values, dtype=np.float64), scores)
    return float(placed[:k].mean())


def reciprocal_rank(chosen: int, scores: ArrayLike) -> float:
    """Expected 1/place of the row `chosen`."""
    ahead, equal = _around(chosen, scores)
    return float(np.mean(1.0 / (ahead + 1 + np.arange(equal))))


def hit(chosen: int, scores: ArrayLike, k: int) -> float:
    """The probability that the row `chosen` is among the first k."""
    ahead, equal = _around(chosen, scores)
    return float(np.clip((k - ahead) / equal, 0.0, 1.0))


def gini(load: ArrayLike) -> float:
    """How unequally a load is spread: 0 evenly, towards 1 all on one."""
    sizes = np.sort(np.asarray(load, dtype=np.float64))
    if not len(sizes) or sizes.sum() == 0:
        return 0.0
    n = len(sizes)
    return float((2 * np.arange(1, n + 1) - n - 1) @ sizes / (n * sizes.sum()))


def ece(probabilities: ArrayLike, happened: ArrayLike, bins: int = BINS) -> float:
    """Expected calibration error: |said - happened| of equal-width bins, weighted by their size."""
    said = np.asarray(probabilities, dtype=np.float64)
    came = np.asarray(happened, dtype=np.float64)
    if not len(said):
        return float("nan")
    which = np.minimum((said * bins).astype(np.int64), bins - 1)
    gaps = np.bincount(which, said - came, minlength=bins)
    return float(np.abs(gaps).sum() / len(said))


def _discounts(n: int, k: int) -> Floats:
    places = np.arange(n)
    return np.where(places < k, 1.0 / np.log2(places + 2.0), 0.0)


def _expected(values: Floats, scores: ArrayLike) -> Floats:
    """The expected value at each place: equals share the mean of theirs."""
    ordered = np.asarray(scores, dtype=np.float64)
    order = np.argsort(-ordered, kind="stable")
    ordered, placed = ordered[order], values[order]
    group = np.concatenate(([0], np.cumsum(ordered[1:] != ordered[:-1])))
    means: Floats = np.bincount(group, placed) / np.bincount(group)
    return means[group]


def _around(chosen: int, scores: ArrayLike) -> tuple[int, int]:
    numbers = np.asarray(scores, dtype=np.float64)
    mine = numbers[chosen]
    return int((numbers > mine).sum()), int((numbers == mine).sum())
