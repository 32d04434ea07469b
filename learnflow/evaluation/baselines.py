"""Rankings to compare with: nothing learned, a weighted sum learned, one row at a time learned."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from learnflow.evaluation.rows import Floats, Log, Pairs
from learnflow.ranking.learned import boosting
from learnflow.ranking.learned.boosting import Model
from learnflow.ranking.learned.catalogue import NAMES
from learnflow.ranking.learned.columns import Floats as Matrix
from learnflow.ranking.learned.training import LABEL_GAIN, RANKING

Scorer = Callable[[Pairs], Floats]
"""A score per row, higher is better, comparable within a student."""
_MATCHES, _PRICE = NAMES.index("matches"), NAMES.index("price_within_budget")
_MIDDLE_PRICE = 3.0


def random(seed: int) -> Scorer:
    """Any order."""
    return lambda pairs: np.random.default_rng([seed, len(pairs.x)]).random(len(pairs.x))


def popularity(pairs: Pairs) -> Floats:
    """Whoever was proposed most so far."""
    return pairs.x[:, _MATCHES].astype(np.float64)


def cheapest(pairs: Pairs) -> Floats:
    """The lowest price; one not said counts as middling. The feasible are within budget."""
    return -np.nan_to_num(pairs.x[:, _PRICE].astype(np.float64), nan=_MIDDLE_PRICE)


def rules(pairs: Pairs) -> Floats:
    """RuleRanker."""
    return pairs.rules


def gains(labels: NDArray[np.int64]) -> Floats:
    """What labels are worth, between 0 and 1."""
    return np.array(LABEL_GAIN, dtype=np.float64)[labels] / max(LABEL_GAIN)


@dataclass(frozen=True, slots=True, eq=False)
class Logistic:
    """Logistic regression on standardised features; unknown is the mean and a column of its own."""

    means: Floats
    spreads: Floats
    missing: NDArray[np.intp]
    weights: Floats

    @classmethod
    def fitted(cls, x: Matrix, targets: Floats, ridge: float = 1.0, steps: int = 25) -> "Logistic":
        """By Newton steps; `targets` are between 0 and 1."""
        wide = x.astype(np.float64)
        known = np.maximum((~np.isnan(wide)).sum(axis=0), 1)
        means = np.nansum(wide, axis=0) / known
        spreads = np.sqrt(np.nansum((wide - means) ** 2, axis=0) / known)
        spreads = np.where(spreads > 0, spreads, 1.0)
        found = cls(means, spreads, np.flatnonzero(np.isnan(x).any(axis=0)), np.zeros(0))
        columns = found._columns(x)
        weights = np.zeros(columns.shape[1])
        penalty = np.full(columns.shape[1], ridge)
        penalty[0] = 0.0
        for _ in range(steps):
            said = 1 / (1 + np.exp(-columns @ weights))
            slope = columns.T @ (said - targets) + penalty * weights
            curve = (columns.T * (said * (1 - said) + 1e-9)) @ columns + np.diag(penalty + 1e-9)
            step = np.linalg.solve(curve, slope)
            weights -= step
            if np.abs(step).max() < 1e-8:
                break
        return cls(found.means, found.spreads, found.missing, weights)

    def scores(self, x: Matrix) -> Floats:
        """The log-odds of each row."""
        return np.asarray(self._columns(x) @ self.weights)

    def _columns(self, x: Matrix) -> Floats:
        wide = x.astype(np.float64)
        unknown = np.isnan(wide)
        known = np.where(unknown, 0.0, (wide - self.means) / self.spreads)
        return np.hstack([np.ones((len(x), 1)), known, unknown[:, self.missing].astype(np.float64)])


def logistic_regression(log: Log) -> Scorer:
    """A weighted sum, learned."""
    model = Logistic.fitted(log.x, gains(log.labels))
    return lambda pairs: model.scores(pairs.x)


def pointwise_lightgbm(log: Log, seed: int) -> Scorer:
    """Trees as model A's, learned one row at a time."""
    told = {name: value for name, value in RANKING.told(seed).items() if "lambdarank" not in name}
    told["objective"] = "cross_entropy"
    model = Model(boosting.train(log.x, gains(log.labels), told, RANKING.rounds))
    return lambda pairs: model.scores(pairs.x)
