"""What the learned ranker starts from: the rules' score, read from the features.

Zero trees rank as the rules do; the trees learn what to correct. LightGBM leaves `init_score` out
of what it predicts, so whoever serves adds it back.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from learnflow.ranking.learned.catalogue import NAMES
from learnflow.ranking.learned.columns import Floats
from learnflow.ranking.rules import WEIGHTS

Scores = npt.NDArray[np.float64]
BASE_WEIGHT: Final = 0.1
"""How much of the rules' score the trees start from; recorded with each model."""
_PLACE: Final = {name: place for place, name in enumerate(NAMES)}


def rule_parts(x: Floats) -> dict[str, Scores]:
    """What each rule gives, row by row: RuleRanker's parts, from features."""

    def of(name: str) -> Scores:
        return x[:, _PLACE[name]].astype(np.float64)

    price = of("price_within_budget") + of("price_over_budget")
    parts = {
        "shared_hours": np.minimum(of("shared_hours") / 3, 1),
        "shared_languages": np.minimum(of("shared_languages"), 1),
        "within_budget": np.clip(0.6 + 0.1 * (of("budget") - price), 0, 1),
        "shared_goals": np.minimum(of("shared_goals"), 1),
        "experience": np.minimum(of("experience") / 10, 1),
        "grade_focus": 1 / of("grades_taught"),
        "free_slots": 1 - of("load"),
    }
    return {code: WEIGHTS[code] * np.nan_to_num(part, nan=0.0) for code, part in parts.items()}


def start(x: Floats, weight: float = BASE_WEIGHT) -> Scores:
    """The `init_score` of each row: the rules' score, weighed."""
    return weight * sum(rule_parts(x).values(), start=np.zeros(len(x)))
