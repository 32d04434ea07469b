"""Operations on tutors_db: tutors' own commands, and book_tutor, the authority over slots."""

from dataclasses import replace
from typing import Any, Final, Literal

from eventing.events import (
    Event,
    MatchAccepted,
    MatchDeclined,
    MatchEnded,
    MatchingCompleted,
    RefusalReason,
    StudentMatched,
    TutorAvailabilityChanged,
    TutorMatched,
    TutorMatchRefused,
    TutorRegistered,
    TutorReleased,
    TutorSnapshot,
    TutorWithdrawn,
)
from tests.protocol.rows import Booking, Notification, Tutor
from tests.protocol.tables import TutorsDb

Response = Literal["accept", "decline", "end"]


def register_tutor(db: TutorsDb, offer: TutorSnapshot) -> None:
    """Writes the tutor, says tutor.registered."""
    event = TutorRegistered(**{**offer.__dict__, "version": 1})
    db.tutors[offer.tutor_id] = Tutor(offer.tutor_id, 1, event, offer.capacity, offer.available)
    db.say(event)


def change_availability(db: TutorsDb, offer: TutorSnapshot) -> None:
    """Raises the version, says tutor.availability.changed; refused below the booked count."""
    tutor = db.tutors[offer.tutor_id]
    if tutor.withdrawn or offer.capacity < tutor.booked:
        return
    event = TutorAvailabilityChanged(**{**offer.__dict__, "version": tutor.version + 1})
    db.tutors[offer.tutor_id] = replace(
        tutor,
        version=event.version,
        offer=event,
        capacity=event.capacity,
        available=event.available,
    )
    db.say(event)


def withdraw_tutor(db: TutorsDb, tutor_id: str) -> None:
    """Leaves a tombstone, says tutor.withdrawn and a match.declined for each student booked."""
    tutor = db.tutors[tutor_id]
    if tutor.withdrawn:
        return
    version = tutor.version + 1
    db.tutors[tutor_id] = replace(tutor, version=version, withdrawn=True, available=False)
    db.say(TutorWithdrawn(tutor_id=tutor_id, version=version))
    for booking in [b for b in db.bookings.values() if b.tutor_id == tutor_id and b.live]:
        db.say(MatchDeclined(**_free(db, booking, "declined"), reason="withdrawn"))


def respond_to_match(db: TutorsDb, match_id: str, response: Response) -> None:
    """Accepts, declines or ends what is booked and says so; anything else changes nothing."""
    booking = next((b for b in db.bookings.values() if b.match_id == match_id), None)
    if booking is None or booking.state not in _ANSWERED[response]:
        return
    match response:
        case "accept":
            db.bookings[booking.student_id] = replace(booking, state="accepted")
            db.say(MatchAccepted(**_fact(booking)))
        case "decline":
            db.say(MatchDeclined(**_free(db, booking, "declined")))
        case "end":
            db.say(MatchEnded(**_free(db, booking, "ended")))


_ANSWERED: Final = {"accept": {"booked"}, "decline": {"booked"}, "end": {"booked", "accepted"}}
"""By what a tutor says, the states of a match that allow it."""


def book_tutor(db: TutorsDb, event: Event) -> None:
    """Follows matching's newest round of a student: frees, books or refuses."""
    match event:
        case MatchingCompleted():
            _follow(db, event)
        case StudentMatched():
            booking = db.bookings[event.student_id]
            if booking.round == event.round:
                db.bookings[event.student_id] = replace(booking, acknowledged=True)


def _follow(db: TutorsDb, event: MatchingCompleted) -> None:
    older = db.bookings.get(event.student_id)
    if older and db.rules.rounds and event.round <= older.round:
        return
    freed = older.tutor_id if older and older.live else None
    if older and freed:
        _free(db, older, "released")
    if event.outcome == "matched":
        _book(db, event)
        return
    db.bookings[event.student_id] = Booking(event.student_id, event.round, "released")
    if event.round > 1 and (freed or db.rules.always_released):
        db.say(TutorReleased(student_id=event.student_id, round=event.round, tutor_id=freed))


def _book(db: TutorsDb, event: MatchingCompleted) -> None:
    tutor = db.tutors.get(event.tutor_id or "")
    reason = _refusal(db, tutor)
    state: Literal["refused", "booked"] = "refused" if reason else "booked"
    booking = Booking(event.student_id, event.round, state, event.match_id, event.tutor_id)
    db.bookings[event.student_id] = booking
    fact = _fact(booking)
    if reason:
        db.say(
            TutorMatchRefused(
                **fact,
                reason=reason,
                tutor_version=tutor.version if tutor else 0,
                capacity=tutor.capacity if tutor else 0,
                available=tutor.available if tutor else False,
            )
        )
    elif tutor:
        db.tutors[tutor.tutor_id] = replace(tutor, booked=tutor.booked + 1)
        _tell(db, booking, "matched")
        db.say(TutorMatched(**fact))


def _refusal(db: TutorsDb, tutor: Tutor | None) -> RefusalReason | None:
    if tutor is None:
        return "unknown"
    if tutor.withdrawn:
        return "withdrawn"
    if not tutor.available:
        return "unavailable"
    return "capacity" if db.rules.authority and tutor.booked >= tutor.capacity else None


def _free(
    db: TutorsDb, booking: Booking, state: Literal["released", "declined", "ended"]
) -> dict[str, Any]:
    tutor = db.tutors[booking.tutor_id or ""]
    db.tutors[tutor.tutor_id] = replace(tutor, booked=tutor.booked - 1)
    db.bookings[booking.student_id] = replace(booking, state=state)
    _tell(db, booking, "ended" if state == "ended" else "released")
    return _fact(booking)


def _fact(booking: Booking) -> dict[str, Any]:
    return {
        "student_id": booking.student_id,
        "round": booking.round,
        "match_id": booking.match_id,
        "tutor_id": booking.tutor_id,
    }


def _tell(db: TutorsDb, booking: Booking, kind: Literal["matched", "released", "ended"]) -> None:
    seq = len(db.notifications)
    word = (booking.tutor_id or "", seq, booking.student_id, booking.round, kind)
    db.tell(Notification(*word, match_id=booking.match_id, tutor_id=booking.tutor_id))
