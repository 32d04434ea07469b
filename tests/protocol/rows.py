"""The rows of the three databases as plain data: what the simulation keeps and the checker reads.

They hold the columns the protocol speaks of; filled from a real database they are judged alike.
"""

from dataclasses import dataclass
from typing import Literal

from eventing.events import StudentSnapshot, TutorSnapshot

PENDING, PROPOSED, FINAL, ENDED = 0, 1, 2, 3


@dataclass(frozen=True, slots=True)
class Registration:
    """One attempt to register, by the sender's own mark; `student_id` is None on a time-out."""

    mark: str
    student_id: str | None


@dataclass(frozen=True, slots=True)
class Student:
    """students_db: `state` is what the student may read, `(round, stage)` how new that is."""

    student_id: str
    mark: str
    version: int = 1
    withdrawn: bool = False
    round: int = 0
    stage: int = PENDING
    state: Literal["pending", "waiting", "matched", "closed", "ended"] = "pending"
    match_id: str | None = None
    tutor_id: str | None = None


@dataclass(frozen=True, slots=True)
class Notification:
    """What a student or a tutor was told about a student, in the order of `seq` per recipient."""

    recipient_id: str
    seq: int
    student_id: str
    round: int
    kind: Literal["matched", "waiting", "closed", "ended", "released"]
    match_id: str | None = None
    tutor_id: str | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """matching_db: the one request of a student; without `wish` it is a tombstone."""

    student_id: str
    student_version: int
    wish: StudentSnapshot | None
    waiting_since: int = 0
    round: int = 0
    state: Literal["new", "waiting", "matched", "closed"] = "new"
    match_id: str | None = None
    tutor_id: str | None = None
    excluded: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Hold:
    """matching_db: a slot held; `tutor_version` is what the index knew when it was taken."""

    student_id: str
    round: int
    match_id: str
    tutor_id: str
    tutor_version: int = 0
    confirmed: bool = False


@dataclass(frozen=True, slots=True)
class IndexedTutor:
    """matching_db: a tutor as last heard; the limits may be newer than the rest of the offer."""

    tutor_id: str
    version: int
    offer: TutorSnapshot | None
    limits_version: int
    capacity: int
    available: bool
    quarantined_version: int | None = None

    @property
    def quarantined(self) -> bool:
        """Whether tutors_db refused a slot that this very version promised."""
        return self.quarantined_version == self.limits_version


@dataclass(frozen=True, slots=True)
class Tutor:
    """tutors_db: a tutor, and the slots booked as its own column counts them."""

    tutor_id: str
    version: int
    offer: TutorSnapshot
    capacity: int
    available: bool
    booked: int = 0
    withdrawn: bool = False


@dataclass(frozen=True, slots=True)
class Booking:
    """tutors_db: the newest round heard of a student, and what became of it."""

    student_id: str
    round: int
    state: Literal["booked", "accepted", "refused", "released", "declined", "ended"]
    match_id: str | None = None
    tutor_id: str | None = None
    acknowledged: bool = False

    @property
    def live(self) -> bool:
        """Whether it occupies a slot."""
        return self.state in ("booked", "accepted")


@dataclass(frozen=True)
class World:
    """Everything the checker judges, read when nothing is on its way."""

    registrations: tuple[Registration, ...] = ()
    students: tuple[Student, ...] = ()
    notifications: tuple[Notification, ...] = ()
    requests: tuple[Request, ...] = ()
    holds: tuple[Hold, ...] = ()
    index: tuple[IndexedTutor, ...] = ()
    tutors: tuple[Tutor, ...] = ()
    bookings: tuple[Booking, ...] = ()


def fits(wish: StudentSnapshot, offer: TutorSnapshot) -> bool:
    """Whether the hard constraints hold that neither slots nor a decline decide."""
    return (
        wish.subject in offer.subjects
        and offer.grade_min <= wish.grade <= offer.grade_max
        and _meet(wish.languages, offer.languages)
        and _meet(wish.times, offer.times)
        and (
            wish.budget_band is None
            or offer.price_band is None
            or offer.price_band <= wish.budget_band
        )
    )


def _meet(wanted: tuple[str, ...], offered: tuple[str, ...]) -> bool:
    return not wanted or not offered or not set(wanted).isdisjoint(offered)
