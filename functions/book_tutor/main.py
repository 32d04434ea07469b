"""Hears matching.completed, student.matched.

Says tutor.matched, tutor.match.refused or tutor.released. Writes tutors_db: bookings, tutors.
"""

from db.tutors import bookings
from db.unit_of_work import Unit
from eventing.events import MatchingCompleted, StudentMatched
from learnflow.runtime import reaction


@reaction(MatchingCompleted, StudentMatched, database="tutors")
async def book_tutor(event: MatchingCompleted | StudentMatched, work: Unit) -> None:
    """Book or refuse the slot that matching holds; note when the student was told."""
    if isinstance(event, StudentMatched):
        bookings.acknowledge(work, event)
        return
    booking = await bookings.book(work, event)
    fact = bookings.said_of(booking, event)
    if fact is not None:
        work.say(fact)
