"""What the models know of one student and of many tutors: numbers and bits, nothing that names.

Hours of the week are 168 bits in three words, bit 0 being `mon-00`. Languages are bits whose
meaning the tutors' own `language_codes` give, so that no two languages are ever one bit.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import date
from operator import attrgetter
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from db.matching.store import Asking, Offer
from learnflow.ranking.learned.catalogue import RATING_PRIOR
from learnflow.ranking.learned.vocabulary import GOAL_BITS, HOUR_BITS, bit_of, bits

Floats = npt.NDArray[np.float32]
Bits = npt.NDArray[np.uint64]

WORDS: Final = 3
_WORD: Final = 64


@dataclass(frozen=True, slots=True, eq=False)
class Tutors:
    """Tutors by column, one row each: float32 with NaN for unknown; no bit set is "not said"."""

    ids: npt.NDArray[np.str_]
    grade_min: Floats
    grade_max: Floats
    capacity: Floats
    held: Floats
    price_band: Floats
    experience_years: Floats
    rating_sum: Floats
    rating_n: Floats
    accepted_n: Floats
    declined_n: Floats
    ended_n: Floats
    matches_n: Floats
    days_on_platform: Floats
    subjects_n: Floats
    times: Bits
    """Shape (n, 3)."""
    languages: Bits
    """Shape (n, one word for each 64 of `language_codes`, at least 1)."""
    goals: Bits
    """Shape (n,)."""
    language_codes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, rows: npt.NDArray[np.intp] | npt.NDArray[np.bool_] | slice) -> "Tutors":
        """Some of the rows, in the order asked for."""
        parts = {field.name: getattr(self, field.name) for field in fields(self)}
        codes = parts.pop("language_codes")
        return Tutors(**{name: part[rows] for name, part in parts.items()}, language_codes=codes)


_NUMBERS: Final = tuple(
    field.name
    for field in fields(Tutors)
    if field.name not in ("ids", "times", "languages", "goals", "language_codes")
)
_numbers: Final = attrgetter(*_NUMBERS)


@dataclass(frozen=True, slots=True, eq=False)
class Student:
    """One student's wishes and the day they are asked on; NaN is a budget not said."""

    grade: float
    subject: str
    times: Bits
    """Shape (3,)."""
    languages: tuple[str, ...]
    goals: int
    budget_band: float = float("nan")
    day_of_year: int = 1
    rating_prior: float = RATING_PRIOR
    """Mean stars of the subject: what a tutor without ratings is taken to have."""


def hours(times: Iterable[str]) -> Bits:
    """Weekly hours such as `mon-16` as 168 bits; what is no hour of the week is left out."""
    return _words([bits(times, HOUR_BITS)], WORDS).ravel()


def goals(codes: Iterable[str]) -> int:
    """Goals as bits, in the order of GOALS."""
    return bits(codes, GOAL_BITS)


def languages(codes: Iterable[str], known: Sequence[str]) -> Bits:
    """Languages as bits, in the order of `known`; others are left out."""
    return _words([bits(codes, bit_of(known))], words(len(known))).ravel()


def words(count: int) -> int:
    """How many words hold so many bits; at least one."""
    return max(1, -(-count // _WORD))


def wishes(asking: Asking, day: date, rating_prior: float = RATING_PRIOR) -> Student:
    """A student as the models see one, on that day."""
    return Student(
        grade=asking.grade,
        subject=asking.subject,
        times=hours(asking.times),
        languages=tuple(asking.languages),
        goals=goals(asking.goals),
        budget_band=float("nan") if asking.budget_band is None else asking.budget_band,
        day_of_year=day.timetuple().tm_yday,
        rating_prior=rating_prior,
    )


def columns(offers: Sequence[Offer]) -> Tutors:
    """Offers by column, in their order."""
    known = tuple(sorted({code for offer in offers for code in offer.languages}))
    spoken = bit_of(known)
    rows = np.array([_numbers(offer) for offer in offers], dtype=np.float32)
    numbers: dict[str, Any] = dict(
        zip(_NUMBERS, np.ascontiguousarray(rows.reshape(len(offers), len(_NUMBERS)).T), strict=True)
    )
    return Tutors(
        **numbers,
        ids=np.array([offer.tutor_id for offer in offers], dtype=np.str_),
        times=_words([bits(offer.times, HOUR_BITS) for offer in offers], WORDS),
        languages=_words([bits(offer.languages, spoken) for offer in offers], words(len(known))),
        goals=_words([bits(offer.goals, GOAL_BITS) for offer in offers], 1)[:, 0],
        language_codes=known,
    )


def _words(rows: Iterable[int], count: int) -> Bits:
    """Each row's bits in `count` words, shape (rows, count)."""
    packed = b"".join([row.to_bytes(8 * count, "little") for row in rows])
    return np.frombuffer(packed, dtype="<u8").astype(np.uint64).reshape(-1, count)
