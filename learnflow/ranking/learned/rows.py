"""The rows that `features.matrix` makes, bit for bit, without numpy: for the few tutors shown.

Decisions by rules keep what a model would have seen; numpy would cost their processes more memory
and time than all else they do. Counts are below 2**24, above which float32 has not every number.
"""

from collections.abc import Sequence
from datetime import date
from struct import Struct
from typing import Final

from db.matching.store import Asking, Offer
from learnflow.ranking.learned.catalogue import (
    ACCEPTANCE_PRIOR,
    ENDED_PRIOR,
    EXAMS_BEGIN,
    RATING_PRIOR,
    RATING_WEIGHT,
)
from learnflow.ranking.learned.vocabulary import DAYS, GOAL_BITS, HOUR_BITS, SUBJECTS, bits

_NAN: Final = float("nan")
_YEAR: Final = 365
_MONTH: Final = 30.0
_OF_TUTOR: Final = Struct("<30f")
_OF_STUDENT: Final = Struct("<9f")
_SINGLE: Final = Struct("<f")
_DAYS: Final = tuple(bits([f"{day}-{hour:02}" for hour in range(24)], HOUR_BITS) for day in DAYS)
_GOALS: Final = tuple(GOAL_BITS.values())
_UNSAID: Final = (_NAN,) * 6
Floats = tuple[float, ...]


def single(value: float) -> float:
    """The nearest float32, which is what each step of `matrix` gives."""
    rounded: float = _SINGLE.unpack(_SINGLE.pack(value))[0]
    return rounded


_RATED: Final = single(single(RATING_PRIOR) * RATING_WEIGHT)
_ACCEPTED: Final = single(single(ACCEPTANCE_PRIOR) * RATING_WEIGHT)
_ENDED: Final = single(single(ENDED_PRIOR) * RATING_WEIGHT)


def rows(wish: Asking, day: date, offers: Sequence[Offer]) -> list[bytes]:
    """One row for each offer: float32, little-endian, in the order of the catalogue."""
    hours, goals = bits(wish.times, HOUR_BITS), bits(wish.goals, GOAL_BITS)
    budget = _NAN if wish.budget_band is None else float(wish.budget_band)
    own = _OF_STUDENT.pack(
        *(wish.grade, SUBJECTS.index(wish.subject) if wish.subject in SUBJECTS else _NAN),
        *(budget, hours.bit_count() or _NAN, *(bool(goals & goal) for goal in _GOALS)),
        ((EXAMS_BEGIN - day.timetuple().tm_yday) % _YEAR) / 7,
    )
    spoken = frozenset(wish.languages)
    return [
        _OF_TUTOR.pack(
            *_hours(hours, offered := bits(offer.times, HOUR_BITS)),
            _languages(spoken, offer.languages),
            *_goals(goals, helped := bits(offer.goals, GOAL_BITS)),
            *_grades(wish.grade, offer.grade_min, offer.grade_max),
            *_price(budget, offer.price_band),
            *_past(offer),
            *(offer.capacity - offer.held, offer.held / max(offer.capacity, 1)),
            *(offered.bit_count() or _NAN, len(frozenset(offer.languages)) or _NAN),
            *(helped.bit_count() or _NAN, _or_nan(offer.subjects_n)),
        )
        + own
        for offer in offers
    ]


def _hours(wanted: int, offered: int) -> Floats:
    if not (wanted and offered):
        return _UNSAID[:3]
    shared = wanted & offered
    many = shared.bit_count()
    days = sum(1 for day in _DAYS if shared & day) if many else 0
    return many, many / wanted.bit_count(), days


def _languages(wanted: frozenset[str], spoken: Sequence[str]) -> float:
    return len(wanted.intersection(spoken)) if wanted and spoken else _NAN


def _goals(wanted: int, helped: int) -> Floats:
    if not (wanted and helped):
        return _UNSAID
    shared = wanted & helped
    many = shared.bit_count()
    return many, many / (wanted | helped).bit_count(), *(bool(shared & goal) for goal in _GOALS)


def _grades(grade: int, low: int, high: int) -> Floats:
    return grade - low, high - grade, abs(grade - (low + high) / 2), high - low + 1


def _price(budget: float, price: int | None) -> Floats:
    if price is None:
        return _NAN, 0
    return (budget, price - budget) if price > budget else (price, 0)


def _past(offer: Offer) -> Floats:
    days = _NAN if offer.days_on_platform is None else single(offer.days_on_platform)
    a_month = offer.matches_n / single((days if days >= 1 else 1.0) / _MONTH)
    answers = offer.accepted_n + offer.declined_n
    return (
        _or_nan(offer.experience_years),
        (offer.rating_sum + _RATED) / (offer.rating_n + RATING_WEIGHT),
        offer.rating_n,
        (offer.accepted_n + _ACCEPTED) / (answers + RATING_WEIGHT),
        (offer.ended_n + _ENDED) / (offer.accepted_n + RATING_WEIGHT),
        offer.matches_n,
        a_month if days == days else _NAN,
        days,
    )


def _or_nan(number: float | None) -> float:
    return _NAN if number is None else number
