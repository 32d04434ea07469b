"""What is true and never told: how well a tutor would suit a student, and who would accept."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from learnflow.evaluation.population import (
    CATCH_UP,
    ENRICHMENT,
    EXAM,
    HOMEWORK,
    Hidden,
    Pupil,
    logistic,
)
from learnflow.evaluation.world import World
from learnflow.ranking.learned.catalogue import NAMES
from learnflow.ranking.learned.columns import Floats as Matrix
from learnflow.ranking.learned.columns import Tutors

Floats = NDArray[np.float64]
QUANTILES: Final = (0.4, 0.7, 0.85, 0.95)
_CENTRE: Final = 0.6
_COLUMN: Final = {name: place for place, name in enumerate(NAMES)}
_LINEAR: Final = {
    "rating": 0.9,
    "shared_hours": 0.35,
    "price_within_budget": -0.25,
    "experience": 0.06,
    "grades_from_middle": -0.3,
    "ended": -2.0,
}
"""The linear world: weight of each feature, which counts from its mean among those who say it."""
_MEANS: Final = {
    "rating": 3.9,
    "shared_hours": 1.5,
    "price_within_budget": 2.6,
    "experience": 4.5,
    "grades_from_middle": 1.6,
    "ended": 0.25,
}


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """Of one student and some tutors: utility, its satisfaction in (0, 1), acceptance, worth."""

    utility: Floats
    acceptance: Floats

    @property
    def satisfaction(self) -> Floats:
        """How likely the student is content."""
        return logistic(self.utility)

    @property
    def worth(self) -> Floats:
        """What proposing the pair is worth: it must be accepted to be good."""
        return self.acceptance * self.satisfaction


def truth(world: World, pupil: Pupil, tutors: Tutors, hidden: Hidden, x: Matrix) -> Truth:
    """`tutors`, `hidden` and the features `x` have the same rows."""
    if world.linear:
        return Truth(_linear(x), np.full(len(x), 0.8))
    overlap = np.nan_to_num(_feature(x, "shared_hours"), nan=1.4)
    distance = np.abs(pupil.seen.grade - hidden.best_grade)
    return Truth(
        _utility(pupil, tutors, hidden, x, overlap, distance),
        _acceptance(pupil, tutors, hidden, distance),
    )


def take(hidden: Hidden, rows: NDArray[np.intp]) -> Hidden:
    """Some of the tutors."""
    return Hidden(
        hidden.skill[rows],
        hidden.patience[rows],
        hidden.strengths[rows],
        hidden.best_grade[rows],
        hidden.pickiness[rows],
        hidden.teaches[rows],
    )


def _utility(
    pupil: Pupil, tutors: Tutors, hidden: Hidden, x: Matrix, overlap: Floats, distance: Floats
) -> Floats:
    skill = hidden.skill[:, pupil.subject]
    price = np.nan_to_num(tutors.price_band.astype(np.float64), nan=3.0)
    strong = (hidden.strengths >> np.uint64(pupil.need)) & np.uint64(1)
    years = np.nan_to_num(tutors.experience_years.astype(np.float64), nan=4.0)
    special = {
        EXAM: 0.9 * np.tanh((years - 4) / 3),
        CATCH_UP: 0.9 * hidden.patience,
        ENRICHMENT: 0.5 * skill,
        HOMEWORK: 0.6 * (overlap >= 3) - 0.3,
    }[pupil.need]
    return np.asarray(
        0.9 * skill * pupil.intensity
        + 1.2 * (1 - np.exp(-overlap / 2))
        - 0.25 * pupil.sensitivity * (price - 1)
        + 0.3 * (np.nan_to_num(_feature(x, "shared_languages")) > 0)
        + 0.5 * strong.astype(np.float64)
        - 0.8 * np.minimum((distance / 2) ** 2, 1.5)
        + special
        - _CENTRE
    )


def _acceptance(pupil: Pupil, tutors: Tutors, hidden: Hidden, distance: Floats) -> Floats:
    load = tutors.held / np.maximum(tutors.capacity, 1)
    room = np.nan_to_num(pupil.seen.budget_band - tutors.price_band.astype(np.float64), nan=0.5)
    return logistic(
        1.5
        + 0.6 * hidden.pickiness
        + 0.8 * np.clip(1 - distance / 2, -1, 1)
        - 2.0 * np.maximum(load - 0.5, 0)
        + 0.15 * room
    )


def _linear(x: Matrix) -> Floats:
    total = np.zeros(len(x))
    for name, weight in _LINEAR.items():
        total += weight * np.nan_to_num(_feature(x, name) - _MEANS[name], nan=0.0)
    return total


def _feature(x: Matrix, name: str) -> Floats:
    return x[:, _COLUMN[name]].astype(np.float64)
