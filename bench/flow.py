"""From registration to notification: cold, warm at a constant rate, and a burst from zero."""

import statistics
import time
from collections.abc import Sequence
from typing import Final

import asyncpg

from bench.figures import Bound, Figure, Invalid, percentile
from bench.registrations import Client
from bench.system import System, until
from learnflow.demo.audit import Audit, audit, count_students

GROUP = "flow"
TUTORS: Final = 60
_SETTLED: Final = """
SELECT count(*) FROM students s
 WHERE student_id = ANY($1) AND state IN ('matched', 'waiting')
   AND EXISTS (SELECT FROM notifications n WHERE n.recipient_id = s.student_id)
"""
_TOLD: Final = """
SELECT extract(epoch FROM min(created_at))::float8 FROM notifications WHERE recipient_id = $1
"""
_PATIENCE: Final = 60.0
_PAUSE: Final = 0.1
"""Between two looks: asking after 1,000 students is work for the server that is measured."""
_WARM: Final = 20
_P50, _P99 = Bound(40, 15), Bound(150, 80)


async def measure(system: System, quick: bool) -> list[Figure]:
    """All of it; every batch is audited in the databases before its figures count."""
    client = Client(system.port)
    await client.tutors(TUTORS)
    await settled(system, await client.burst(_WARM))
    figures = [await _from_zero(system, client, 2 if quick else 10)]
    figures += await _burst(system, client, 200 if quick else 1000)
    for rate in (10, 50):
        figures += await _warm(system, client, rate, 2 if quick else 10)
    return figures


async def _from_zero(system: System, client: Client, runs: int) -> Figure:
    times: list[float] = []
    for _ in range(runs):
        await system.to_zero()
        sent = time.time()
        student_id = await client.student()
        await _audited(system, [student_id])
        times.append((await _told_at(system, student_id) - sent) * 1000)
    note = f"{min(times):.0f}-{max(times):.0f} over {runs} runs: sent to told, functions cold"
    name = "request to notified, all at zero"
    return Figure(GROUP, name, statistics.median(times), "ms", Bound(500, 200), note)


async def _burst(system: System, client: Client, count: int) -> list[Figure]:
    await system.to_zero()
    before = await count_students(system.dsn)
    began = time.monotonic()
    ids = await client.burst(count)
    accepted = time.monotonic() - began
    await settled(system, ids)
    seconds = time.monotonic() - began
    found = await audit(system.dsn, ids, before)
    name = f"burst of {count} from zero"
    note = f"{found.matched} matched, {found.waiting} waiting; all accepted after {accepted:.1f} s"
    none = Bound(0)
    return [
        Figure(GROUP, f"{name}: all settled", seconds, "s", Bound(5), note),
        Figure(GROUP, f"{name}: lost", found.lost, "", none),
        Figure(GROUP, f"{name}: duplicated", found.duplicated + found.mismatched, "", none),
    ]


async def _warm(system: System, client: Client, rate: int, seconds: float) -> list[Figure]:
    await settled(system, await client.burst(_WARM))
    found = await _audited(system, await client.open_loop(rate, seconds))
    times = found.first_told_ms
    name = f"registered to notified, {rate}/s"
    note = f"{len(times)} students in {seconds:g} s, the database's own clock"
    return [
        Figure(GROUP, f"{name}, p50", percentile(times, 0.5), "ms", _P50, note),
        Figure(GROUP, f"{name}, p99", percentile(times, 0.99), "ms", _P99, note),
    ]


async def _audited(system: System, ids: Sequence[str]) -> Audit:
    """What became of these students. Raises Invalid when one was lost, doubled or not matched."""
    before = await count_students(system.dsn) - len(ids)
    await settled(system, ids)
    found = await audit(system.dsn, ids, before)
    if not found.fine or found.matched != len(ids):
        raise Invalid(f"not as it should be: {found}")
    return found


async def _told_at(system: System, student_id: str) -> float:
    """When the student was told, in seconds of this machine's one clock."""
    connection = await asyncpg.connect(system.dsn("students"))
    try:
        return float(await connection.fetchval(_TOLD, student_id))
    finally:
        await connection.close()


async def settled(
    system: System, ids: Sequence[str], counted: str = _SETTLED, not_yet: str = "settled"
) -> None:
    """Wait until each of these students is matched or waiting, and told, or else `counted`."""
    connection = await asyncpg.connect(system.dsn("students"))
    try:

        async def all_settled() -> bool:
            return bool(await connection.fetchval(counted, list(ids)) == len(ids))

        await until(all_settled, _PATIENCE, f"students are not {not_yet}", pause=_PAUSE)
    finally:
        await connection.close()
