"""From an event to a shortlist, and from a decision to its reasons.

The shortlist is made outside any transaction (protocol R8): the decision looks again under its
locks, and may take a tutor who was not on it.
"""

from dataclasses import dataclass, replace
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
from learnflow.ranking.catching_up import candidates
from learnflow.ranking.current import in_use
from learnflow.ranking.recording import basis
from learnflow.ranking.shortlisting import Shortlist, shortlisted
from learnflow.runtime.metrics import Counter

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
DECISIONS: Final = Counter(
    "learnflow_ranker_decisions", "Matches decided, by the kind of ranker.", "policy"
)


@dataclass(frozen=True, slots=True)
class Choice:
    """Why this tutor: in short for the event, at length for the history; empty for no match."""

    reasons: tuple[Reason, ...] = ()
    basis: Basis | None = None


async def shortlist(work: Unit, event: Occasion) -> Shortlist:
    """The best candidates for the student this event is about; empty where none is to be chosen."""
    used = await in_use(work)
    wish = await _wish(work, event)
    if wish is None:
        return Shortlist(used)
    offers = await candidates(work, wish, used.settings.dapr_http_port)
    return shortlisted(used, wish, offers)


async def _wish(work: Unit, event: Occasion) -> store.Asking | None:
    """What the student asks for now, or None where the event is not about a choice for one."""
    match event:
        case StudentRegistered():
            return store.asking(event)
        case StudentUpdated():
            known = await store.asked(work, event.student_id)
            return store.asking(event, known.excluded if known else ())
        case TutorMatchRefused():
            return await store.asked(work, event.student_id)
        case MatchDeclined():
            wish = await store.asked(work, event.student_id)
            return wish and replace(wish, excluded=[*wish.excluded, event.tutor_id])
        case _:
            return None


async def choice(work: Unit, known: Shortlist, decision: store.Decision) -> Choice:
    """Why this tutor: from the shortlist, else ranked now (a wider look took the tutor)."""
    if decision.said != "matched" or decision.tutor_id is None or decision.student_id is None:
        return Choice()
    used, ranked, considered = known.used, known.suggestions, known.considered
    chosen = known.of(decision.tutor_id)
    if chosen is None:
        wish = await store.asked(work, decision.student_id)
        offer = await store.offer(work, decision.tutor_id)
        if wish is None or offer is None:
            return Choice(basis=Basis(used.ranker.id, considered))
        found = shortlisted(replace(used, challenger=None), wish, [offer])
        (chosen,) = found.suggestions
        if not ranked or found.used.ranker is not used.ranker:  # nobody else was looked at by it
            used, ranked, considered = found.used, [chosen], 1
    DECISIONS.add(used.policy)
    chance, shadow = (known.chance, known.shadow) if ranked is known.suggestions else (None, None)
    kept = basis(used.ranker, ranked, considered, chosen, chance, shadow)
    return Choice(chosen.reasons, kept)
