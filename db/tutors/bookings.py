"""Named queries of tutors_db about its bookings: which slots are taken, and what tutors answer."""

from dataclasses import dataclass
from typing import Final, Literal

from db.unit_of_work import Unit
from eventing.events import (
    Event,
    MatchAccepted,
    MatchDeclined,
    MatchEnded,
    MatchFact,
    MatchingCompleted,
    StudentMatched,
    TutorMatched,
    TutorMatchRefused,
    TutorReleased,
)

BOOK: Final = "SELECT * FROM book_slot($1, $2, $3, $4, $5)"
RESPOND: Final = "SELECT * FROM respond_to_match($1, $2)"

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
class Answer:
    """What became of a tutor's answer: the state the match has now, and the fact if it is news."""

    outcome: Literal["done", "same", "refused"]
    state: str
    fact: MatchFact | None


_ANSWERS: Final[dict[str, tuple[str, type[MatchFact]]]] = {
    "accept": ("accepted", MatchAccepted),
    "decline": ("declined", MatchDeclined),
    "end": ("ended", MatchEnded),
}
"""By what a tutor says, the state that the match gets and the fact that says so."""


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


async def respond(work: Unit, match_id: str, response: str) -> Answer | None:
    """Accept, decline or end a match and tell the tutor of a slot come free; None if unknown."""
    wanted, said = _ANSWERS[response]
    rows = await work.call(RESPOND, match_id, wanted)
    if not rows:
        return None
    (row,) = rows
    if row["outcome"] != "done":
        return Answer(row["outcome"], row["state"], None)
    if wanted != "accepted":
        work.tell(row["tutor_id"])
    return Answer("done", wanted, said.model_validate({**row, "match_id": match_id}))
