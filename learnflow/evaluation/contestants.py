"""Everyone who is compared, trained on the same weeks and tuned on the same weeks."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from learnflow.evaluation import baselines
from learnflow.evaluation.baselines import Scorer
from learnflow.evaluation.booking import Bookings, laid, listed, when
from learnflow.evaluation.rows import Floats, Judged, Log, Pairs
from learnflow.evaluation.world import World
from learnflow.ranking import metrics
from learnflow.ranking.learned.base import BASE_WEIGHT
from learnflow.ranking.learned.boosting import Model
from learnflow.ranking.learned.calibration import Knots, isotonic
from learnflow.ranking.learned.training import train_acceptance, train_ranking

LEARNED: Final = "lambdarank_with_positions"
PLAIN: Final = "lambdarank"
"""In a market of bookings it learns from those, and LEARNED from the lists around them."""
ORACLE: Final = "oracle"
CONTESTANTS: Final = (
    *("random", "popularity", "cheapest", "rules", "logistic_regression", "pointwise_lightgbm"),
    *(PLAIN, LEARNED, ORACLE),
)
_WEIGHTS: Final = (0.0, 0.25, 0.5, 1.0, 2.0)
"""How much the acceptance model may count: tried on the tuning weeks."""
_ACCEPTED: Final = 3


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """A contestant's scores of the judged pairs, and the same as values across students."""

    scores: Floats
    values: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Acceptance:
    """Model B: how likely a tutor accepts."""

    model: Model
    knots: Knots

    def __call__(self, pairs: Pairs) -> Floats:
        return self.knots.probability(self.model.scores(pairs.x))


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """All contestants after training, their entries by name, and the acceptance model."""

    entries: Mapping[str, Entry]
    acceptance: Acceptance
    weights: Mapping[str, float]
    """What the acceptance model counts in each lambdarank."""
    learned: str
    """Which of the contestants the product would use."""


def compete(world: World, log: Log, judged: Judged, seed: int) -> Field:
    """Train on the first weeks, tune and calibrate on the next, score the judged."""
    train = log.of_weeks(1, world.trained_weeks)
    tune = log.of_weeks(world.trained_weeks + 1, world.mature_weeks)
    rankers = {
        name: lambdarank(train, seed, positions=name == LEARNED) for name in (PLAIN, LEARNED)
    }
    return _field(train, tune, rankers, judged, seed, LEARNED)


def compete_booked(world: World, found: Bookings, judged: Judged, seed: int) -> Field:
    """The same from the product's log: of bookings, and for comparison of what was shown."""
    now = when(world.weeks + 1)
    until = found.before(world.trained_weeks + 1)
    train, tune = laid(found.log[:until], now), laid(found.log[until:], now)
    rankers = {
        PLAIN: lambdarank(train, seed, positions=False),
        LEARNED: lambdarank(listed(found.log[:until], now), seed, positions=True),
    }
    return _field(train, tune, rankers, judged, seed, PLAIN)


def _field(
    train: Log, tune: Log, rankers: Mapping[str, Scorer], judged: Judged, seed: int, learned: str
) -> Field:
    asked = ~np.isnan(train.accepted)
    text, knots = train_acceptance(train.x[asked], train.accepted[asked].astype(np.int64), seed)
    acceptance = Acceptance(Model(text), knots)
    weights: dict[str, float] = {}
    scorers: dict[str, Scorer] = {
        "random": baselines.random(seed),
        "popularity": baselines.popularity,
        "cheapest": baselines.cheapest,
        "rules": baselines.rules,
        "logistic_regression": baselines.logistic_regression(train),
        "pointwise_lightgbm": baselines.pointwise_lightgbm(train, seed),
    }
    for name, ranking in rankers.items():
        weights[name] = _tuned(ranking, acceptance, tune)
        scorers[name] = fused(ranking, acceptance, weights[name])
    entries = {name: _entry(scorer, tune, judged) for name, scorer in scorers.items()}
    entries[ORACLE] = Entry(judged.worth, judged.worth)
    return Field(entries, acceptance, weights, learned)


def lambdarank(log: Log, seed: int, *, positions: bool) -> Scorer:
    """Model A, which adds to the rules' score as much as the product lets it."""
    model = Model(
        train_ranking(
            log.x,
            log.labels,
            log.groups,
            positions=log.positions if positions else None,
            init_score=BASE_WEIGHT * log.rules if BASE_WEIGHT else None,
            seed=seed,
        )
    )
    return lambda pairs: BASE_WEIGHT * pairs.rules + model.scores(pairs.x)


def fused(ranking: Scorer, acceptance: Acceptance, weight: float) -> Scorer:
    """The student's side and the tutor's: score + weight x log p."""
    return lambda pairs: ranking(pairs) + weight * np.log(acceptance(pairs))


def _tuned(ranking: Scorer, acceptance: Acceptance, tune: Log) -> float:
    scores, accepts = ranking(tune), np.log(acceptance(tune))

    def reached(weight: float) -> float:
        each = zip(tune.each(tune.labels), tune.each(scores + weight * accepts), strict=True)
        return float(np.nanmean([metrics.ndcg(labels, given, 5) for labels, given in each]))

    return max(_WEIGHTS, key=reached)


def _entry(scorer: Scorer, tune: Log, judged: Judged) -> Entry:
    """Values: how likely a row of that score was accepted in the tuning weeks."""
    knots = isotonic(scorer(tune), (tune.labels >= _ACCEPTED).astype(np.int32))
    scores = scorer(judged)
    return Entry(scores, knots.probability(scores))
