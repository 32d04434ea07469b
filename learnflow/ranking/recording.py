"""A decision as the history keeps it: the best candidates with scores and what they are made of.

Compact JSON. `codes` names the parts, `most` what each can give, `tutors` has per candidate, in the
order of their places, the id, the score and what each part gave. `propensities` is how likely each
was to stand there (null where chance had no say in it), `explored` whether chance moved one, `seed`
what it was drawn from; `shadow` is what the challenger would have proposed. Beside it, what a model
sees of each of `tutors`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from pydantic_core import from_json, to_json

from db.matching.history import Basis
from learnflow.ranking.learned.catalogue import schema_hash
from learnflow.ranking.ranker import Ranker, Suggestion

MOST_SHOWN: Final = 10
_DIGITS: Final = 4
_SCHEMA: Final = schema_hash()


@dataclass(frozen=True, slots=True)
class Chance:
    """What chance did to an order, drawn from `seed`; propensities are of its first places."""

    propensities: Sequence[float]
    explored: bool
    seed: int


@dataclass(frozen=True, slots=True)
class Shadow:
    """The best by another model, with its scores."""

    model: str
    tutors: Sequence[tuple[str, float]]


@dataclass(frozen=True, slots=True)
class Shown:
    """What `shown` holds: candidates by place, the most that each part can give, chance."""

    candidates: Sequence[Suggestion]
    most: dict[str, float]
    explored: bool = False


def basis(
    ranker: Ranker,
    ranked: Sequence[Suggestion],
    considered: int,
    chosen: Suggestion,
    chance: Chance | None = None,
    shadow: Shadow | None = None,
) -> Basis:
    """What the history keeps of a choice; one found by a wider look has no place in the ranking."""
    place = next((n for n, one in enumerate(ranked, 1) if one.tutor_id == chosen.tutor_id), None)
    shown, fixed = list(ranked[:MOST_SHOWN]), False
    if place is None or place > MOST_SHOWN:
        shown, fixed = [*shown[: MOST_SHOWN - 1], chosen], True
    codes = list(chosen.weighed)
    told: dict[str, Any] = {
        "codes": codes,
        "most": [ranker.most.get(code) for code in codes],
        "tutors": [_line(one) for one in shown],
        "propensities": _propensities(chance, len(shown), fixed),
        "explored": chance is not None and chance.explored,
    }
    if chance is not None:
        told["seed"] = chance.seed
    if shadow is not None:
        told["shadow"] = {
            "model": shadow.model,
            "tutors": [(tutor, round(score, _DIGITS)) for tutor, score in shadow.tutors],
        }
    rows = [one.features for one in shown if one.features is not None]
    seen = (b"".join(rows), _SCHEMA) if len(rows) == len(shown) else (None, None)
    return Basis(ranker.id, considered, place, to_json(told).decode(), *seen)


def _propensities(chance: Chance | None, count: int, fixed: bool) -> list[float | None]:
    """Of each place shown; `fixed`: the last is one that was chosen from further down."""
    likely: list[float | None] = [1.0] * count
    if chance is not None:
        likely = [round(each, 6) for each in chance.propensities[:count]]
    return [*likely[: count - 1], None] if fixed else likely


def _line(one: Suggestion) -> tuple[str, float, list[float]]:
    parts = [round(value, _DIGITS) for value in one.weighed.values()]
    return one.tutor_id, round(one.score, _DIGITS), parts


def shown(text: str) -> Shown:
    """What was written, for whoever explains it; older rows say nothing of chance."""
    kept = from_json(text)
    codes = kept["codes"]
    return Shown(
        [
            Suggestion(tutor_id, score, dict(zip(codes, parts, strict=True)))
            for tutor_id, score, parts in kept["tutors"]
        ],
        {code: most for code, most in zip(codes, kept["most"], strict=True) if most is not None},
        bool(kept.get("explored")),
    )
