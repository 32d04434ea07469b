"""From features to one score: the ranking model on top of the rules, who accepts, who is free.

A tutor's score depends on nobody else's, and its parts add up to it.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from learnflow.ranking.learned.base import rule_parts
from learnflow.ranking.learned.boosting import Scores
from learnflow.ranking.learned.catalogue import CONCEPTS, FEATURES, NAMES
from learnflow.ranking.learned.columns import Floats
from learnflow.ranking.learned.loading import Loaded

_CONCEPT: Final = np.array([CONCEPTS.index(feature.concept) for feature in FEATURES])
_LOAD: Final = NAMES.index("load")


@dataclass(frozen=True, slots=True)
class Scored:
    """Scores of many tutors, and how likely each is to accept."""

    scores: Scores
    acceptance: Scores


def score(model: Loaded, x: Floats) -> Scored:
    """The score of each row, higher is better.

    A + base x rules + acceptance x log(p / typical p) - load x held/capacity, where A is without
    its constant: that and the typical p move every tutor alike.
    """
    p = model.knots.probability(model.acceptance.scores(x))
    rules = sum(rule_parts(x).values(), start=np.zeros(len(x)))
    learned = model.ranking.scores(x) - model.constant
    weights = model.fusion
    likely = np.log(p / model.typical)
    taken = x[:, _LOAD].astype(np.float64)
    total = learned + weights.base * rules + weights.acceptance * likely - weights.load * taken
    return Scored(total, p)


def weigh(model: Loaded, x: Floats) -> Scores:
    """What each of CONCEPTS gave to each row's score, shape (rows, concepts)."""
    given = model.ranking.contributions(x)[:, :-1]
    parts = np.zeros((len(x), len(CONCEPTS)))
    for place, concept in enumerate(_CONCEPT):
        parts[:, concept] += given[:, place]
    for code, rule in rule_parts(x).items():
        parts[:, CONCEPTS.index(code)] += model.fusion.base * rule
    p = model.knots.probability(model.acceptance.scores(x))
    parts[:, CONCEPTS.index("acceptance")] += model.fusion.acceptance * np.log(p / model.typical)
    parts[:, CONCEPTS.index("free_slots")] -= model.fusion.load * x[:, _LOAD].astype(np.float64)
    return parts


def best(
    scores: Scores, ids: npt.NDArray[np.str_], most: int | None = None
) -> npt.NDArray[np.intp]:
    """The places of the best `most` (all when None): by score, then by id."""
    rows = np.arange(len(scores))
    if most is not None and most < len(scores):
        least = np.partition(scores, len(scores) - most)[len(scores) - most]
        rows = np.flatnonzero(scores >= least)
    return rows[np.lexsort((ids[rows], -scores[rows]))][:most]
