"""From a tutor's decline to the next tutor's booking, over HTTP, at a constant rate."""

import asyncio
import time
from collections.abc import Sequence
from typing import Final

import asyncpg

from bench.connection import post, send
from bench.figures import Bound, Figure, Invalid, percentile
from bench.flow import settled
from bench.registrations import Client
from bench.system import System, until
from learnflow.demo.audit import audit, count_students

GROUP = "decline"
TUTORS: Final = 60
_MATCHES: Final = """
SELECT student_id, match_id FROM bookings WHERE student_id = ANY($1) AND state = 'booked'
"""
_BOOKED_ANEW: Final = """
SELECT p.match_id, extract(epoch FROM n.created_at)::float8 AS at
  FROM past_matches p
  JOIN bookings b ON b.student_id = p.student_id AND b.round = p.round + 1 AND b.state = 'booked'
  JOIN notifications n ON n.student_id = b.student_id AND n.round = b.round AND n.kind = 'matched'
 WHERE p.match_id = ANY($1) AND p.state = 'declined' AND b.tutor_id <> p.tutor_id
"""
"""When the next tutor was told, which is when the slot was booked, by this machine's one clock."""
_TOLD: Final = """
SELECT count(*) FROM students s
 WHERE student_id = ANY($1) AND (state, stage, round) = ('matched', 2, 2)
   AND (SELECT count(*) FROM notifications n WHERE n.recipient_id = s.student_id) = 2
"""
"""Told of the first match and of the second, of each once."""
_PATIENCE: Final = 60.0
_PAUSE: Final = 0.1
_SECONDS: Final = 30.0
_WARM: Final = 20
_P50: Final = Bound(60)


async def measure(system: System, quick: bool) -> list[Figure]:
    """Open loops of declines, each of another student's first match; audited before they count."""
    client = Client(system.port)
    await client.tutors(TUTORS)
    await _declined(system, client, 20, _WARM)
    figures: list[Figure] = []
    for rate in (10, 50):
        seconds = 2 if quick else 10
        times = await _declined(system, client, rate, rate * seconds)
        name = f"decline to the next tutor's booking, {rate}/s"
        note = f"{len(times)} declines in {seconds} s, from when each was due to its next booking"
        figures += [
            Figure(GROUP, f"{name}, p50", percentile(times, 0.5), "ms", _P50, note),
            Figure(GROUP, f"{name}, p99", percentile(times, 0.99), "ms", None, note),
        ]
    return figures


async def _declined(system: System, client: Client, rate: float, count: int) -> list[float]:
    """Milliseconds from each decline to the booking that follows. Raises Invalid if one lacks."""
    before = await count_students(system.dsn)
    ids = await client.burst(count)
    connection = await asyncpg.connect(system.dsn("tutors"))
    try:
        matches = await _rows(connection, _MATCHES, ids, count)
        due = await _decline_all(system.port, rate, [row["match_id"] for row in matches])
        booked = await _rows(connection, _BOOKED_ANEW, list(due), count)
    finally:
        await connection.close()
    await settled(system, ids, _TOLD, "told")
    found = await audit(system.dsn, ids, before)
    if found.lost or found.over_capacity or found.mismatched or found.matched != count:
        raise Invalid(f"not as it should be: {found}")
    return [(row["at"] - due[row["match_id"]]) * 1000 for row in booked]


async def _decline_all(port: int, rate: float, match_ids: Sequence[str]) -> dict[str, float]:
    """Decline each match at its moment; when it was due, in seconds of this machine's clock."""
    began = time.time()
    due = {match_id: began + number / rate for number, match_id in enumerate(match_ids)}
    sent: list[asyncio.Task[object]] = []
    for match_id, moment in due.items():
        await asyncio.sleep(max(0.0, moment - time.time()))
        request = post(f"/api/matches/{match_id}/response", {"response": "decline"})
        sent.append(asyncio.create_task(send(port, iter([request]), 1)))
    await asyncio.wait_for(asyncio.gather(*sent), _SECONDS)
    return due


async def _rows(
    connection: asyncpg.Connection, sql: str, ids: Sequence[str], count: int
) -> list[asyncpg.Record]:
    """So many rows, as soon as there are."""

    async def look() -> list[asyncpg.Record]:
        rows: list[asyncpg.Record] = await connection.fetch(sql, ids)
        return rows if len(rows) == count else []

    found: list[asyncpg.Record] = await until(look, _PATIENCE, "not all are booked", pause=_PAUSE)
    return found
