"""Hears POST /api/students {name, grade, subject, ...}.

Says student.registered. Writes students_db: students.
"""

from db.ids import new_id
from db.students import store
from db.unit_of_work import Unit
from eventing.events import StudentRegistered
from learnflow.forms.student import StudentForm
from learnflow.runtime import Created, command


@command("POST /api/students", StudentForm, database="students", creates="student")
async def register_student(wish: StudentForm, work: Unit) -> Created:
    """Remember the student, say that one registered."""
    known = wish.model_dump(exclude={"name"})
    student = StudentRegistered(student_id=new_id(), version=1, **known)
    store.add_student(work, student, wish.name)
    work.say(student)
    return Created(student.student_id, student.version)
