"""Hears GET /api/tutors?available=&subject=&grade=. Says nothing. Reads tutors_db."""

from db.tutors import store
from db.unit_of_work import Unit
from learnflow.runtime import Found, Wish, query
from learnflow.runtime.fields import Grade, PageSize, SubjectCode


class ListTutors(Wish):
    """Which tutors; `available` means taking students and with a slot free."""

    available: bool | None = None
    subject: SubjectCode | None = None
    grade: Grade | None = None
    limit: PageSize = 20


@query("GET /api/tutors", ListTutors, database="tutors")
async def list_tutors(wish: ListTutors, work: Unit) -> Found:
    """Tutors, newest first."""
    tutors = await store.list_tutors(work, wish.available, wish.subject, wish.grade, wish.limit)
    return Found({"tutors": tutors})
