"""Named queries of matching_db's history: what was decided and why, and what became of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from db.matching.store import Decision
from db.unit_of_work import Unit
from eventing.events import MatchAccepted, MatchDeclined, MatchEnded, MatchRated

OutcomeEvent = MatchAccepted | MatchDeclined | MatchEnded | MatchRated
Recorded = Literal["recorded", "withdrawn", "unknown"]

ADD_MATCH: Final = """
INSERT INTO matches (match_id, student_id, round, student_version, tutor_id, ranker, candidates,
                     place, shown, features, features_schema)
VALUES ($1::text, $2::text, $3::int, $4::int, $5::text, $6::text, $7::int, $8::int, $9::text,
        $10::bytea, $11::text)
"""
ADD_MATCH_KEY: Final = """
INSERT INTO match_keys (match_id, student_id, round) VALUES ($1::text, $2::text, $3::int)
"""
"""Both rows have their transaction's time as `decided_at`: the key leads to the match's month."""

FIND_MATCH: Final = """
SELECT m.match_id, m.student_id, m.round, m.tutor_id, m.decided_at, m.ranker, m.candidates, m.place,
       m.shown, m.features, m.features_schema, r.round AS round_now, r.state AS request_state,
       r.subject IS NULL AS withdrawn, h.confirmed
  FROM matches m
  LEFT JOIN requests r ON r.student_id = m.student_id
  LEFT JOIN holds h ON h.student_id = m.student_id AND h.round = m.round
 WHERE m.match_id = $1 AND m.decided_at = (SELECT decided_at FROM match_keys WHERE match_id = $1)
"""
"""One match; the key's time leaves a single partition to look into."""

OUTCOMES: Final = """
SELECT kind, stars, reason, heard_at FROM outcomes WHERE match_id = $1 ORDER BY heard_at, kind
"""

RECORD_OUTCOME: Final = """
WITH key AS (SELECT match_id FROM match_keys
              WHERE match_id = $1 AND student_id = $2 AND round = $3),
     added AS (INSERT INTO outcomes (match_id, kind, stars, reason)
               SELECT match_id, $4, $5::int, $6 FROM key ON CONFLICT DO NOTHING)
SELECT EXISTS (SELECT FROM key) AS known,
       EXISTS (SELECT FROM requests WHERE student_id = $2 AND subject IS NULL) AS withdrawn
"""

FILTERS: Final = """
SELECT now() AS as_of, r.subject, count(t.tutor_id) AS teaching,
       count(*) FILTER (WHERE why.why = 'grade') AS grade,
       count(*) FILTER (WHERE why.why = 'languages') AS languages,
       count(*) FILTER (WHERE why.why = 'times') AS times,
       count(*) FILTER (WHERE why.why = 'budget') AS budget,
       count(*) FILTER (WHERE why.why = 'unavailable') AS unavailable,
       count(*) FILTER (WHERE why.why = 'no_slot') AS no_slot,
       count(*) FILTER (WHERE why.why = 'excluded') AS excluded,
       count(t.tutor_id) FILTER (WHERE why.why IS NULL) AS remaining
  FROM requests r
  LEFT JOIN tutors t ON r.subject = ANY (t.subjects) AND t.capacity > 0
 CROSS JOIN LATERAL (SELECT left_out(r, t) AS why) why
 WHERE r.student_id = $1 AND r.subject IS NOT NULL
 GROUP BY r.subject
"""
"""How many tutors each hard constraint leaves out now; one who left has no capacity and no count.

It reads every tutor: for one who asks why, never for a decision.
"""


@dataclass(frozen=True, slots=True)
class Basis:
    """Why this tutor: the ranker, how many it ranked, the chosen one's place, the best shown.

    `features` are float32, little-endian: one row for each of `shown`'s tutors, in that order, of
    the columns that `features_schema` (catalogue.schema_hash) names.
    """

    ranker: str
    candidates: int
    place: int | None = None
    shown: str | None = None
    features: bytes | None = None
    features_schema: str | None = None


@dataclass(frozen=True, slots=True)
class PastMatch:
    """A match as it was decided, beside what its request and hold are now."""

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
    round_now: int | None
    request_state: str | None
    withdrawn: bool
    confirmed: bool | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a match: `accepted`, `declined`, `ended` or `rated`, and when it was heard."""

    kind: str
    stars: int | None
    reason: str | None
    heard_at: datetime


@dataclass(frozen=True, slots=True)
class Filters:
    """Tutors of the subject, by the first hard constraint that leaves each out; else remaining."""

    as_of: datetime
    subject: str
    teaching: int
    grade: int
    languages: int
    times: int
    budget: int
    unavailable: int
    no_slot: int
    excluded: int
    remaining: int


def remember(work: Unit, decision: Decision, basis: Basis | None) -> None:
    """Write a match into the history, in the transaction that holds its slot."""
    if basis is None:
        return
    match = (decision.match_id, decision.student_id, decision.round)
    chosen = (basis.ranker, basis.candidates, basis.place, basis.shown)
    seen = (basis.features, basis.features_schema)
    work.write(ADD_MATCH, *match, decision.student_version, decision.tutor_id, *chosen, *seen)
    work.write(ADD_MATCH_KEY, *match)


async def find_match(work: Unit, match_id: str) -> PastMatch | None:
    """A match of the history, or None for an unknown id."""
    rows = await work.read(FIND_MATCH, match_id)
    return PastMatch(**rows[0]) if rows else None


async def outcomes(work: Unit, match_id: str) -> Sequence[Outcome]:
    """What became of a match so far, as heard."""
    return [Outcome(**row) for row in await work.read(OUTCOMES, match_id)]


async def filters(work: Unit, student_id: str) -> Filters | None:
    """Who is left out by the student's wishes as they are now; None when the student has left."""
    rows = await work.read(FILTERS, student_id)
    return Filters(**rows[0]) if rows else None


async def record_outcome(work: Unit, event: OutcomeEvent) -> Recorded:
    """Remember what became of a match; the first word of each kind stands."""
    kind = event.topic.removeprefix("match.")
    stars = event.stars if isinstance(event, MatchRated) else None
    reason = event.reason if isinstance(event, MatchDeclined) else None
    rows = await work.call(
        RECORD_OUTCOME, event.match_id, event.student_id, event.round, kind, stars, reason
    )
    if rows[0]["known"]:
        return "recorded"
    return "withdrawn" if rows[0]["withdrawn"] else "unknown"
