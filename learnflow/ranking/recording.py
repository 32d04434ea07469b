"""A decision as the history keeps it: the best candidates with scores and what they are made of.

Compact JSON of three lists: `codes` names the parts, `most` what each can give, `tutors` has per
candidate, best first, the id, the score and what each part gave. A learned ranker adds lists of its
own beside them: features, propensities.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pydantic_core import from_json, to_json

from db.matching.history import Basis
from learnflow.ranking.ranker import Ranker, Suggestion

MOST_SHOWN: Final = 10
_DIGITS: Final = 4


@dataclass(frozen=True, slots=True)
class Shown:
    """What `shown` holds: candidates best first, and the most that each part can give."""

    candidates: Sequence[Suggestion]
    most: dict[str, float]


def basis(
    ranker: Ranker, ranked: Sequence[Suggestion], considered: int, chosen: Suggestion
) -> Basis:
    """What the history keeps of a choice; one found by a wider look has no place in the ranking."""
    place = next((n for n, one in enumerate(ranked, 1) if one.tutor_id == chosen.tutor_id), None)
    shown = ranked[:MOST_SHOWN]
    if place is None or place > MOST_SHOWN:
        shown = [*ranked[: MOST_SHOWN - 1], chosen]
    codes = list(chosen.weighed)
    return Basis(
        ranker.id,
        considered,
        place,
        to_json(
            {
                "codes": codes,
                "most": [ranker.most.get(code) for code in codes],
                "tutors": [_line(one) for one in shown],
            }
        ).decode(),
    )


def _line(one: Suggestion) -> tuple[str, float, list[float]]:
    parts = [round(value, _DIGITS) for value in one.weighed.values()]
    return one.tutor_id, round(one.score, _DIGITS), parts


def shown(text: str) -> Shown:
    """What was written, for whoever explains it."""
    kept = from_json(text)
    codes = kept["codes"]
    return Shown(
        [
            Suggestion(tutor_id, score, dict(zip(codes, parts, strict=True)))
            for tutor_id, score, parts in kept["tutors"]
        ],
        {code: most for code, most in zip(codes, kept["most"], strict=True) if most is not None},
    )
