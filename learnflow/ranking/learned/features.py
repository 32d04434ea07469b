"""The features: one pure function that training, serving and the simulator share.

`catalogue.FEATURES` says what each is. A feature of one tutor never depends on the other
candidates, so scores do not either. float32 from end to end:
a number rounded in one place only may fall on the other side of a tree's threshold.
"""

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from learnflow.ranking.learned.catalogue import (
    ACCEPTANCE_PRIOR,
    ENDED_PRIOR,
    EXAMS_BEGIN,
    FEATURES,
    NAMES,
    RATING_WEIGHT,
    Feature,
)
from learnflow.ranking.learned.columns import (
    Bits,
    Floats,
    Student,
    Tutors,
    columns,
    hours,
    languages,
    wishes,
)
from learnflow.ranking.learned.vocabulary import DAYS, GOALS, SUBJECTS

__all__ = ["FEATURES", "Feature", "Student", "Tutors", "columns", "matrix", "wishes"]

_YEAR: Final = 365
_MONTH: Final = 30.0


Numbers = npt.NDArray[Any]
Columns = dict[str, Numbers | float]
"""A number where all tutors have the same."""


def matrix(student: Student, tutors: Tutors) -> Floats:
    """One row per tutor, one float32 column per feature, in the order of FEATURES."""
    found: Columns = {}
    for part in _PARTS:
        found |= part(student, tutors)
    out = np.empty((len(tutors), len(FEATURES)), dtype=np.float32)
    for place, name in enumerate(NAMES):
        out[:, place] = found[name]
    return out


def _hours(student: Student, tutors: Tutors) -> Columns:
    offered, wanted = _count(tutors.times), _count(student.times)
    shared = tutors.times & student.times
    unsaid = (offered == 0) | (wanted == 0)
    days = sum((shared & day).any(axis=1).astype(np.float32) for day in _DAY_MASKS)
    many = _unless(unsaid, _count(shared))
    return {
        "shared_hours": many,
        "shared_hours_share": many / np.maximum(wanted, np.float32(1)),
        "shared_days": _unless(unsaid, np.asarray(days)),
        "offered_hours": _said(offered),
        "wanted_hours": _said(wanted),
    }


def _languages(student: Student, tutors: Tutors) -> Columns:
    spoken = _count(tutors.languages)
    known = languages(student.languages, tutors.language_codes)
    unsaid = (spoken == 0) | (not student.languages)
    return {
        "shared_languages": _unless(unsaid, _count(tutors.languages & known)),
        "offered_languages": _said(spoken),
    }


def _goals(student: Student, tutors: Tutors) -> Columns:
    wanted = np.uint64(student.goals)
    shared, either = tutors.goals & wanted, tutors.goals | wanted
    unsaid = (tutors.goals == 0) | (wanted == 0)
    most = np.maximum(_ones(either), np.float32(1))
    found: Columns = {
        "shared_goals": _unless(unsaid, _ones(shared)),
        "shared_goals_share": _unless(unsaid, _ones(shared) / most),
        "offered_goals": _said(_ones(tutors.goals)),
    }
    for place, goal in enumerate(GOALS):
        name, bit = goal.replace("-", "_"), np.uint64(1 << place)
        found[f"shared_{name}"] = _unless(unsaid, ((shared & bit) != 0).astype(np.float32))
        found[f"wants_{name}"] = float((wanted & bit) != 0)
    return found


def _grades(student: Student, tutors: Tutors) -> Columns:
    grade, low, high = np.float32(student.grade), tutors.grade_min, tutors.grade_max
    return {
        "grade": student.grade,
        "grades_above_lowest": grade - low,
        "grades_below_highest": high - grade,
        "grades_from_middle": np.abs(grade - (low + high) / np.float32(2)),
        "grades_taught": high - low + np.float32(1),
    }


def _price(student: Student, tutors: Tutors) -> Columns:
    budget, price = np.float32(student.budget_band), tutors.price_band
    over = np.maximum(price - budget, np.float32(0))
    return {
        "budget": student.budget_band,
        "price_within_budget": np.where(price > budget, budget, price),
        "price_over_budget": np.nan_to_num(over, nan=0.0),
    }


def _past(student: Student, tutors: Tutors) -> Columns:
    prior = np.float32(student.rating_prior)
    months = np.maximum(tutors.days_on_platform, np.float32(1)) / np.float32(_MONTH)
    answers = tutors.accepted_n + tutors.declined_n
    return {
        "experience": tutors.experience_years,
        "rating": _shrunken(tutors.rating_sum, tutors.rating_n, prior),
        "ratings": tutors.rating_n,
        "acceptance": _shrunken(tutors.accepted_n, answers, np.float32(ACCEPTANCE_PRIOR)),
        "ended": _shrunken(tutors.ended_n, tutors.accepted_n, np.float32(ENDED_PRIOR)),
        "matches": tutors.matches_n,
        "matches_a_month": tutors.matches_n / months,
        "days_on_platform": tutors.days_on_platform,
    }


def _rest(student: Student, tutors: Tutors) -> Columns:
    place = SUBJECTS.index(student.subject) if student.subject in SUBJECTS else np.nan
    weeks = ((EXAMS_BEGIN - student.day_of_year) % _YEAR) / 7
    return {
        "free_slots": tutors.capacity - tutors.held,
        "load": tutors.held / np.maximum(tutors.capacity, np.float32(1)),
        "offered_subjects": tutors.subjects_n,
        "subject": place,
        "weeks_to_exams": weeks,
    }


def _shrunken(total: Numbers, count: Numbers, prior: np.float32) -> Numbers:
    """The mean as if RATING_WEIGHT more had been seen, all of them like the prior."""
    weight = np.float32(RATING_WEIGHT)
    return (total + prior * weight) / (count + weight)


def _ones(bits: Bits) -> Numbers:
    return np.bitwise_count(bits).astype(np.float32)


def _count(bits: Bits) -> Numbers:
    """Bits set in each row."""
    ones: Numbers = np.bitwise_count(bits).sum(axis=-1, dtype=np.float32)
    return ones


def _unless(unsaid: Numbers, values: Numbers) -> Numbers:
    return np.where(unsaid, np.float32(np.nan), values)


def _said(count: Numbers) -> Numbers:
    return _unless(count == 0, count)


_PARTS: Final[tuple[Callable[[Student, Tutors], Columns], ...]] = (
    *(_hours, _languages, _goals, _grades, _price, _past, _rest),
)
_DAY_MASKS: Final = tuple(hours(f"{day}-{hour:02}" for hour in range(24)) for day in DAYS)
