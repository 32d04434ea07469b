"""Ranking by rules: a weighted sum of what a coordinator would look at; each part a reason."""

from collections.abc import Mapping, Sequence
from typing import Final

from db.matching.store import Asking, Offer
from learnflow.ranking.ranker import Suggestion

WEIGHTS: Final = {
    "shared_hours": 3.0,
    "shared_languages": 2.0,
    "within_budget": 1.5,
    "shared_goals": 1.5,
    "experience": 1.0,
    "grade_focus": 1.0,
    "free_slots": 1.0,
}
"""How much each part, between 0 and 1, counts."""


class RuleRanker:
    """The first champion and the fallback."""

    id: Final = "rules-1"
    most: Final[Mapping[str, float]] = WEIGHTS

    def rank(self, wish: Asking, offers: Sequence[Offer]) -> list[Suggestion]:
        """Best first; equal scores in order of tutor id."""
        suggestions = [suggest(wish, offer) for offer in offers]
        suggestions.sort(key=lambda suggestion: (-suggestion.score, suggestion.tutor_id))
        return suggestions


def suggest(wish: Asking, offer: Offer) -> Suggestion:
    """One tutor's score and what it is made of."""
    weighed = {code: WEIGHTS[code] * part for code, part in parts(wish, offer).items()}
    return Suggestion(offer.tutor_id, sum(weighed.values()), weighed)


def parts(wish: Asking, offer: Offer) -> dict[str, float]:
    """Each part between 0 (speaks against) and 1 (speaks for); unknown is in the middle or 0.

    What the student does not ask for is no part.
    """
    found: dict[str, float] = {}
    if wish.times:
        found["shared_hours"] = _shared(wish.times, offer.times, enough=3)
    if wish.languages:
        found["shared_languages"] = _shared(wish.languages, offer.languages, enough=1)
    if wish.budget_band is not None:
        found["within_budget"] = _cheapness(wish.budget_band, offer.price_band)
    if wish.goals:
        found["shared_goals"] = _shared(wish.goals, offer.goals, enough=1)
    found["experience"] = min((offer.experience_years or 0) / 10, 1.0)
    found["grade_focus"] = 1 / (offer.grade_max - offer.grade_min + 1)
    found["free_slots"] = (offer.capacity - offer.held) / max(offer.capacity, 1)
    return found


def _shared(wanted: Sequence[str], offered: Sequence[str], enough: int) -> float:
    """How much of what is wanted is offered; `enough` in common counts fully."""
    return min(len(set(wanted) & set(offered)) / enough, 1.0)


def _cheapness(budget: int, price: int | None) -> float:
    if price is None:
        return 0.0
    return max(0.0, min(1.0, 0.6 + 0.1 * (budget - price)))
