"""Hears matching.completed, tutor.matched, match.ended.

Says student.matched. Writes students_db: students, notifications.
"""

from db.students import store
from db.unit_of_work import Unit
from eventing.events import MatchEnded, MatchingCompleted, StudentMatched, TutorMatched
from learnflow.runtime import UnknownId, reaction


@reaction(MatchingCompleted, TutorMatched, MatchEnded, database="students")
async def notify_student(event: MatchingCompleted | TutorMatched | MatchEnded, work: Unit) -> None:
    """Tell the student what is final and newer than what they know."""
    heard = await store.hear(work, store.change_by(event))
    if heard == "unknown":
        raise UnknownId("student")
    if heard == "told" and isinstance(event, TutorMatched):
        work.say(StudentMatched.model_validate(event.model_dump()))
