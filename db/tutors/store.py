"""Named queries of tutors_db: who teaches, and which slots are booked."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from db.unit_of_work import Unit
from eventing.events import (
    Event,
    MatchingCompleted,
    StudentMatched,
    TutorMatched,
    TutorMatchRefused,
    TutorRegistered,
    TutorReleased,
)

ADD_TUTOR: Final = """
INSERT INTO tutors (tutor_id, name, subjects, grade_min, grade_max, capacity, available, times,
                    languages, price_band, experience_years, goals)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
"""

LIST_TUTORS: Final = """
SELECT tutor_id, version, name, subjects, grade_min, grade_max, capacity, capacity - booked AS free,
       available, times, languages, price_band, experience_years, goals
  FROM tutors
 WHERE NOT withdrawn
   AND ($1::boolean IS NULL OR (available AND booked < capacity) = $1)
   AND ($2::text IS NULL OR subjects @> ARRAY[$2])
   AND ($3::int IS NULL OR $3 BETWEEN grade_min AND grade_max)
 ORDER BY registered_at DESC, tutor_id LIMIT $4
"""

IS_KNOWN: Final = "SELECT true FROM tutors WHERE tutor_id = $1 AND NOT withdrawn"
BOOK: Final = "SELECT * FROM book_slot($1, $2, $3, $4, $5)"
WITHDRAW: Final = "SELECT * FROM withdraw_tutor($1)"

ACKNOWLEDGE: Final = """
UPDATE bookings SET acknowledged = true
 WHERE student_id = $1 AND round = $2 AND NOT acknowledged
"""
"""The student was told of this round."""


@dataclass(frozen=True, slots=True)
class Booking:
    """What became of a round: its outcome, whose slot came free, and the tutor as it is now."""

    outcome: str
    freed: str | None
    reason: str | None
    tutor_version: int
    capacity: int
    available: bool


@dataclass(frozen=True, slots=True)
class Declined:
    """A booking that a tutor's leaving undid."""

    student_id: str
    round: int
    match_id: str


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """A tutor's leaving: the tombstone's version and the bookings undone; `already` if repeated."""

    version: int
    already: bool
    declined: Sequence[Declined]


def add_tutor(work: Unit, tutor: TutorRegistered, name: str) -> None:
    """Remember a new tutor; the name stays in this database and in no event."""
    work.write(
        ADD_TUTOR,
        *(tutor.tutor_id, name, tutor.subjects, tutor.grade_min, tutor.grade_max, tutor.capacity),
        *(tutor.available, tutor.times, tutor.languages, tutor.price_band),
        *(tutor.experience_years, tutor.goals),
    )


async def list_tutors(
    work: Unit, available: bool | None, subject: str | None, grade: int | None, limit: int
) -> list[dict[str, Any]]:
    """Tutors, newest first; `free` is slots not booked."""
    return [dict(row) for row in await work.read(LIST_TUTORS, available, subject, grade, limit)]


async def is_known(work: Unit, tutor_id: str) -> bool:
    """Whether this tutor is registered and not withdrawn."""
    return bool(await work.read(IS_KNOWN, tutor_id))


async def book(work: Unit, event: MatchingCompleted) -> Booking:
    """Free the student's older slot, then book or refuse the one this round asks for."""
    row = (
        await work.call(
            BOOK, event.student_id, event.round, event.outcome, event.match_id, event.tutor_id
        )
    )[0]
    if row["freed"]:
        work.tell(row["freed"])
    if row["outcome"] == "booked" and event.tutor_id:
        work.tell(event.tutor_id)
    return Booking(**row)


def said_of(booking: Booking, event: MatchingCompleted) -> Event | None:
    """The fact that a booking's outcome is; None for old news and a first round without a slot."""
    match_fact = event.model_dump(include={"student_id", "round", "match_id", "tutor_id"})
    match booking.outcome:
        case "booked":
            return TutorMatched.model_validate({**match_fact, "reasons": event.reasons})
        case "refused":
            tutor = {
                "reason": booking.reason,
                "tutor_version": booking.tutor_version,
                "capacity": booking.capacity,
                "available": booking.available,
            }
            return TutorMatchRefused.model_validate({**match_fact, **tutor})
        case "released" if event.round > 1:
            return TutorReleased(
                student_id=event.student_id, round=event.round, tutor_id=booking.freed
            )
        case _:
            return None


def acknowledge(work: Unit, event: StudentMatched) -> None:
    """The student was told of this booking."""
    work.write(ACKNOWLEDGE, event.student_id, event.round)


async def withdraw(work: Unit, tutor_id: str) -> Withdrawal | None:
    """Erase a tutor and undo the bookings; None for an id never known."""
    rows = await work.call(WITHDRAW, tutor_id)
    if not rows:
        return None
    declined = [Declined(r["student_id"], r["round"], r["match_id"]) for r in rows[1:]]
    return Withdrawal(rows[0]["version"], rows[0]["already"], declined)
