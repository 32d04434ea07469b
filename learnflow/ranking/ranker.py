"""What a ranker is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from db.matching.store import Asking, Offer
from eventing.events import Reason

MOST_REASONS: Final = 3
UNTOLD: Final = frozenset({"request"})
"""Parts that are about the student alone: no reason for a tutor, so told to nobody."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A tutor, how well suited (higher is better), and what each part gave to that score."""

    tutor_id: str
    score: float
    weighed: Mapping[str, float]
    features: bytes | None = field(default=None, repr=False)
    """What a model saw of the tutor: float32 little-endian, in the order of the catalogue."""

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """The parts that weigh most; worded only for whom it concerns, who is one of many."""
        return greatest(self.weighed)


def greatest(weighed: Mapping[str, float]) -> tuple[Reason, ...]:
    """The few parts above zero that weigh most, each with its number."""
    best = sorted(
        (-value, code) for code, value in weighed.items() if value > 0 and code not in UNTOLD
    )
    return tuple(Reason(code=code, value=round(-value, 3)) for value, code in best[:MOST_REASONS])


class Ranker(Protocol):
    """Orders tutors who satisfy the hard constraints; the same input gives the same order.

    For one wish every suggestion has the same parts, in the same order.
    """

    @property
    def id(self) -> str:
        """Which ranker, in the history of matches; a new one whenever its scores may change."""
        ...

    @property
    def most(self) -> Mapping[str, float]:
        """The most that a part can give, where it is bounded."""
        ...

    def rank(
        self, wish: Asking, offers: Sequence[Offer], most: int | None = None
    ) -> list[Suggestion]:
        """Suggestions for one student, best first: the best `most`, all when None."""
        ...
