"""Who is proposed to a student: ranked, a little explored, explained and kept in shadow.

All that costs time is done here, before the decision takes its locks.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from db.matching.store import Asking, Offer
from learnflow.ranking.current import FALLBACKS, RULES, InUse
from learnflow.ranking.learned.exploring import NEW_BELOW, PRODUCT, explore
from learnflow.ranking.learned.seeing import seen
from learnflow.ranking.ranker import Ranker, Suggestion
from learnflow.ranking.recording import MOST_SHOWN, Chance, Shadow
from learnflow.runtime import logs

LONGEST: Final = 50
"""Tutors on a shortlist; should all be taken meanwhile, the decision finds others itself."""
_SEED_BYTES: Final = 6
"""48 bits: whole in whatever reads the history's JSON."""


@dataclass(frozen=True, slots=True)
class Shortlist:
    """Suggestions for one student, the first to be tried first, and how they came about."""

    used: InUse = field(default_factory=InUse)
    suggestions: Sequence[Suggestion] = ()
    considered: int = 0
    chance: Chance | None = None
    shadow: Shadow | None = None
    wish: Asking | None = None
    offers: Mapping[str, Offer] = field(default_factory=dict)

    def of(self, tutor_id: str) -> Suggestion | None:
        """The suggestion of a tutor, worked out; None for one who is not on the list."""
        found = next((one for one in self.suggestions if one.tutor_id == tutor_id), None)
        if found is None or self.wish is None:
            return None
        worked_out = isinstance(found.weighed, dict) and found.features is not None
        return found if worked_out else kept(self.wish, [found], self.offers)[0]

    @property
    def tutor_ids(self) -> list[str]:
        """The tutors, in the order of their places."""
        return [suggestion.tutor_id for suggestion in self.suggestions]


def shortlisted(used: InUse, wish: Asking, offers: Sequence[Offer]) -> Shortlist:
    """The shortlist of those who could take a student.

    Its order depends on who is asked and who could, not on the order or number of the rest.
    """
    used, best = ranked_by(used, wish, offers)
    known, seed = {offer.tutor_id: offer for offer in offers}, seed_of(wish)
    chance = None
    if used.settings.exploration:
        best, chance = explored(best, known, seed)
    return Shortlist(
        used,
        [*kept(wish, best[:MOST_SHOWN], known), *best[MOST_SHOWN:]],
        len(offers),
        chance,
        _shadow(used, wish, offers, seed),
        wish,
        known,
    )


def ranked_by(used: InUse, wish: Asking, offers: Sequence[Offer]) -> tuple[InUse, list[Suggestion]]:
    """The longest shortlist, best first, and who made it: the rules, should a model fail at it."""
    try:
        return used, used.ranker.rank(wish, offers, LONGEST)
    except Exception as error:
        if used.ranker is RULES:
            raise
        FALLBACKS.add("failed")
        logs.fault("ranker failed", error, "match_student", "", level="warning")
        return replace(used, ranker=RULES), RULES.rank(wish, offers, LONGEST)


def explored(
    best: list[Suggestion], known: Mapping[str, Offer], seed: int
) -> tuple[list[Suggestion], Chance | None]:
    """The same suggestions, among the first perhaps one moved; where few could teach, none is."""
    if len(best) < MOST_SHOWN:
        return best, None
    new = [known[one.tutor_id].matches_n < NEW_BELOW for one in best]
    drawn = explore(new, seed, PRODUCT, MOST_SHOWN)
    first = [best[place] for place in drawn.order]
    rest = [one for place, one in enumerate(best) if place not in drawn.order]
    return [*first, *rest], Chance(drawn.propensities, drawn.explored, seed)


def kept(
    wish: Asking, suggestions: Sequence[Suggestion], known: Mapping[str, Offer]
) -> list[Suggestion]:
    """The suggestions with their parts worked out and what a model sees of them."""
    unseen = [one.tutor_id for one in suggestions if one.features is None]
    rows = dict(zip(unseen, seen(wish, [known[each] for each in unseen]), strict=True))
    return [
        Suggestion(one.tutor_id, one.score, dict(one.weighed), one.features or rows[one.tutor_id])
        for one in suggestions
    ]


def seed_of(wish: Asking) -> int:
    """Chance that is the same whenever the same is asked: a repeated event finds the same."""
    said = "\0".join([wish.student_id, *sorted(wish.excluded)])
    return int.from_bytes(hashlib.sha256(said.encode()).digest()[:_SEED_BYTES], "big")


def _shadow(used: InUse, wish: Asking, offers: Sequence[Offer], seed: int) -> Shadow | None:
    """What the challenger would have proposed, for a share of the decisions."""
    share = seed / (1 << 8 * _SEED_BYTES)
    if used.challenger is None or share >= used.settings.shadow_share or not offers:
        return None
    try:
        return _best_of(used.challenger, wish, offers)
    except Exception as error:
        logs.fault("challenger failed", error, "match_student", "", level="warning")
        return None


def _best_of(ranker: Ranker, wish: Asking, offers: Sequence[Offer]) -> Shadow:
    best = ranker.rank(wish, offers, MOST_SHOWN)
    return Shadow(ranker.id, [(one.tutor_id, one.score) for one in best])
