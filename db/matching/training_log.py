"""The log of decisions as a trainer reads it: page by page, each page a transaction of its own.

For a plain asyncpg connection of the role `matching_trainer`.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple

import asyncpg

_DECISION: Final = """
SELECT m.match_id, m.student_id, m.round, m.tutor_id, m.decided_at, m.ranker, m.candidates, m.place,
       m.shown, m.features, m.features_schema,
       ARRAY(SELECT (o.kind, o.stars, o.heard_at) FROM outcomes o WHERE o.match_id = m.match_id
              ORDER BY o.heard_at, o.kind) AS outcomes
  FROM matches m"""

DECISIONS: Final = f"""{_DECISION}
 WHERE m.match_id > $1::text AND m.decided_at >= $2
   AND m.decided_at < least($3::timestamptz, now() - interval '1 minute')
 ORDER BY m.match_id LIMIT $4
"""
"""A page after a match id, along the primary keys of the months: rows added meanwhile are later
than `until`, and what is being written is younger than a minute, so nothing is met twice or missed.
"""

DECISION: Final = f"""{_DECISION}
 WHERE m.match_id = $1 AND m.decided_at = (SELECT decided_at FROM match_keys WHERE match_id = $1)
"""


class LoggedOutcome(NamedTuple):
    """What became of a match: `accepted`, `declined`, `ended` or `rated`, and when it was heard."""

    kind: str
    stars: int | None
    heard_at: datetime


@dataclass(frozen=True, slots=True)
class LoggedDecision:
    """A match as it was decided, what the ranker saw, and every outcome heard until now.

    `features` are float32, little-endian: one row for each of `shown`'s tutors, in that order, of
    the columns that `features_schema` names; both are None for what older releases decided.
    """

    match_id: str
    student_id: str
    round: int
    tutor_id: str
    decided_at: datetime
    ranker: str | None
    candidates: int | None
    place: int | None
    shown: str | None
    features: bytes | None
    features_schema: str | None
    outcomes: Sequence[LoggedOutcome]


async def decisions(
    connection: asyncpg.Connection, since: datetime, until: datetime, page: int = 500
) -> AsyncIterator[LoggedDecision]:
    """Every decision made from `since` and before `until` once, in order of match id, not of time.

    What was decided in the last minute is left out: it may not be committed yet.
    """
    last = ""
    while True:
        rows = await connection.fetch(DECISIONS, last, since, until, page)
        for row in rows:
            yield _logged(row)
        if len(rows) < page:
            return
        last = rows[-1]["match_id"]


async def decision(connection: asyncpg.Connection, match_id: str) -> LoggedDecision | None:
    """One decision, however young, or None for an unknown match."""
    row = await connection.fetchrow(DECISION, match_id)
    return _logged(row) if row else None


def _logged(row: asyncpg.Record) -> LoggedDecision:
    said: dict[str, Any] = dict(row)
    return LoggedDecision(**said | {"outcomes": [LoggedOutcome(*one) for one in said["outcomes"]]})
