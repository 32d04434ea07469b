"""From an event to a shortlist, and from a decision to its reasons.

The shortlist is made outside any transaction (protocol R8): the decision looks again under its
locks, and may take a tutor who was not on it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final, get_args

from db.matching import store
from db.matching.history import Basis
from db.unit_of_work import Unit
from eventing.events import (
    Event,
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
from learnflow.ranking.recording import basis

Occasion = (
    StudentRegistered
    | StudentUpdated
    | StudentWithdrawn
    | MatchingRequested
    | TutorMatchRefused
    | MatchDeclined
)
"""What makes match_student decide."""
OCCASIONS: Final[tuple[type[Event], ...]] = get_args(Occasion)
LONGEST: Final = 50
"""Tutors on a shortlist; should all be taken meanwhile, the decision finds others itself."""


@dataclass(frozen=True, slots=True)
class Shortlist:
    """Suggestions for one student, best first, and how many tutors were ranked for it."""

    suggestions: Sequence[Suggestion] = field(default=())
    considered: int = 0

    @property
    def tutor_ids(self) -> list[str]:
        """The tutors, best first."""
        return [suggestion.tutor_id for suggestion in self.suggestions]


@dataclass(frozen=True, slots=True)
class Choice:
    """Why this tutor: in short for the event, at length for the history; empty for no match."""

    reasons: tuple[Reason, ...] = ()
    basis: Basis | None = None


async def shortlist(work: Unit, event: Occasion) -> Shortlist:
    """The best candidates for the student this event is about; empty where none is to be chosen."""
    match event:
        case StudentRegistered():
            wish: store.Asking | None = store.asking(event)
        case StudentUpdated():
            known = await store.asked(work, event.student_id)
            wish = store.asking(event, known.excluded if known else ())
        case TutorMatchRefused():
            wish = await store.asked(work, event.student_id)
        case MatchDeclined():
            wish = await store.asked(work, event.student_id)
            if wish is not None:
                wish = replace(wish, excluded=[*wish.excluded, event.tutor_id])
        case _:
            wish = None
    if wish is None:
        return Shortlist()
    offers = await store.candidates(work, wish)
    return Shortlist(champion().rank(wish, offers)[:LONGEST], len(offers))


async def choice(work: Unit, known: Shortlist, decision: store.Decision) -> Choice:
    """Why this tutor: from the shortlist, else ranked now (a wider look took the tutor)."""
    if decision.said != "matched" or decision.tutor_id is None or decision.student_id is None:
        return Choice()
    ranker, ranked, considered = champion(), known.suggestions, known.considered
    chosen = next((one for one in ranked if one.tutor_id == decision.tutor_id), None)
    if chosen is None:
        wish = await store.asked(work, decision.student_id)
        offer = await store.offer(work, decision.tutor_id)
        if wish is None or offer is None:
            return Choice(basis=Basis(ranker.id, considered))
        (chosen,) = ranker.rank(wish, [offer])
    if not ranked:  # nobody else was looked at
        ranked, considered = [chosen], 1
    return Choice(chosen.reasons, basis(ranker, ranked, considered, chosen))
