"""The ranker that learned: what RuleRanker does, by a model."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from typing import Final

import numpy as np

from db.matching.store import Asking, Offer
from learnflow.ranking.learned.catalogue import CONCEPTS
from learnflow.ranking.learned.columns import Floats, Student, Tutors, columns, wishes
from learnflow.ranking.learned.features import matrix
from learnflow.ranking.learned.loading import Loaded
from learnflow.ranking.learned.scoring import best, score, weigh
from learnflow.ranking.learned.seeing import today
from learnflow.ranking.ranker import Suggestion

EXPLAINED: Final = 10
"""Rows explained at once; one further down is explained when somebody asks."""


class LearnedRanker:
    """Ranks by a model that was proved when it was loaded."""

    most: Final[Mapping[str, float]] = {}

    def __init__(self, model: Loaded, today: Callable[[], date] = today) -> None:
        self.model = model
        self._today = today

    @property
    def id(self) -> str:
        """The model's id."""
        return self.model.id

    def rank(
        self, wish: Asking, offers: Sequence[Offer], most: int | None = None
    ) -> list[Suggestion]:
        """The best `most` (all when None), best first; equal scores in order of tutor id."""
        if not offers:
            return []
        return self.suggest(wishes(wish, self._today()), columns(offers), most)

    def suggest(
        self, student: Student, tutors: Tutors, most: int | None = None
    ) -> list[Suggestion]:
        """The best `most` (all when None) of tutors already in columns."""
        x = matrix(student, tutors)
        scores = score(self.model, x).scores
        order = best(scores, tutors.ids, most)
        why = _Why(self.model, x[order])
        each = zip(tutors.ids[order].tolist(), scores[order].tolist(), _packed(why.x), strict=True)
        return [
            Suggestion(tutor_id, given, _Parts(why, place), row)
            for place, (tutor_id, given, row) in enumerate(each)
        ]


def _packed(x: Floats) -> list[bytes]:
    """Rows as they are kept: float32, little-endian."""
    whole, width = x.astype("<f4", copy=False).tobytes(), 4 * x.shape[1]
    return [whole[start : start + width] for start in range(0, len(whole), width)]


class _Why:
    """Explains rows when asked: the first ones together, others one by one."""

    def __init__(self, model: Loaded, x: Floats) -> None:
        self._model, self.x = model, x
        self._known: dict[int, list[float]] = {}

    def parts(self, place: int) -> list[float]:
        if place not in self._known:
            first = 0 if place < EXPLAINED else place
            until = EXPLAINED if place < EXPLAINED else place + 1
            found = weigh(self._model, np.ascontiguousarray(self.x[first:until])).tolist()
            self._known |= dict(enumerate(found, start=first))
        return self._known[place]


class _Parts(Mapping[str, float]):
    """What each concept gave to one suggestion's score."""

    __slots__ = ("_place", "_why")

    def __init__(self, why: _Why, place: int) -> None:
        self._why, self._place = why, place

    def __getitem__(self, code: str) -> float:
        if code not in CONCEPTS:
            raise KeyError(code)
        return self._why.parts(self._place)[CONCEPTS.index(code)]

    def __iter__(self) -> Iterator[str]:
        return iter(CONCEPTS)

    def __len__(self) -> int:
        return len(CONCEPTS)
