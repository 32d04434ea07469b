"""What a ranker is."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from db.matching.store import Asking, Offer
from eventing.events import Reason


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A tutor, how well suited (higher is better), and why: at most three reasons."""

    tutor_id: str
    score: float
    reasons: tuple[Reason, ...]


class Ranker(Protocol):
    """Orders tutors who satisfy the hard constraints; the same input gives the same order."""

    def rank(self, wish: Asking, offers: Sequence[Offer]) -> list[Suggestion]:
        """Suggestions for one student, best first."""
        ...
