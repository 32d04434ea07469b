"""Named queries of matching_db: who asks, who teaches, which slots are held (protocol R1-R3).

Every `hear_*` answers with what is to be said: decisions about students, and tutors to wake for.
The rules themselves are the PL/pgSQL functions of the schema, one short call each.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import asyncpg

from db.unit_of_work import Unit
from eventing.events import (
    MatchDeclined,
    MatchingCompleted,
    MatchingRequested,
    Reason,
    StudentSnapshot,
    TutorMatchRefused,
    TutorSnapshot,
)

_ASKING: Final = "grade, subject, times, languages, budget_band, goals"
_OFFER: Final = """t.tutor_id, t.grade_min, t.grade_max, t.capacity, t.held, t.times, t.languages,
       t.price_band, t.experience_years, t.goals, t.rating_sum, t.rating_n, t.accepted_n,
       t.declined_n, t.ended_n, t.matches_n,
       date_part('epoch', now() - t.joined_at) / 86400 AS days_on_platform,
       cardinality(t.subjects) AS subjects_n"""
"""In the order of Offer's fields."""

CANDIDATES: Final = f"""
SELECT {_OFFER} FROM tutors t
 WHERE t.subjects @> ARRAY[$1::text] AND t.available AND t.held < t.capacity AND has_slot(t)
   AND $2 BETWEEN t.grade_min AND t.grade_max
   AND ($3::text[] = '{{}}' OR t.languages = '{{}}' OR $3 && t.languages)
   AND ($4::text[] = '{{}}' OR t.times = '{{}}' OR $4 && t.times)
   AND ($5::int IS NULL OR t.price_band IS NULL OR t.price_band <= $5)
   AND NOT t.tutor_id = ANY ($6::text[])
 LIMIT $7
"""
"""Tutors who could take this student now. A choice only: `decide` looks again under its locks."""

REQUEST: Final = f"SELECT student_id, {_ASKING}, excluded FROM requests WHERE student_id = $1"
OFFER: Final = f"SELECT {_OFFER} FROM tutors t WHERE t.tutor_id = $1"

HEAR_STUDENT: Final = "SELECT * FROM hear_student($1, $2, $3, $4, $5, $6, $7, $8, $9)"
HEAR_WITHDRAWAL: Final = "SELECT * FROM hear_withdrawal($1, $2)"
HEAR_NO: Final = "SELECT * FROM hear_no($1, $2, $3, $4, $5, $6, $7, $8)"
HEAR_RELEASE: Final = "SELECT * FROM hear_release($1, $2, $3)"
HEAR_BOOKING: Final = "SELECT * FROM hear_booking($1, $2)"
HEAR_TUTOR: Final = "SELECT * FROM hear_tutor($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"
HEAR_TUTOR_WITHDRAWAL: Final = "SELECT hear_tutor_withdrawal($1, $2)"
FILL_TUTOR: Final = "SELECT * FROM fill_tutor($1)"


@dataclass(frozen=True, slots=True)
class Asking:
    """What a student asks for, as far as matching knows; `excluded` tutors said no."""

    student_id: str
    grade: int
    subject: str
    times: Sequence[str]
    languages: Sequence[str]
    budget_band: int | None
    goals: Sequence[str]
    excluded: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Offer:
    """What a tutor offers, how many slots are held already, and what became of past matches.

    `matches_n` counts proposals, answered or not; None is what is not known.
    """

    tutor_id: str
    grade_min: int
    grade_max: int
    capacity: int
    held: int
    times: Sequence[str]
    languages: Sequence[str]
    price_band: int | None
    experience_years: int | None
    goals: Sequence[str]
    rating_sum: int = 0
    rating_n: int = 0
    accepted_n: int = 0
    declined_n: int = 0
    ended_n: int = 0
    matches_n: int = 0
    days_on_platform: float | None = None
    subjects_n: int | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to be said: `matched`, `waiting` or `closed` of a student, or `wake` of a tutor."""

    said: str
    student_id: str | None
    round: int | None
    student_version: int | None
    match_id: str | None
    tutor_id: str | None
    tutor_version: int | None

    def fact(self, reasons: Sequence[Reason] = ()) -> MatchingCompleted | MatchingRequested:
        """The event that says it; `reasons` are the ranker's, for a match."""
        if self.said == "wake":
            return MatchingRequested.model_validate(
                {"tutor_id": self.tutor_id, "version": self.tutor_version}
            )
        return MatchingCompleted.model_validate(
            {
                "student_id": self.student_id,
                "round": self.round,
                "outcome": self.said,
                "student_version": self.student_version,
                "match_id": self.match_id,
                "tutor_id": self.tutor_id,
                "reasons": reasons,
            }
        )


def asking(student: StudentSnapshot, excluded: Sequence[str] = ()) -> Asking:
    """The wishes in a student's snapshot."""
    return Asking(
        student.student_id,
        student.grade,
        student.subject,
        student.times,
        student.languages,
        student.budget_band,
        student.goals,
        excluded,
    )


async def asked(work: Unit, student_id: str) -> Asking | None:
    """The wishes of a student already known, or None (also when withdrawn)."""
    rows = await work.read(REQUEST, student_id)
    return Asking(**rows[0]) if rows and rows[0]["subject"] else None


async def candidates(work: Unit, wish: Asking, limit: int = 500) -> list[Offer]:
    """Tutors who could take this student now, at most `limit`, in no order.

    Raises Duplicate when the unit's event was applied before: nobody is ranked for a repeat.
    """
    rows = await work.look(
        CANDIDATES,
        *(wish.subject, wish.grade, wish.languages, wish.times, wish.budget_band),
        *(wish.excluded, limit),
    )
    return [Offer(*row) for row in rows]  # by place: a quarter of the cost, for each of 500


async def offer(work: Unit, tutor_id: str) -> Offer | None:
    """One tutor's offer."""
    rows = await work.read(OFFER, tutor_id)
    return Offer(*rows[0]) if rows else None


async def hear_student(
    work: Unit, student: StudentSnapshot, ranked: Sequence[str]
) -> list[Decision]:
    """A student registered or changed: decide, unless it is old news or the tutor still fits."""
    return _decisions(
        await work.call(
            HEAR_STUDENT,
            *(student.student_id, student.version, student.grade, student.subject, student.times),
            *(student.languages, student.budget_band, student.goals, ranked),
        )
    )


async def hear_withdrawal(work: Unit, student_id: str, version: int) -> list[Decision]:
    """A student left: the request closes."""
    return _decisions(await work.call(HEAR_WITHDRAWAL, student_id, version))


async def hear_no(
    work: Unit, event: TutorMatchRefused | MatchDeclined, ranked: Sequence[str]
) -> list[Decision]:
    """A slot was refused or declined: give the hold back, and decide anew if it was current."""
    slots = (
        (event.tutor_version, event.capacity, event.available)
        if isinstance(event, TutorMatchRefused)
        else (None, None, None)
    )
    declined = isinstance(event, MatchDeclined)
    return _decisions(
        await work.call(
            HEAR_NO, event.student_id, event.round, event.tutor_id, declined, *slots, ranked
        )
    )


async def hear_release(
    work: Unit, student_id: str, round: int, *, ended: bool = False
) -> list[Decision]:
    """The student holds nothing any more as of this round."""
    return _decisions(await work.call(HEAR_RELEASE, student_id, round, ended))


async def hear_booking(work: Unit, student_id: str, round: int) -> list[Decision]:
    """The hold of this round is a booking; older holds of the student are over."""
    return _decisions(await work.call(HEAR_BOOKING, student_id, round))


async def hear_tutor(work: Unit, tutor: TutorSnapshot) -> list[Decision]:
    """A tutor registered or changed."""
    return _decisions(
        await work.call(
            HEAR_TUTOR,
            *(tutor.tutor_id, tutor.version, tutor.subjects, tutor.grade_min, tutor.grade_max),
            *(tutor.capacity, tutor.available, tutor.times, tutor.languages, tutor.price_band),
            *(tutor.experience_years, tutor.goals),
        )
    )


async def hear_tutor_withdrawal(work: Unit, tutor_id: str, version: int) -> None:
    """A tutor left: nobody is matched with this tutor any more."""
    await work.call(HEAR_TUTOR_WITHDRAWAL, tutor_id, version)


async def fill_tutor(work: Unit, tutor_id: str) -> list[Decision]:
    """Give a tutor's free slots to those who wait, the oldest first."""
    return _decisions(await work.call(FILL_TUTOR, tutor_id))


def _decisions(rows: Sequence[asyncpg.Record]) -> list[Decision]:
    return [Decision(**row) for row in rows]
