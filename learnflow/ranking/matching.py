"""From an event to a shortlist, and from a decision to its reasons.

The shortlist is made outside any transaction (protocol R8): the decision looks again under its
locks, and may take a tutor who was not on it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from db.matching import store
from db.unit_of_work import Unit
from eventing.events import (
    MatchDeclined,
    MatchingRequested,
    Reason,
    StudentRegistered,
    StudentUpdated,
    StudentWithdrawn,
    TutorMatchRefused,
)
from learnflow.ranking import champion
from learnflow.ranking.ranker import Suggestion

Occasion = (
    StudentRegistered
    | StudentUpdated
    | StudentWithdrawn
    | MatchingRequested
    | TutorMatchRefused
    | MatchDeclined
)
"""What makes match_student decide."""
LONGEST: Final = 50
"""Tutors on a shortlist; should all be taken meanwhile, the decision finds others itself."""


@dataclass(frozen=True, slots=True)
class Shortlist:
    """Suggestions for one student, best first."""

    suggestions: Sequence[Suggestion] = field(default=())

    @property
    def tutor_ids(self) -> list[str]:
        """The tutors, best first."""
        return [suggestion.tutor_id for suggestion in self.suggestions]


async def shortlist(work: Unit, event: Occasion) -> Shortlist:
    """The best candidates for the student this event is about; empty where none is to be chosen."""
    match event:
        case StudentRegistered() | StudentUpdated():
            wish: store.Asking | None = store.asking(event)
        case TutorMatchRefused() | MatchDeclined():
            wish = await store.asked(work, event.student_id)
        case _:
            wish = None
    if wish is None:
        return Shortlist()
    offers = await store.candidates(work, wish)
    return Shortlist(champion().rank(wish, offers)[:LONGEST])


async def reasons(work: Unit, known: Shortlist, decision: store.Decision) -> tuple[Reason, ...]:
    """Why this tutor: from the shortlist, else ranked now (a wider look took the tutor)."""
    if decision.said != "matched" or decision.tutor_id is None or decision.student_id is None:
        return ()
    for suggestion in known.suggestions:
        if suggestion.tutor_id == decision.tutor_id:
            return suggestion.reasons
    wish = await store.asked(work, decision.student_id)
    offer = await store.offer(work, decision.tutor_id)
    if wish is None or offer is None:
        return ()
    return champion().rank(wish, [offer])[0].reasons
