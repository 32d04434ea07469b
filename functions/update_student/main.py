"""Hears PUT /api/students/{student_id} {name, grade, subject, ...} with If-Match.

Says student.updated. Writes students_db: students.
"""

from db.students import store
from db.unit_of_work import Unit
from eventing.events import StudentUpdated
from learnflow.forms.student import StudentForm
from learnflow.runtime import Changed, NotFound, Refused, StaleVersion, command
from learnflow.runtime.fields import IfMatch, ResourceId


class UpdateStudent(StudentForm):
    """Whose wishes, all of them anew, and which version of them the caller knows."""

    student_id: ResourceId
    version: IfMatch


@command("PUT /api/students/{student_id}", UpdateStudent, database="students")
async def update_student(wish: UpdateStudent, work: Unit) -> Changed:
    """Replace the student's wishes, say what they are now; matching sees if the tutor suits."""
    present = await store.locked(work, wish.student_id)
    if present is None:
        raise NotFound("student")
    if present.state == "closed":
        raise Refused(409, "Closed", "this student's tutoring has ended; register again")
    if not wish.version.admits(present.version):
        raise StaleVersion("student")
    wishes = wish.model_dump(exclude={"name", "version"})
    student = StudentUpdated(version=present.version + 1, **wishes)
    store.change_student(work, student, wish.name)
    work.say(student)
    return Changed(student.student_id, student.version)
