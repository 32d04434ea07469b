"""Hears GET /api/tutors?available=&subject=&grade=&limit=&cursor=.

Says nothing. Reads tutors_db.
"""

from db.tutors import store
from db.unit_of_work import Unit
from learnflow.runtime import Found, Wish, query
from learnflow.runtime.cursors import Cursor, Place, page
from learnflow.runtime.fields import Grade, PageSize, SubjectCode
from learnflow.views.tutor import TutorPage


class ListTutors(Wish):
    """Which tutors; `available` means taking students and with a slot free."""

    available: bool | None = None
    subject: SubjectCode | None = None
    grade: Grade | None = None
    limit: PageSize = 20
    cursor: Cursor | None = None


@query("GET /api/tutors", ListTutors, database="tutors", shows=TutorPage)
async def list_tutors(wish: ListTutors, work: Unit) -> Found:
    """Tutors, newest first, a page at a time; `next` is the cursor of the page after, or null."""
    after = (wish.cursor.moment, wish.cursor.id) if wish.cursor else None
    asked = (wish.available, wish.subject, wish.grade)
    rows = await store.list_tutors(work, *asked, limit=wish.limit + 1, after=after)
    tutors, cursor = page(rows, wish.limit, lambda t: Place(t["registered_at"], t["tutor_id"]))
    return Found({"tutors": tutors, "next": cursor})
