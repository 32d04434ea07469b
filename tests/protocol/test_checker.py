"""Each kind of broken promise is seen in a small state made by hand, and a sound one passes."""

from dataclasses import replace

import pytest

from eventing.events import StudentSnapshot, TutorSnapshot
from tests.protocol.checker import Kind, check_at_rest
from tests.protocol.rows import (
    FINAL,
    Booking,
    Hold,
    IndexedTutor,
    Notification,
    Registration,
    Request,
    Student,
    Tutor,
    World,
)

WISH = StudentSnapshot(student_id="s", version=1, grade=7, subject="physics")
OFFER = TutorSnapshot(tutor_id="t", version=1, subjects=("physics",), capacity=1, available=True)
STUDENT = Student("s", "mark", round=1, stage=FINAL, state="matched", match_id="m", tutor_id="t")
TOLD = Notification("s", 1, "s", 1, "matched", "m", "t")
TUTOR_TOLD = Notification("t", 1, "s", 1, "matched", "m", "t")
REQUEST = Request("s", 1, WISH, round=1, state="matched", match_id="m", tutor_id="t")
INDEXED = IndexedTutor("t", 1, OFFER, limits_version=1, capacity=1, available=True)
TUTOR = Tutor("t", 1, OFFER, capacity=1, available=True, booked=1)
BOOKING = Booking("s", 1, "booked", "m", "t")

MATCHED = World(
    registrations=(Registration("mark", "s"),),
    students=(STUDENT,),
    notifications=(TOLD, TUTOR_TOLD),
    requests=(REQUEST,),
    holds=(Hold("s", 1, "m", "t"),),
    index=(INDEXED,),
    tutors=(TUTOR,),
    bookings=(BOOKING,),
)
WAITING = World(
    registrations=MATCHED.registrations,
    students=(Student("s", "mark", round=1, stage=FINAL, state="waiting"),),
    notifications=(Notification("s", 1, "s", 1, "waiting"),),
    requests=(Request("s", 1, WISH, round=1, state="waiting"),),
    bookings=(Booking("s", 1, "released"),),
)
FREE = replace(WAITING, index=(INDEXED,), tutors=(replace(TUTOR, booked=0),))


def _kinds(world: World) -> set[Kind]:
    return {violation.kind for violation in check_at_rest(world)}


ACCEPTED = replace(MATCHED, bookings=(replace(BOOKING, state="accepted"),))


@pytest.mark.parametrize(
    "world", [MATCHED, ACCEPTED, WAITING], ids=["booked", "accepted", "waiting"]
)
def test_a_sound_state_has_no_violation(world: World) -> None:
    assert check_at_rest(world) == []


@pytest.mark.parametrize(
    ("kind", "world"),
    [
        ("lost", replace(MATCHED, students=())),
        ("lost", replace(MATCHED, requests=())),
        ("lost", replace(MATCHED, students=(replace(STUDENT, stage=1, state="pending"),))),
        ("duplicated", replace(MATCHED, students=(STUDENT, replace(STUDENT, student_id="s2")))),
        ("duplicated", replace(MATCHED, notifications=(TOLD, replace(TOLD, seq=2), TUTOR_TOLD))),
        ("unexpected", replace(MATCHED, registrations=())),
        ("unexpected", replace(MATCHED, students=(), registrations=())),
        ("over_capacity", replace(MATCHED, tutors=(replace(TUTOR, capacity=0),))),
        ("over_capacity", replace(MATCHED, tutors=(replace(TUTOR, booked=2),))),
        ("hold_mismatch", replace(MATCHED, holds=())),
        ("hold_mismatch", replace(MATCHED, holds=(*MATCHED.holds, Hold("s", 0, "m0", "t")))),
        ("hold_mismatch", replace(MATCHED, tutors=(replace(TUTOR, booked=0),))),
        ("told_mismatch", replace(MATCHED, notifications=(TUTOR_TOLD,))),
        ("told_mismatch", replace(MATCHED, notifications=(TOLD,))),
        ("told_mismatch", replace(MATCHED, students=(replace(STUDENT, state="waiting"),))),
        ("stranded_waiter", FREE),
        ("round_mismatch", replace(MATCHED, bookings=())),
        ("round_mismatch", replace(MATCHED, requests=(replace(REQUEST, round=2),))),
        ("round_mismatch", replace(MATCHED, students=(replace(STUDENT, round=2),))),
        ("round_mismatch", replace(WAITING, bookings=(BOOKING,))),
    ],
)
def test_a_broken_promise_is_seen(kind: Kind, world: World) -> None:
    assert kind in _kinds(world)


def test_an_older_word_after_a_newer_is_seen() -> None:
    older = Notification("s", 0, "s", 2, "waiting")
    world = replace(MATCHED, notifications=(older, TOLD, TUTOR_TOLD))
    assert _kinds(world) == {"told_mismatch"}


def test_an_ended_match_may_be_read_as_closed_and_leaves_no_slot() -> None:
    ended = replace(
        MATCHED,
        students=(replace(STUDENT, state="closed", stage=3),),
        notifications=(TOLD, replace(TOLD, seq=2, kind="ended")),
        requests=(replace(REQUEST, state="closed"),),
        holds=(),
        tutors=(replace(TUTOR, booked=0, withdrawn=True),),
        bookings=(replace(BOOKING, state="ended"),),
    )
    assert check_at_rest(ended) == []
    assert _kinds(replace(ended, holds=MATCHED.holds)) == {"hold_mismatch"}


def test_a_registration_that_timed_out_may_exist_once_or_not_at_all() -> None:
    timed_out = (Registration("mark", None),)
    assert check_at_rest(replace(MATCHED, registrations=timed_out)) == []
    assert check_at_rest(World(registrations=timed_out)) == []


def test_a_withdrawn_student_is_told_nothing_more_and_keeps_no_slot() -> None:
    tombstone = replace(WAITING, students=(Student("s", "mark", version=2, withdrawn=True),))
    closed = replace(REQUEST, round=2, state="closed", wish=None)
    released = (Booking("s", 2, "released"),)
    assert check_at_rest(replace(tombstone, requests=(closed,), bookings=released)) == []
    assert "hold_mismatch" in _kinds(replace(tombstone, holds=MATCHED.holds))


@pytest.mark.parametrize("excuse", ["excluded", "withdrawn", "unavailable", "unfit", "quarantine"])
def test_a_waiter_may_wait_while_the_free_tutor_is_not_for_it(excuse: str) -> None:
    request, tutor, indexed = WAITING.requests[0], FREE.tutors[0], INDEXED
    match excuse:
        case "excluded":
            request = replace(request, excluded=frozenset({"t"}))
        case "withdrawn":
            tutor = replace(tutor, withdrawn=True)
        case "unavailable":
            tutor = replace(tutor, available=False)
        case "unfit":
            tutor = replace(tutor, offer=OFFER.model_copy(update={"grade_min": 8}))
        case _:
            indexed = replace(indexed, limits_version=3, quarantined_version=3)
    world = replace(FREE, requests=(request,), tutors=(tutor,), index=(indexed,))
    assert check_at_rest(world) == []
