"""Hears student.registered, student.updated, student.withdrawn, matching.requested,
tutor.match.refused, match.declined. Says matching.completed, matching.requested.
Writes matching_db: requests, holds, matches.
"""

from db.matching import history, store
from db.unit_of_work import Unit
from eventing.events import (
    MatchDeclined,
    MatchingRequested,
    StudentRegistered,
    StudentUpdated,
    StudentWithdrawn,
    TutorMatchRefused,
)
from learnflow.ranking import matching
from learnflow.runtime import reaction


@reaction(*matching.OCCASIONS, database="matching")
async def match_student(event: matching.Occasion, work: Unit) -> None:
    """Rank who could teach, hold the best slot that is free, remember why, say what was decided."""
    shortlist = await matching.shortlist(work, event)
    match event:
        case MatchingRequested():
            decisions = await store.fill_tutor(work, event.tutor_id)
        case StudentWithdrawn():
            decisions = await store.hear_withdrawal(work, event.student_id, event.version)
        case TutorMatchRefused() | MatchDeclined():
            decisions = await store.hear_no(work, event, shortlist.tutor_ids)
        case StudentRegistered() | StudentUpdated():
            decisions = await store.hear_student(work, event, shortlist.tutor_ids)
    for decision in decisions:
        choice = await matching.choice(work, shortlist, decision)
        history.remember(work, decision, choice.basis)
        work.say(decision.fact(choice.reasons))
