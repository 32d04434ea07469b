"""Hears tutor.registered, tutor.availability.changed, tutor.withdrawn, tutor.matched,
tutor.released, match.ended. Says matching.requested when someone eligible waits.
Writes matching_db: tutors, holds.
"""

from db.matching import store
from db.unit_of_work import Unit
from eventing.events import (
    MatchEnded,
    TutorAvailabilityChanged,
    TutorMatched,
    TutorRegistered,
    TutorReleased,
    TutorWithdrawn,
)
from learnflow.runtime import reaction


@reaction(
    TutorRegistered,
    TutorAvailabilityChanged,
    TutorWithdrawn,
    TutorMatched,
    TutorReleased,
    MatchEnded,
    database="matching",
)
async def index_tutor(event: object, work: Unit) -> None:
    """Keep the index and the holds as tutors_db has them; wake for those who wait."""
    wakes: list[store.Decision] = []
    match event:
        case TutorRegistered() | TutorAvailabilityChanged():
            wakes = await store.hear_tutor(work, event)
        case TutorWithdrawn():
            await store.hear_tutor_withdrawal(work, event.tutor_id, event.version)
        case TutorMatched():
            wakes = await store.hear_booking(work, event.student_id, event.round)
        case TutorReleased():
            wakes = await store.hear_release(work, event.student_id, event.round)
        case MatchEnded():
            wakes = await store.hear_release(work, event.student_id, event.round, ended=True)
    for wake in wakes:
        work.say(wake.fact())
