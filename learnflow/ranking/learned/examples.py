"""From the log of decisions to rows to train on, as of a moment: nothing that came later.

A decision books its first free candidate, so only of the one booked is anything ever heard: the
others shown were not disliked but untried, and are no rows. What is learned from is how bookings of
one subject, made one after the other, went beside each other (docs/decisions/0017). What is younger
than two weeks has no label yet and is left out, not negative.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from learnflow.ranking.learned.catalogue import NAMES
from learnflow.ranking.learned.columns import Floats
from learnflow.ranking.learned.training import BadRows, by_query

MATURE: Final = timedelta(days=14)
WENT_WELL: Final = 4
"""Stars from which an accepted match went well."""
DISLIKED: Final = 2
"""Stars up to which it did not."""
EARLY: Final = timedelta(days=28)
"""A match that ends sooner than this after it was decided did not last."""
QUERY: Final = 10
"""Bookings of one subject, one after the other, that are one query."""
_SUBJECT: Final = NAMES.index("subject")
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
    propensities: Sequence[float] | None = None
    """How likely each was to be shown at its place; None where it was not logged."""


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """Rows for both models; `answered` are rows whose tutor said yes or no, `accepted` which.

    `positions` is None: all were booked at the same place. A query of those who said no has labels
    of 0 only, which the ranking model leaves out.
    """

    x: Floats
    labels: npt.NDArray[np.int32]
    groups: npt.NDArray[np.int64]
    positions: npt.NDArray[np.int32] | None
    answered: npt.NDArray[np.intp]
    accepted: npt.NDArray[np.int32]


def label(decided: Decided, now: datetime) -> int | None:
    """What came of the one chosen: 0 (no yes, or disliked), 1 (ended early), 2 (so-so), 3, 4 (went
    well); None if too young.

    Stars say more than an end, which may have other causes.
    """
    if now - decided.decided_at < MATURE:
        return None
    if not _answer(decided, now):
        return 0
    known = [fact for fact in decided.facts if fact.at < now]
    stars = max((fact.stars or 0 for fact in known), default=0)
    if stars >= WENT_WELL:
        return 4
    if stars:
        return 0 if stars <= DISLIKED else 2
    ends = [fact.at for fact in known if fact.kind == "ended"]
    return 1 if ends and min(ends) - decided.decided_at < EARLY else 3


def examples(log: Iterable[Decided], now: datetime) -> Examples:
    """The mature, answered decisions of a log as rows: a query is up to QUERY bookings in a row of
    one subject that were accepted, then those that were declined. The order of the log does not
    matter. Raises BadRows when there is none.
    """
    found = [
        (decided, given, _answer(decided, now))
        for decided in log
        if (given := label(decided, now)) is not None
    ]
    found = [one for one in found if one[2] is not None]
    if not found:
        raise BadRows(f"no answered decision is older than {MATURE.days} days: nothing to learn")
    found.sort(key=lambda one: (one[0].decided_at, one[0].x[one[0].chosen].tobytes()))
    x = np.array([decided.x[decided.chosen] for decided, _, _ in found], dtype=np.float32)
    accepted = np.array([answer for _, _, answer in found], dtype=np.int32)
    order, groups = by_query(_queries(x, accepted))
    labels = np.array([given for _, given, _ in found], dtype=np.int32)
    return Examples(
        x=np.ascontiguousarray(x[order]),
        labels=labels[order],
        groups=groups,
        positions=None,
        answered=np.arange(len(order)),
        accepted=accepted[order],
    )


def _queries(x: Floats, accepted: npt.NDArray[np.int32]) -> npt.NDArray[np.int64]:
    """The query of each row, rows being in order of time; accepted ones come first."""
    subject = np.nan_to_num(x[:, _SUBJECT], nan=-1.0)
    kinds = np.unique(np.column_stack([1 - accepted, subject]), axis=0, return_inverse=True)[1]
    place = np.zeros(len(x), dtype=np.int64)
    for kind in np.unique(kinds):
        rows = np.flatnonzero(kinds == kind)
        place[rows] = np.arange(len(rows)) // QUERY
    return np.asarray(kinds.reshape(-1) * len(x) + place, dtype=np.int64)


def _answer(decided: Decided, now: datetime) -> bool | None:
    """Whether the tutor said yes; None without an answer."""
    kinds = {fact.kind for fact in decided.facts if fact.at < now}
    return True if "accepted" in kinds else False if "declined" in kinds else None
