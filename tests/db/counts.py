"""A tutor's counters, and the same counted anew from the history."""

from typing import Any

import asyncpg

from tests.postgres import Databases

COUNTERS = ("rating_sum", "rating_n", "accepted_n", "declined_n", "ended_n", "matches_n")
Counts = dict[str, tuple[int, ...]]

KEPT = f"SELECT tutor_id, {', '.join(COUNTERS)} FROM tutors"
COUNTED = """
SELECT t.tutor_id, coalesce(sum(o.stars), 0)::integer, count(o.stars),
       count(*) FILTER (WHERE o.kind = 'accepted'), count(*) FILTER (WHERE o.kind = 'declined'),
       count(*) FILTER (WHERE o.kind = 'ended'),
       (SELECT count(*) FROM matches own WHERE own.tutor_id = t.tutor_id)
  FROM tutors t LEFT JOIN matches m USING (tutor_id) LEFT JOIN outcomes o USING (match_id)
 GROUP BY t.tutor_id
"""


async def kept(databases: Databases) -> Counts:
    """Each tutor's counters as they are."""
    return _counts(await _fetch(databases, KEPT))


async def counted(databases: Databases) -> Counts:
    """Each tutor's counters as the history says."""
    return _counts(await _fetch(databases, COUNTED))


async def _fetch(databases: Databases, sql: str) -> list[Any]:
    connection = await asyncpg.connect(databases.superuser("matching"))
    try:
        return list(await connection.fetch(sql))
    finally:
        await connection.close()


def _counts(rows: list[Any]) -> Counts:
    return {tutor: tuple(numbers) for tutor, *numbers in rows}
