"""What a log can judge by: the pairs that were booked, beside others of their subject and time.

Nobody knows what would have become of a tutor who was shown and not booked, so such a row judges
nothing: whoever ranks the booked one first would win by agreeing with whoever wrote the log.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np
from numpy.typing import NDArray

from learnflow.ranking import metrics
from learnflow.ranking.learned.catalogue import NAMES
from learnflow.ranking.learned.columns import Floats
from learnflow.ranking.learned.examples import QUERY, Decided, label

K: Final = 5
_SUBJECT: Final = NAMES.index("subject")


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Booked pairs, a query's together: features, what came of each, and whether it was yes or no.

    Unlike the rows that the ranking model learns from, a no is a 0 among the others: what is judged
    is the whole, the student's side and the tutor's.
    """

    x: Floats
    labels: NDArray[np.int32]
    groups: NDArray[np.int64]
    accepted: NDArray[np.int32]


def pairs(log: Iterable[Decided], now: datetime) -> Pairs:
    """The answered pairs old enough to judge; a query is QUERY in a row of one subject."""
    subjects: defaultdict[float, list[tuple[Decided, int, bool]]] = defaultdict(list)
    for decided in log:
        given = label(decided, now)
        kinds = {fact.kind for fact in decided.facts if fact.at < now}
        if given is not None and kinds & {"accepted", "declined"}:
            subject = float(np.nan_to_num(decided.x[decided.chosen, _SUBJECT], nan=-1.0))
            subjects[subject].append((decided, given, "accepted" in kinds))
    queries = [
        booked[first : first + QUERY]
        for _, booked in sorted(subjects.items())
        for first in range(0, len(booked), QUERY)
    ]
    rows = [row for query in queries for row in query]
    x = [decided.x[decided.chosen] for decided, _, _ in rows]
    return Pairs(
        np.array(x, dtype=np.float32).reshape(len(rows), len(NAMES)),
        np.array([given for _, given, _ in rows], dtype=np.int32),
        np.array([len(query) for query in queries], dtype=np.int64),
        np.array([yes for _, _, yes in rows], dtype=np.int32),
    )


def per_query(rows: Pairs, scores: metrics.Floats) -> metrics.Floats:
    """NDCG@K of each query of two and more; NaN where nothing came of any pair."""
    ends = np.cumsum(rows.groups)[:-1]
    parts = zip(np.split(rows.labels, ends), np.split(scores, ends), strict=True)
    return np.array(
        [metrics.ndcg(a, b, K) if len(a) > 1 else float("nan") for a, b in parts], dtype=np.float64
    )
