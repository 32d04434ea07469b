"""Judges the three databases by the promises at the end of the protocol.

It reads plain rows, so the simulation and the real databases have the same judge. Sender's rules
are those of Jepsen's total-queue: a registration that timed out may exist or not, but once.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from tests.protocol.rows import FINAL, Booking, Notification, Request, Student, Tutor, World, fits

Kind = Literal[
    "lost",
    "duplicated",
    "unexpected",
    "over_capacity",
    "hold_mismatch",
    "told_mismatch",
    "stranded_waiter",
    "round_mismatch",
]
Slot = tuple[str, int, str | None, str | None]


@dataclass(frozen=True, slots=True)
class Violation:
    """A broken promise: its kind, the id of the student or tutor it hurts, and what was seen."""

    kind: Kind
    who: str
    detail: str


def check_at_rest(world: World) -> list[Violation]:
    """All promises, for a reading made when every message was handled and every fault healed."""
    return [
        *_registrations(world),
        *_repeats(world),
        *over_capacity(world.tutors, world.bookings),
        *_holds(world),
        *_rounds(world),
        *_told_students(world),
        *_told_tutors(world),
        *_stranded(world),
    ]


def over_capacity(tutors: Iterable[Tutor], bookings: Iterable[Booking]) -> Iterator[Violation]:
    """The promise of every single reading of tutors_db: no tutor is booked beyond capacity."""
    booked = Counter(b.tutor_id for b in bookings if b.live)
    for tutor in tutors:
        count = booked[tutor.tutor_id]
        if max(count, tutor.booked) > tutor.capacity:
            seen = f"{count} booked ({tutor.booked} by its column), capacity {tutor.capacity}"
            yield Violation("over_capacity", tutor.tutor_id, seen)
        elif count != tutor.booked:
            seen = f"{count} booked, {tutor.booked} by its column"
            yield Violation("hold_mismatch", tutor.tutor_id, seen)


def _registrations(world: World) -> Iterator[Violation]:
    sent = {registration.mark for registration in world.registrations}
    known = {student.student_id: student for student in world.students}
    requested = {request.student_id for request in world.requests}
    accepted = {r.student_id for r in world.registrations if r.student_id is not None}
    for student_id in sorted(accepted - known.keys()):
        yield Violation("lost", student_id, "accepted, but there is no such student")
    for student in world.students:
        if student.mark not in sent:
            yield Violation("unexpected", student.student_id, "nobody sent this registration")
        if student.student_id not in requested:
            yield Violation("lost", student.student_id, "matching never heard of the student")
        elif not student.withdrawn and student.stage < FINAL:
            yield Violation("lost", student.student_id, f"no outcome of round {student.round}")
    for student_id in sorted((requested | {b.student_id for b in world.bookings}) - known.keys()):
        yield Violation("unexpected", student_id, "matching or tutors know a student nobody is")


def _repeats(world: World) -> Iterator[Violation]:
    marks = Counter(student.mark for student in world.students)
    for student in world.students:
        if marks[student.mark] > 1:
            yield Violation("duplicated", student.student_id, f"registered {marks[student.mark]} x")
    told = Counter((n.recipient_id, n.student_id, n.round, n.kind) for n in world.notifications)
    for (recipient, student_id, round_, kind), times in told.items():
        if times > 1:
            seen = f"told {kind} of {student_id}, round {round_}, {times} x"
            yield Violation("duplicated", recipient, seen)


def _holds(world: World) -> Iterator[Violation]:
    held: Counter[Slot] = Counter(
        (h.student_id, h.round, h.match_id, h.tutor_id) for h in world.holds
    )
    booked: Counter[Slot] = Counter(
        (b.student_id, b.round, b.match_id, b.tutor_id) for b in world.bookings if b.live
    )
    for slot in held - booked:
        yield Violation("hold_mismatch", slot[0], f"held and not booked: {slot[1:]}")
    for slot in booked - held:
        yield Violation("hold_mismatch", slot[0], f"booked and not held: {slot[1:]}")


def _rounds(world: World) -> Iterator[Violation]:
    students = {student.student_id: student for student in world.students}
    bookings = {booking.student_id: booking for booking in world.bookings}
    for request in world.requests:
        student, booking = students.get(request.student_id), bookings.get(request.student_id)
        agree = booking is not None and booking.round == request.round
        if booking is not None:
            agree &= (request.state == "matched") == booking.live
        if student is not None and not student.withdrawn:
            agree &= student.round == request.round
        if not agree:
            seen = f"matching {_of(request)}, tutors {_of(booking)}, students {_of(student)}"
            yield Violation("round_mismatch", request.student_id, seen)


def _of(row: Request | Booking | Student | None) -> str:
    return f"{row.round}:{row.state}:{row.tutor_id}" if row else "nothing"


def _told_students(world: World) -> Iterator[Violation]:
    told = _by_recipient(world.notifications)
    bookings = {b.student_id: b for b in world.bookings if b.live}
    requests = {request.student_id: request for request in world.requests}
    for student in world.students:
        if student.withdrawn or student.student_id not in requests:
            continue
        words = told[student.student_id]
        rounds = [(word.round, word.kind == "ended") for word in words]
        if rounds != sorted(rounds):
            yield Violation("told_mismatch", student.student_id, f"older after newer: {words}")
        booking, state = bookings.get(student.student_id), requests[student.student_id].state
        last = (words[-1].kind, words[-1].tutor_id) if words else ("nothing", None)
        if booking:
            right = last == ("matched", booking.tutor_id) == (student.state, student.tutor_id)
        else:
            right = {last[0], student.state} <= _UNBOOKED.get(state, set())
        if not right:
            seen = f"told {last}, reads {_of(student)}, booked {_of(booking)}, request {state}"
            yield Violation("told_mismatch", student.student_id, seen)


_UNBOOKED = {"waiting": {"waiting"}, "closed": {"closed", "ended"}}


def _told_tutors(world: World) -> Iterator[Violation]:
    booked = {(b.tutor_id, b.student_id): b.match_id for b in world.bookings if b.live}
    told = _by_recipient(world.notifications)
    for tutor in world.tutors:
        if tutor.withdrawn:
            continue
        last = {word.student_id: word for word in told[tutor.tutor_id]}
        believes = {s: word.match_id for s, word in last.items() if word.kind == "matched"}
        teaches = {s: match for (t, s), match in booked.items() if t == tutor.tutor_id}
        if believes != teaches:
            seen = f"believes {believes}, is booked for {teaches}"
            yield Violation("told_mismatch", tutor.tutor_id, seen)


def _by_recipient(notifications: Iterable[Notification]) -> defaultdict[str, list[Notification]]:
    told: defaultdict[str, list[Notification]] = defaultdict(list)
    for word in sorted(notifications, key=lambda word: word.seq):
        told[word.recipient_id].append(word)
    return told


def _stranded(world: World) -> Iterator[Violation]:
    free = _free_tutors(world)
    for request in world.requests:
        if request.state != "waiting" or request.wish is None:
            continue
        for tutor in free:
            if tutor.tutor_id not in request.excluded and fits(request.wish, tutor.offer):
                seen = f"waits while {tutor.tutor_id} is free"
                yield Violation("stranded_waiter", request.student_id, seen)


def _free_tutors(world: World) -> list[Tutor]:
    """By tutors_db; a quarantine excuses only if the index and tutors_db differ in version."""
    booked = Counter(b.tutor_id for b in world.bookings if b.live)
    versions = {tutor.tutor_id: tutor.version for tutor in world.tutors}
    shunned = {
        indexed.tutor_id
        for indexed in world.index
        if indexed.quarantined and indexed.limits_version != versions.get(indexed.tutor_id)
    }
    return [
        tutor
        for tutor in world.tutors
        if tutor.available
        and not tutor.withdrawn
        and tutor.tutor_id not in shunned
        and booked[tutor.tutor_id] < tutor.capacity
    ]
