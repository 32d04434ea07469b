"""The table of features: what a model sees of a student and a tutor, and nothing else.

It is also the documentation: docs/features.md is made from it by `python -m tools.feature_docs`.
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Final, Literal

from learnflow.ranking.learned.vocabulary import GOALS, SUBJECTS

RATING_WEIGHT: Final = 5
ACCEPTANCE_PRIOR: Final = 0.8
ENDED_PRIOR: Final = 0.2
"""What a tutor without matches is taken to do; as much as RATING_WEIGHT matches count."""
RATING_PRIOR: Final = 4.0
"""Stars a tutor without ratings is taken to have, where the subject's mean is not known."""
EXAMS_BEGIN: Final = 121
"""Day of the year: 1 May."""


@dataclass(frozen=True, slots=True)
class Feature:
    """A column of the matrix: what it is, what stands for unknown, and which way it may push.

    `monotone` is 1 where more never lowers a score, -1 where more never raises it, else 0;
    `concept` is the reason's code under which the feature is told.
    """

    name: str
    unit: str
    missing: str
    monotone: Literal[-1, 0, 1]
    concept: str


_NEVER: Final = "never missing"
_HOURS: Final = "NaN where student or tutor gave no hours"
_LANGUAGES: Final = "NaN where student or tutor gave no languages"
_GOALS: Final = "NaN where student or tutor gave no goals"
_WANTED: Final = "0 where no goals were given"

FEATURES: Final = (
    Feature("shared_hours", "weekly hours", _HOURS, 1, "shared_hours"),
    Feature("shared_hours_share", "share of the wanted hours", _HOURS, 1, "shared_hours"),
    Feature("shared_days", "days of the week", _HOURS, 1, "shared_hours"),
    Feature("shared_languages", "languages", _LANGUAGES, 1, "shared_languages"),
    Feature("shared_goals", "goals", _GOALS, 1, "shared_goals"),
    Feature("shared_goals_share", "shared / named by either", _GOALS, 1, "shared_goals"),
    Feature("shared_exam", "0 or 1", _GOALS, 1, "shared_goals"),
    Feature("shared_catch_up", "0 or 1", _GOALS, 1, "shared_goals"),
    Feature("shared_enrichment", "0 or 1", _GOALS, 1, "shared_goals"),
    Feature("shared_homework", "0 or 1", _GOALS, 1, "shared_goals"),
    Feature("grades_above_lowest", "grades", _NEVER, 0, "grade_focus"),
    Feature("grades_below_highest", "grades", _NEVER, 0, "grade_focus"),
    Feature("grades_from_middle", "grades", _NEVER, 0, "grade_focus"),
    Feature("grades_taught", "grades", _NEVER, 0, "grade_focus"),
    Feature("price_within_budget", "band, at most the budget", "NaN: no price", 0, "within_budget"),
    Feature("price_over_budget", "bands", "0: no price or no budget", -1, "within_budget"),
    Feature("experience", "years", "NaN where not said", 0, "experience"),
    Feature("rating", "stars, shrunken to the subject's mean", _NEVER, 1, "rating"),
    Feature("ratings", "ratings", _NEVER, 0, "rating"),
    Feature("acceptance", "share of answers, shrunken", _NEVER, 1, "acceptance"),
    Feature("ended", "share of accepted matches, shrunken", _NEVER, 0, "past_matches"),
    Feature("matches", "matches", _NEVER, 0, "past_matches"),
    Feature("matches_a_month", "matches in 30 days", "NaN: day of joining", 0, "past_matches"),
    Feature("days_on_platform", "days", "NaN where not known", 0, "past_matches"),
    Feature("free_slots", "slots", _NEVER, 1, "free_slots"),
    Feature("load", "held / capacity", _NEVER, -1, "free_slots"),
    Feature("offered_hours", "weekly hours", "NaN where none were given", 0, "offer"),
    Feature("offered_languages", "languages", "NaN where none were given", 0, "offer"),
    Feature("offered_goals", "goals", "NaN where none were given", 0, "offer"),
    Feature("offered_subjects", "subjects", "NaN where not known", 0, "offer"),
    Feature("grade", "1 to 12", _NEVER, 0, "request"),
    Feature("subject", "place in SUBJECTS", "NaN for another subject", 0, "request"),
    Feature("budget", "band, 1 to 5", "NaN where not said", 0, "request"),
    Feature("wanted_hours", "weekly hours", "NaN where none were given", 0, "request"),
    Feature("wants_exam", "0 or 1", _WANTED, 0, "request"),
    Feature("wants_catch_up", "0 or 1", _WANTED, 0, "request"),
    Feature("wants_enrichment", "0 or 1", _WANTED, 0, "request"),
    Feature("wants_homework", "0 or 1", _WANTED, 0, "request"),
    Feature("weeks_to_exams", "weeks", _NEVER, 0, "request"),
)
NAMES: Final = tuple(feature.name for feature in FEATURES)
CONCEPTS: Final = tuple(dict.fromkeys(feature.concept for feature in FEATURES))
MONOTONE: Final = tuple(feature.monotone for feature in FEATURES)


def schema_hash() -> str:
    """Changes whenever a model trained on these features would misread others."""
    numbers = (RATING_WEIGHT, ACCEPTANCE_PRIOR, ENDED_PRIOR, EXAMS_BEGIN)
    table = [asdict(feature) for feature in FEATURES]
    told = json.dumps([table, SUBJECTS, GOALS, numbers], sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()
