"""Hears POST /api/students {name, grade, subject, ...}.

Says student.registered. Writes students_db: students.
"""

from db.ids import new_id
from db.students import store
from db.unit_of_work import Unit
from eventing.events import StudentRegistered
from learnflow.runtime import Created, Wish, command
from learnflow.runtime.fields import (
    Band,
    Goals,
    Grade,
    Languages,
    PersonName,
    SubjectCode,
    Times,
)


class RegisterStudent(Wish):
    """Who wants to learn what; all but the first three may be left out."""

    name: PersonName
    grade: Grade
    subject: SubjectCode
    times: Times = ()
    languages: Languages = ()
    budget_band: Band | None = None
    goals: Goals = ()


@command("POST /api/students", RegisterStudent, database="students", creates="student")
async def register_student(wish: RegisterStudent, work: Unit) -> Created:
    """Remember the student, say that one registered."""
    known = wish.model_dump(exclude={"name"})
    student = StudentRegistered(student_id=new_id(), version=1, **known)
    store.add_student(work, student, wish.name)
    work.say(student)
    return Created(student.student_id, student.version)
