"""Hears GET /api/tutors/{tutor_id}. Says nothing. Reads tutors_db."""

from db.tutors import store
from db.unit_of_work import Unit
from learnflow.runtime import Found, NotFound, Wish, query
from learnflow.runtime.fields import ResourceId
from learnflow.views.tutor import TutorWithStudents


class FindTutor(Wish):
    """Which tutor."""

    tutor_id: ResourceId


@query("GET /api/tutors/{tutor_id}", FindTutor, database="tutors", shows=TutorWithStudents)
async def find_tutor(wish: FindTutor, work: Unit) -> Found:
    """A tutor with the students who have a slot, booked or accepted."""
    tutor = await store.find_tutor(work, wish.tutor_id)
    if tutor is None:
        raise NotFound("tutor")
    return Found(tutor, etag=f'"v{tutor["version"]}"')
