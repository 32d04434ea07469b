"""Operations on students_db: register, update and withdraw a student, and notify_student."""

from dataclasses import replace
from typing import Any, Literal

from eventing.events import (
    Event,
    MatchEnded,
    MatchingCompleted,
    StudentMatched,
    StudentRegistered,
    StudentSnapshot,
    StudentUpdated,
    StudentWithdrawn,
    TutorMatched,
)
from tests.protocol.rows import ENDED, FINAL, PROPOSED, Notification, Student
from tests.protocol.tables import StudentsDb

Told = Literal["matched", "waiting", "closed", "ended"]


def register_student(db: StudentsDb, wish: StudentSnapshot) -> None:
    """Writes the student, says student.registered."""
    db.students[wish.student_id] = Student(wish.student_id, mark=wish.student_id)
    db.say(StudentRegistered(**_content(wish, version=1)))


def update_student(db: StudentsDb, wish: StudentSnapshot) -> None:
    """Raises the version, says student.updated; who is withdrawn or has ended stays so."""
    student = db.students[wish.student_id]
    if student.withdrawn or student.state == "ended":
        return
    db.students[student.student_id] = replace(student, version=student.version + 1)
    db.say(StudentUpdated(**_content(wish, version=student.version + 1)))


def withdraw_student(db: StudentsDb, student_id: str) -> None:
    """Leaves a tombstone, says student.withdrawn."""
    student = db.students[student_id]
    if student.withdrawn:
        return
    version = student.version + 1
    db.students[student_id] = replace(student, version=version, withdrawn=True)
    db.say(StudentWithdrawn(student_id=student_id, version=version))


def _content(wish: StudentSnapshot, version: int) -> dict[str, Any]:
    return {**wish.__dict__, "version": version}


def notify_student(db: StudentsDb, event: Event) -> None:
    """Keeps what the student reads at the newest (round, stage), and tells it when final."""
    match event:
        case MatchingCompleted(outcome="matched"):
            _move(db, event, PROPOSED)
        case MatchingCompleted(outcome=("waiting" | "closed") as outcome):
            _move(db, event, FINAL, outcome)
        case TutorMatched():
            if _move(db, event, FINAL, "matched"):
                told = {key: getattr(event, key) for key in StudentMatched.model_fields}
                db.say(StudentMatched(**told))
        case MatchEnded():
            _move(db, event, ENDED, "ended")


def _move(
    db: StudentsDb,
    event: MatchingCompleted | TutorMatched | MatchEnded,
    stage: int,
    told: Told | None = None,
) -> bool:
    student = db.students[event.student_id]
    if student.withdrawn:
        return False
    if db.rules.stages and (event.round, stage) <= (student.round, student.stage):
        return False
    db.students[event.student_id] = replace(
        student,
        round=event.round,
        stage=stage,
        state=told or "pending",
        match_id=event.match_id,
        tutor_id=event.tutor_id,
    )
    if told:
        seq = len(db.notifications)
        word = (student.student_id, seq, student.student_id, event.round, told)
        db.tell(Notification(*word, match_id=event.match_id, tutor_id=event.tutor_id))
    return True
