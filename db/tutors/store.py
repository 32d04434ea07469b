"""Named queries of tutors_db: who teaches, when and how many."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from db.unit_of_work import Unit
from eventing.events import TutorAvailabilityChanged, TutorRegistered

ADD_TUTOR: Final = """
INSERT INTO tutors (tutor_id, name, subjects, grade_min, grade_max, capacity, available, times,
                    languages, price_band, experience_years, goals)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
"""

_SHOWN: Final = """t.tutor_id, t.version, t.name, t.subjects, t.grade_min, t.grade_max, t.capacity,
       t.capacity - t.booked AS free, t.available, t.times, t.languages, t.price_band,
       t.experience_years, t.goals, t.registered_at"""

LIST_TUTORS: Final = f"""
SELECT {_SHOWN} FROM tutors t
 WHERE NOT withdrawn
   AND ($1::boolean IS NULL OR (available AND booked < capacity) = $1)
   AND ($2::text IS NULL OR subjects @> ARRAY[$2])
   AND ($3::int IS NULL OR $3 BETWEEN grade_min AND grade_max)
   AND registered_at <= coalesce($4::timestamptz, 'infinity')
   AND (registered_at < coalesce($4, 'infinity') OR tutor_id > $5)
 ORDER BY registered_at DESC, tutor_id LIMIT $6
"""
"""A page that begins after a row, or at the newest; `coalesce` keeps the index for both."""

FIND_TUTOR: Final = f"""
SELECT {_SHOWN}, b.student_id, b.match_id, b.round, b.state
  FROM tutors t
  LEFT JOIN bookings b ON b.tutor_id = t.tutor_id AND b.state IN ('booked', 'accepted')
 WHERE t.tutor_id = $1 AND NOT t.withdrawn
 ORDER BY b.changed_at, b.student_id
"""

IS_KNOWN: Final = "SELECT true FROM tutors WHERE tutor_id = $1 AND NOT withdrawn"
WITHDRAW: Final = "SELECT * FROM withdraw_tutor($1)"

CHANGE: Final = """
SELECT outcome, (tutor).booked, (tutor).tutor_id, (tutor).version, (tutor).subjects,
       (tutor).grade_min, (tutor).grade_max, (tutor).capacity, (tutor).available, (tutor).times,
       (tutor).languages, (tutor).price_band, (tutor).experience_years, (tutor).goals
  FROM change_availability($1, $2, $3, $4, $5)
"""


@dataclass(frozen=True, slots=True)
class Change:
    """What became of a change of availability, and the tutor as it is now."""

    outcome: Literal["changed", "stale", "below"]
    booked: int
    changed: TutorAvailabilityChanged


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
    work: Unit,
    available: bool | None,
    subject: str | None,
    grade: int | None,
    *,
    limit: int,
    after: tuple[datetime, str] | None = None,
) -> list[dict[str, Any]]:
    """Tutors, newest first, after the one of that moment and id; `free` is slots not booked."""
    moment, tutor_id = after or (None, "")
    rows = await work.read(LIST_TUTORS, available, subject, grade, moment, tutor_id, limit)
    return [dict(row) for row in rows]


async def find_tutor(work: Unit, tutor_id: str) -> dict[str, Any] | None:
    """A tutor with the students who have a slot, or None for an unknown or withdrawn one."""
    rows = await work.read(FIND_TUTOR, tutor_id)
    if not rows:
        return None
    of_booking = ("student_id", "match_id", "round", "state")
    tutor = {name: value for name, value in rows[0].items() if name not in of_booking}
    students = [{name: row[name] for name in of_booking} for row in rows if row["student_id"]]
    return {**tutor, "students": students}


async def change_availability(
    work: Unit,
    tutor_id: str,
    versions: Sequence[int] | None,
    capacity: int,
    available: bool,
    times: Sequence[str],
) -> Change | None:
    """Change a tutor of one of these versions (None: of any); None for an unknown tutor."""
    rows = await work.call(CHANGE, tutor_id, versions, capacity, available, times)
    if not rows:
        return None
    changed = TutorAvailabilityChanged.model_validate(dict(rows[0]))
    return Change(rows[0]["outcome"], rows[0]["booked"], changed)


async def is_known(work: Unit, tutor_id: str) -> bool:
    """Whether this tutor is registered and not withdrawn."""
    return bool(await work.read(IS_KNOWN, tutor_id))


async def withdraw(work: Unit, tutor_id: str) -> Withdrawal | None:
    """Erase a tutor and undo the bookings; None for an id never known."""
    rows = await work.call(WITHDRAW, tutor_id)
    if not rows:
        return None
    declined = [Declined(r["student_id"], r["round"], r["match_id"]) for r in rows[1:]]
    return Withdrawal(rows[0]["version"], rows[0]["already"], declined)
