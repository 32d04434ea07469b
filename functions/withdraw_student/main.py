"""Hears DELETE /api/students/{student_id}.

Says student.withdrawn. Writes students_db: erases all but a tombstone.
"""

from db.students import store
from db.unit_of_work import Unit
from eventing.events import StudentWithdrawn
from learnflow.runtime import Done, NotFound, Wish, command
from learnflow.runtime.fields import ResourceId


class WithdrawStudent(Wish):
    """Which student."""

    student_id: ResourceId


@command("DELETE /api/students/{student_id}", WithdrawStudent, database="students")
async def withdraw_student(wish: WithdrawStudent, work: Unit) -> Done:
    """Erase the student, say that they left; doing it twice is doing it once."""
    version = await store.withdraw(work, wish.student_id)
    if version is not None:
        work.say(StudentWithdrawn(student_id=wish.student_id, version=version))
    elif not await store.was_ever_known(work, wish.student_id):
        raise NotFound("student")
    return Done()
