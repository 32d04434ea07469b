"""Named queries of students_db: what is remembered about students, and what they are told."""

import json
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from db.unit_of_work import Unit
from eventing.events import (
    MatchEnded,
    MatchingCompleted,
    Reason,
    StudentRegistered,
    StudentUpdated,
    TutorMatched,
)

ADD_STUDENT: Final = """
INSERT INTO students (student_id, name, grade, subject, times, languages, budget_band, goals)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""

FIND_STUDENT: Final = """
SELECT s.student_id, s.version, s.name, s.grade, s.subject, s.times, s.languages, s.budget_band,
       s.goals, s.state, s.round, s.match_id, s.tutor_id, s.reasons, s.withdrawn, s.registered_at,
       n.created_at AS notified_at
  FROM students s
  LEFT JOIN notifications n ON n.recipient_id = s.student_id AND n.seq = s.last_seq
 WHERE s.student_id = $1
"""

LOCK_STUDENT: Final = """
SELECT version, state FROM students WHERE student_id = $1 AND NOT withdrawn FOR UPDATE
"""

CHANGE_STUDENT: Final = """
UPDATE students SET version = $2, name = $3, grade = $4, subject = $5, times = $6, languages = $7,
       budget_band = $8, goals = $9
 WHERE student_id = $1
"""
"""Not `changed_at`: that is when the story last went on (R6), which an update does not do."""

IS_KNOWN: Final = "SELECT true FROM students WHERE student_id = $1 AND NOT withdrawn"

HEAR: Final = "SELECT student_hears($1, $2, $3, $4, $5, $6, $7, $8) AS heard"
"""Apply a round and stage if it is newer than what is known; see the function in the schema."""

WITHDRAW: Final = """
WITH gone AS (
  UPDATE students SET withdrawn = true, version = version + 1, state = 'closed', name = NULL,
         grade = NULL, subject = NULL, times = '{}', languages = '{}', budget_band = NULL,
         goals = '{}', match_id = NULL, tutor_id = NULL, reasons = '[]', changed_at = now()
   WHERE student_id = $1 AND NOT withdrawn RETURNING version),
notes AS (DELETE FROM notifications WHERE recipient_id = $1),
answers AS (DELETE FROM idempotency WHERE resource_id = $1)
SELECT version FROM gone
"""
"""Erase personal data and stored answers; the id and the version stay as a tombstone (R9).

A rating stays: it holds ids and a number, is about the match, and the outcomes have it too.
"""

Heard = Literal["told", "proposed", "stale", "gone", "unknown"]
PROPOSED: Final = 1
FINAL: Final = 2
ENDED: Final = 3


@dataclass(frozen=True, slots=True)
class Present:
    """What an update has to know of the student it changes."""

    version: int
    state: str


@dataclass(frozen=True, slots=True)
class Change:
    """What a fact makes of a student: a round and stage, a state, and how the student is told."""

    student_id: str
    round: int
    stage: int
    state: str
    kind: str
    match_id: str | None = None
    tutor_id: str | None = None
    reasons: tuple[Reason, ...] = ()


def add_student(work: Unit, student: StudentRegistered, name: str) -> None:
    """Remember a new student; the name stays in this database and in no event."""
    work.write(
        ADD_STUDENT,
        *(student.student_id, name, student.grade, student.subject, student.times),
        *(student.languages, student.budget_band, student.goals),
    )


async def locked(work: Unit, student_id: str) -> Present | None:
    """A student whom nobody else changes until the commit, or None for unknown or withdrawn."""
    rows = await work.call(LOCK_STUDENT, student_id)
    return Present(**rows[0]) if rows else None


def change_student(work: Unit, student: StudentUpdated, name: str) -> None:
    """Replace a locked student's name and wishes."""
    work.write(
        CHANGE_STUDENT,
        *(student.student_id, student.version, name, student.grade, student.subject),
        *(student.times, student.languages, student.budget_band, student.goals),
    )


async def find_student(work: Unit, student_id: str) -> dict[str, Any] | None:
    """A student with the current match, or None for an unknown or withdrawn one."""
    rows = await work.read(FIND_STUDENT, student_id)
    if not rows or rows[0]["withdrawn"]:
        return None
    row = dict(rows[0])
    del row["withdrawn"]
    match = {name: row.pop(name) for name in ("match_id", "tutor_id")}
    reasons = json.loads(row.pop("reasons"))
    row["match"] = {**match, "reasons": reasons} if match["match_id"] else None
    return row


async def is_known(work: Unit, student_id: str) -> bool:
    """Whether this student is registered and not withdrawn."""
    return bool(await work.read(IS_KNOWN, student_id))


def change_by(event: MatchingCompleted | TutorMatched | MatchEnded) -> Change:
    """What a fact makes of a student (protocol R1): proposed, final or ended."""

    def change(stage: int, state: str, kind: str) -> Change:
        return Change(event.student_id, event.round, stage, state, kind)

    match event:
        case TutorMatched():
            final = change(FINAL, "matched", "matched")
            return replace(
                final,
                match_id=event.match_id,
                tutor_id=event.tutor_id,
                reasons=event.reasons,
            )
        case MatchEnded():
            return change(ENDED, "closed", "ended")
        case MatchingCompleted(outcome="matched"):
            return change(PROPOSED, "pending", "matched")
        case MatchingCompleted():
            return change(FINAL, event.outcome, event.outcome)


async def hear(work: Unit, change: Change) -> Heard:
    """Apply a change if it is news, and tell the student of it."""
    reasons = json.dumps([reason.model_dump(exclude_none=True) for reason in change.reasons])
    rows = await work.call(
        HEAR,
        *(change.student_id, change.round, change.stage, change.state, change.kind),
        *(change.match_id, change.tutor_id, reasons),
    )
    heard: Heard = rows[0]["heard"]
    if heard == "told":
        work.tell(change.student_id)
    return heard


async def withdraw(work: Unit, student_id: str) -> int | None:
    """Erase a student; the tombstone's version, or None when it was gone already."""
    rows = await work.call(WITHDRAW, student_id)
    return rows[0]["version"] if rows else None


async def was_ever_known(work: Unit, student_id: str) -> bool:
    """Whether the id is a student's, withdrawn or not."""
    return bool(await work.read("SELECT true FROM students WHERE student_id = $1", student_id))
