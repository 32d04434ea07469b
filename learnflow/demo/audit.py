"""The audit: what the databases themselves say about the students of one run. Reads only."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import asyncpg

Dsn = Callable[[str], str]
"""The address of `students` or `tutors`."""
OUTCOMES: Final = ("matched", "waiting", "closed")

COUNT_STUDENTS: Final = "SELECT count(*) FROM students"

STUDENTS: Final = """
SELECT s.student_id, s.state, s.tutor_id, count(n.seq) AS told,
       count(*) FILTER (WHERE n.kind = 'matched') AS told_of_a_match,
       count(n.seq)
         - count(DISTINCT (n.round, n.kind)) FILTER (WHERE n.seq IS NOT NULL) AS repeated,
       extract(epoch FROM min(n.created_at) - s.registered_at)::float8 * 1000 AS first_told_ms
  FROM students s LEFT JOIN notifications n ON n.recipient_id = s.student_id
 WHERE s.student_id = ANY($1) GROUP BY s.student_id
"""
"""Each student with what they were told; both times are of this database's clock."""

BOOKED: Final = """
SELECT student_id, tutor_id FROM bookings
 WHERE student_id = ANY($1) AND state IN ('booked', 'accepted')
"""

OVER_CAPACITY: Final = """
SELECT count(*) FROM (
  SELECT t.tutor_id FROM tutors t
    LEFT JOIN bookings b ON b.tutor_id = t.tutor_id AND b.state IN ('booked', 'accepted')
   GROUP BY t.tutor_id HAVING count(b.student_id) > t.capacity OR t.booked > t.capacity) AS over
"""
"""Tutors with more students than places, by the bookings and by the counter."""


@dataclass(frozen=True, slots=True)
class Audit:
    """Counts over the accepted students; all but the first three should be 0."""

    matched: int
    waiting: int
    notified: int
    lost: int
    duplicated: int
    over_capacity: int
    mismatched: int
    first_told_ms: tuple[float, ...]

    @property
    def fine(self) -> bool:
        """Whether nobody was lost, doubled, overbooked or told wrongly."""
        return not (self.lost or self.duplicated or self.over_capacity or self.mismatched)


async def count_students(dsn: Dsn) -> int:
    """How many students there are, to know afterwards how many came."""
    async with _reading(dsn("students")) as students:
        return int(await students.fetchval(COUNT_STUDENTS))


async def audit(dsn: Dsn, accepted: Sequence[str], before: int) -> Audit:
    """Compare what was accepted over HTTP with what the databases hold."""
    ids = list(accepted)
    async with _reading(dsn("students")) as students:
        rows = await students.fetch(STUDENTS, ids)
        more = int(await students.fetchval(COUNT_STUDENTS)) - before - len(set(ids))
    async with _reading(dsn("tutors")) as tutors:
        booked = {row["student_id"]: row["tutor_id"] for row in await tutors.fetch(BOOKED, ids)}
        over = int(await tutors.fetchval(OVER_CAPACITY))
    return compare(ids, rows, booked, more=more, over=over)


def compare(
    accepted: Sequence[str],
    rows: Sequence[Any],
    booked: dict[str, str],
    *,
    more: int,
    over: int,
) -> Audit:
    """The counts; `more` students were created than were accepted, `over` tutors are overbooked."""
    settled = [row for row in rows if row["state"] in OUTCOMES and row["told"]]
    matched = {row["student_id"]: row["tutor_id"] for row in rows if row["state"] == "matched"}
    repeated = sum(bool(row["repeated"]) or row["told_of_a_match"] > 1 for row in rows)
    return Audit(
        matched=len(matched),
        waiting=sum(row["state"] == "waiting" for row in rows),
        notified=sum(bool(row["told"]) for row in rows),
        lost=len(accepted) - len(settled),
        duplicated=repeated + max(0, more) + len(accepted) - len(set(accepted)),
        over_capacity=over,
        mismatched=len(matched.items() ^ booked.items()),
        first_told_ms=tuple(
            row["first_told_ms"] for row in rows if row["first_told_ms"] is not None
        ),
    )


@asynccontextmanager
async def _reading(dsn: str) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(dsn, server_settings={"default_transaction_read_only": "on"})
    try:
        yield connection
    finally:
        await connection.close()
