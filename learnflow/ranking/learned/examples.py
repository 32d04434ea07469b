"""From the log of decisions to rows to train on, as of a moment: nothing that came later.

A decision books its first free candidate, so only the one chosen can have a label above 0. What is
younger than two weeks has no label yet and is left out, not negative.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from learnflow.ranking.learned.columns import Floats, History
from learnflow.ranking.learned.training import MOST_ROWS, BadRows

MATURE: Final = timedelta(days=14)
WENT_WELL: Final = 4
"""Stars from which an accepted match went well."""
DISLIKED: Final = 2
"""Stars up to which it did not."""
_DAY: Final = 86_400
Kind = Literal["matched", "accepted", "declined", "ended", "rated"]


@dataclass(frozen=True, slots=True)
class Fact:
    """What was heard of one of a tutor's matches, and when."""

    tutor_id: str
    kind: Kind
    at: datetime
    stars: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Decided:
    """One decision as logged: features of those shown by place, who was chosen, what came of it."""

    x: Floats
    chosen: int
    decided_at: datetime
    facts: Sequence[Fact] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """Rows for both models; `answered` are rows whose tutor said yes or no, `accepted` which."""

    x: Floats
    labels: npt.NDArray[np.int32]
    groups: npt.NDArray[np.int64]
    positions: npt.NDArray[np.int32]
    answered: npt.NDArray[np.intp]
    accepted: npt.NDArray[np.int32]


def histories(
    facts: Iterable[Fact], at: datetime, joined: Mapping[str, datetime] | None = None
) -> dict[str, History]:
    """Every tutor's history as it was known just before a moment."""
    known: defaultdict[str, History] = defaultdict(History)
    for fact in facts:
        if fact.at < at:
            known[fact.tutor_id] = _with(known[fact.tutor_id], fact)
    for tutor, since in (joined or {}).items():
        if since < at:
            days = (at - since).total_seconds() / _DAY
            known[tutor] = replace(known[tutor], days_on_platform=days)
    return dict(known)


def label(decided: Decided, now: datetime) -> int | None:
    """What came of the one chosen: 0 (no yes), 1 (disliked), 3, 4 (went well); None if too young.

    Nobody picked the one chosen but the ranker itself, so a tutor's no, or silence, tells nothing
    of the student's liking: that is for the acceptance model.
    """
    if now - decided.decided_at < MATURE:
        return None
    if not _answer(decided, now):
        return 0
    stars = max((fact.stars or 0 for fact in decided.facts if fact.at < now), default=0)
    if stars >= WENT_WELL:
        return 4
    return 1 if 0 < stars <= DISLIKED else 3


def examples(log: Iterable[Decided], now: datetime, most: int = MOST_ROWS) -> Examples:
    """The mature decisions of a log as rows, at most `most` of each, the first places and the
    chosen one always among them. Raises BadRows when none is mature.
    """
    parts, labels, places, answers = [], [], [], []
    for decided in log:
        given = label(decided, now)
        if given is None:
            continue
        kept = np.arange(min(len(decided.x), most))
        if decided.chosen >= most:
            kept[-1] = decided.chosen
        parts.append(decided.x[kept])
        labels.append(np.where(kept == decided.chosen, given, 0))
        places.append(kept)
        answer = _answer(decided, now)
        answers.append(np.where(kept == decided.chosen, -1 if answer is None else answer, -1))
    if not parts:
        raise BadRows(f"no decision is older than {MATURE.days} days: nothing to learn from yet")
    answered = np.concatenate(answers)
    rows = np.flatnonzero(answered >= 0)
    return Examples(
        x=np.vstack(parts),
        labels=np.concatenate(labels).astype(np.int32),
        groups=np.array([len(part) for part in parts], dtype=np.int64),
        positions=np.concatenate(places).astype(np.int32),
        answered=rows,
        accepted=answered[rows].astype(np.int32),
    )


def _answer(decided: Decided, now: datetime) -> bool | None:
    """Whether the tutor said yes; None without an answer."""
    kinds = {fact.kind for fact in decided.facts if fact.at < now}
    return True if "accepted" in kinds else False if "declined" in kinds else None


def _with(known: History, fact: Fact) -> History:
    match fact.kind:
        case "matched":
            return replace(known, matches_n=known.matches_n + 1)
        case "accepted":
            return replace(known, accepted_n=known.accepted_n + 1)
        case "declined":
            return replace(known, declined_n=known.declined_n + 1)
        case "ended":
            return replace(known, ended_n=known.ended_n + 1)
        case "rated":
            total, count = known.rating_sum + (fact.stars or 0), known.rating_n + 1
            return replace(known, rating_sum=total, rating_n=count)
