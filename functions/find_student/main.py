"""Hears GET /api/students/{student_id}. Says nothing. Reads students_db."""

from db.students import store
from db.unit_of_work import Unit
from learnflow.runtime import Found, NotFound, Wish, query
from learnflow.runtime.fields import ResourceId
from learnflow.views.student import StudentView


class FindStudent(Wish):
    """Which student."""

    student_id: ResourceId


@query(
    "GET /api/students/{student_id}, GET /api/students",
    FindStudent,
    database="students",
    shows=StudentView,
)
async def find_student(wish: FindStudent, work: Unit) -> Found:
    """A student with the current match and when they were told."""
    student = await store.find_student(work, wish.student_id)
    if student is None:
        raise NotFound("student")
    return Found(student, etag=f'"v{student["version"]}"')
