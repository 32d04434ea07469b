"""What a refusal or a decline may teach matching: too rare for random seeds, so step by step."""

import pytest

from eventing.events import (
    MatchDeclined,
    MatchingCompleted,
    StudentRegistered,
    StudentUpdated,
    StudentWithdrawn,
    TutorAvailabilityChanged,
    TutorMatchRefused,
    TutorRegistered,
    TutorReleased,
)
from tests.protocol.matching_side import index_tutor, match_student
from tests.protocol.tables import MatchingDb, Rules

MATHS, PHYSICS = ("mathematics",), ("physics",)


def _matching(tutor_capacity: int, students: int, **rules: bool) -> MatchingDb:
    db = MatchingDb(Rules(**rules))
    tutor = TutorRegistered(
        tutor_id="t", version=1, subjects=MATHS, capacity=tutor_capacity, available=True
    )
    index_tutor(db, tutor)
    for number in range(students):
        match_student(db, _student(f"s{number}"))
    return db


def _student(student_id: str, subject: str = "mathematics") -> StudentRegistered:
    return StudentRegistered(student_id=student_id, version=1, grade=7, subject=subject)


def _refusal(student_id: str, version: int, capacity: int) -> TutorMatchRefused:
    return TutorMatchRefused(
        student_id=student_id,
        round=1,
        match_id=f"{student_id}-1",
        tutor_id="t",
        reason="capacity" if capacity else "unknown",
        tutor_version=version,
        capacity=capacity,
        available=capacity > 0,
    )


def _changed(subjects: tuple[str, ...], capacity: int = 1) -> TutorAvailabilityChanged:
    return TutorAvailabilityChanged(
        tutor_id="t", version=2, subjects=subjects, capacity=capacity, available=True
    )


@pytest.mark.parametrize("own_limits", [True, False])
def test_limits_learnt_from_a_refusal_do_not_hide_the_snapshot_of_that_version(
    own_limits: bool,
) -> None:
    db = _matching(2, students=2, own_limits=own_limits)
    match_student(db, _refusal("s1", version=2, capacity=1))
    index_tutor(db, _changed(MATHS + PHYSICS))
    offer = db.index["t"].offer
    assert offer is not None
    assert offer.subjects == (MATHS + PHYSICS if own_limits else MATHS)


@pytest.mark.parametrize("fair_quarantine", [True, False])
def test_a_refusal_of_an_older_hold_does_not_quarantine_and_the_freed_slot_is_given(
    fair_quarantine: bool,
) -> None:
    db = _matching(2, students=2, fair_quarantine=fair_quarantine)
    index_tutor(db, _changed(MATHS))
    match_student(db, _refusal("s1", version=2, capacity=1))
    match_student(db, StudentWithdrawn(student_id="s0", version=2))
    index_tutor(db, TutorReleased(student_id="s0", round=2, tutor_id="t"))
    assert db.index["t"].quarantined is not fair_quarantine
    assert (db.said[-1].topic == "matching.requested") is fair_quarantine


def test_a_refusal_heard_twice_does_not_quarantine() -> None:
    db = _matching(2, students=2)
    for _ in range(2):
        match_student(db, _refusal("s1", version=2, capacity=1))
    assert not db.index["t"].quarantined


def test_a_tutor_that_tutors_db_does_not_know_is_left_alone_until_a_newer_version() -> None:
    db = _matching(1, students=1)
    match_student(db, _refusal("s0", version=0, capacity=0))
    last = db.said[-1]
    assert isinstance(last, MatchingCompleted)
    assert last.outcome == "waiting"
    assert db.index["t"].quarantined

    index_tutor(db, _changed(MATHS))
    assert db.said[-1].topic == "matching.requested"


def test_a_refusal_of_a_version_already_replaced_does_not_quarantine_the_newer_one() -> None:
    db = _matching(1, students=1)
    index_tutor(db, _changed(MATHS))
    match_student(db, _refusal("s0", version=1, capacity=1))
    assert not db.index["t"].quarantined


@pytest.mark.parametrize("current_only", [True, False])
def test_a_decline_of_a_match_that_the_student_has_left_excludes_nobody(current_only: bool) -> None:
    db = _matching(1, students=1, current_only=current_only)
    moved = StudentUpdated(student_id="s0", version=2, grade=7, subject="physics")
    match_student(db, moved)
    match_student(db, MatchDeclined(student_id="s0", round=1, match_id="s0-1", tutor_id="t"))
    assert db.holds == {}
    assert bool(db.requests["s0"].excluded) is not current_only


def test_a_decline_of_the_current_match_excludes_that_tutor() -> None:
    db = _matching(1, students=1)
    match_student(db, MatchDeclined(student_id="s0", round=1, match_id="s0-1", tutor_id="t"))
    assert db.requests["s0"].excluded == {"t"}
    assert db.requests["s0"].state == "waiting"
