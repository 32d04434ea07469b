"""Ranking by rules: a weighted sum of what a coordinator would look at; each part a reason."""

from collections.abc import Callable, Mapping, Sequence
from operator import mul
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

    def rank(
        self, wish: Asking, offers: Sequence[Offer], most: int | None = None
    ) -> list[Suggestion]:
        """The best `most` (all when None), best first; equal scores in order of tutor id."""
        codes, parts = _codes(wish), _parts_of(wish)
        weights = [WEIGHTS[code] for code in codes]
        weighed = [tuple(map(mul, weights, parts(offer))) for offer in offers]
        keys = [(-sum(each), offer.tutor_id) for each, offer in zip(weighed, offers, strict=True)]
        order = sorted(range(len(keys)), key=keys.__getitem__)
        return [
            Suggestion(keys[n][1], -keys[n][0], dict(zip(codes, weighed[n], strict=True)))
            for n in order[:most]
        ]


def _codes(wish: Asking) -> tuple[str, ...]:
    """The parts of a score: what the student does not ask for is none."""
    asked = (wish.times, wish.languages, wish.budget_band is not None, wish.goals, *(True,) * 3)
    return tuple(code for code, counts in zip(WEIGHTS, asked, strict=True) if counts)


def _parts_of(wish: Asking) -> Callable[[Offer], list[float]]:
    """Of an offer each part between 0 (speaks against) and 1 (speaks for), in the order of _codes.

    Unknown is in the middle or 0.
    """
    hours, languages, goals = map(frozenset, (wish.times, wish.languages, wish.goals))
    budget = wish.budget_band

    def parts(offer: Offer) -> list[float]:
        found: list[float] = []
        if hours:
            found.append(_shared(hours, offer.times, enough=3))
        if languages:
            found.append(_shared(languages, offer.languages, enough=1))
        if budget is not None:
            found.append(_cheapness(budget, offer.price_band))
        if goals:
            found.append(_shared(goals, offer.goals, enough=1))
        found += (
            min((offer.experience_years or 0) / 10, 1.0),
            1 / (offer.grade_max - offer.grade_min + 1),
            (offer.capacity - offer.held) / max(offer.capacity, 1),
        )
        return found

    return parts


def _shared(wanted: frozenset[str], offered: Sequence[str], enough: int) -> float:
    """How much of what is wanted is offered; `enough` in common counts fully."""
    return min(len(wanted.intersection(offered)) / enough, 1.0)


def _cheapness(budget: int, price: int | None) -> float:
    if price is None:
        return 0.0
    return max(0.0, min(1.0, 0.6 + 0.1 * (budget - price)))
