"""Hears DELETE /api/tutors/{tutor_id}.

Says tutor.withdrawn, and match.declined for each student booked. Writes tutors_db: a tombstone.
"""

from db.tutors import store
from db.unit_of_work import Unit
from eventing.events import MatchDeclined, TutorWithdrawn
from learnflow.runtime import Done, NotFound, Wish, command
from learnflow.runtime.fields import ResourceId


class WithdrawTutor(Wish):
    """Which tutor."""

    tutor_id: ResourceId


@command("DELETE /api/tutors/{tutor_id}", WithdrawTutor, database="tutors")
async def withdraw_tutor(wish: WithdrawTutor, work: Unit) -> Done:
    """Erase the tutor, say so to all who were booked; doing it twice is doing it once."""
    left = await store.withdraw(work, wish.tutor_id)
    if left is None:
        raise NotFound("tutor")
    if not left.already:
        work.say(TutorWithdrawn(tutor_id=wish.tutor_id, version=left.version))
    for student in left.declined:
        work.say(
            MatchDeclined(
                student_id=student.student_id,
                round=student.round,
                match_id=student.match_id,
                tutor_id=wish.tutor_id,
                reason="withdrawn",
            )
        )
    return Done()
