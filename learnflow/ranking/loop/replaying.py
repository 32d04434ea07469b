"""A stored decision scored again, from the features logged with it, by the ranker that made it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any, Final

import numpy as np
from pydantic_core import from_json

from db.matching.training_log import LoggedDecision
from learnflow.ranking.learned.artifact import Artifact, Refused
from learnflow.ranking.learned.loading import load
from learnflow.ranking.loop.comparing import Scorer, learned, rules
from learnflow.ranking.loop.dataset import WHY, LeftOut, features
from learnflow.ranking.rules import RuleRanker

TOLERANCE: Final = 1e-4
"""Scores are stored with four digits."""
_EQUAL: Final = 1e-6
"""Scores nearer than this are equal: features are float32, the rules' own sums are not."""


class Unreplayable(Exception):
    """A decision that cannot be scored again; the text says why, as the end of a sentence."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """A decision's candidates in the order shown: tutor, score stored, score now."""

    match_id: str
    tutor_id: str
    ranker: str
    decided_at: datetime
    explored: bool
    placed: bool
    """False where a wider look found the chosen one, who comes last whatever the score."""
    candidates: Sequence[tuple[str, float, float]]

    @property
    def difference(self) -> float:
        """The largest between a stored score and the same again."""
        return max(abs(stored - again) for _, stored, again in self.candidates)

    @property
    def same_scores(self) -> bool:
        """Whether all scores came out as stored."""
        return self.difference <= TOLERANCE

    @property
    def same_order(self) -> bool:
        """Whether they would be ranked the same; where chance changed the order, before it did."""
        order = [one for one in self.candidates if self.placed or one[0] != self.tutor_id]
        if self.explored:
            order.sort(key=lambda one: (-one[1], one[0]))
        again = [one[2] for one in order]
        return all(a >= b - _EQUAL for a, b in pairwise(again))


def needs(decision: LoggedDecision) -> str | None:
    """The id of the model it takes, or None for the rules. Raises Unreplayable."""
    if decision.ranker is None or decision.shown is None:
        raise Unreplayable("it was decided before the history kept who was shown")
    if decision.ranker == RuleRanker.id:
        return None
    if decision.ranker.startswith("rules"):
        raise Unreplayable(f"it was made by {decision.ranker}, here are {RuleRanker.id}")
    return decision.ranker


def replay(decision: LoggedDecision, packed: bytes | None) -> Replayed:
    """The decision scored again; `packed` is the model that `needs` names. Raises Unreplayable."""
    wanted = needs(decision)
    kept: Mapping[str, Any] = from_json(decision.shown or "{}")
    stored = [(str(tutor), float(score)) for tutor, score, _ in kept["tutors"]]
    try:
        x = features(decision, len(stored))
    except LeftOut as error:
        raise Unreplayable(f"matches like it {WHY[error.why]}") from None
    scores = (_model(wanted, packed) if wanted else rules)(x)
    again = np.asarray(scores, dtype=np.float64).tolist()
    return Replayed(
        decision.match_id,
        decision.tutor_id,
        decision.ranker or "",
        decision.decided_at,
        bool(kept.get("explored", False)),
        decision.place is not None,
        [(tutor, score, now) for (tutor, score), now in zip(stored, again, strict=True)],
    )


def _model(name: str, packed: bytes | None) -> Scorer:
    if packed is None:
        raise Unreplayable(f"the model that made it, {name}, is gone")
    try:
        return learned(load(Artifact.unpacked(packed)))
    except Refused as refused:
        raise Unreplayable(f"the model that made it, {name}, is refused: {refused}") from None
