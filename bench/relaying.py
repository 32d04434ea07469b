"""How fast do facts leave an outbox? The real relay, beside its own SQL with nothing in between."""

import time
from statistics import median
from typing import Final

import asyncpg

from bench import filling
from bench.figures import Bound, Figure, ratio
from bench.place import Place
from bench.processes import running
from bench.system import until
from db import outbox
from db.relay import RelaySettings
from db.roles import database_of

GROUP: Final = "events"
_LEFT: Final = "outbox WHERE published_at IS NULL"
_TOOK: Final = """
SELECT (count(*) - count(*) FILTER (WHERE published_at = first))
       / nullif(extract(epoch FROM max(published_at) - min(first)), 0)::float8
  FROM outbox, (SELECT min(published_at) AS first FROM outbox) firsts
"""
"""Facts per second from the first batch to the last; the first has no start to count from."""


async def relayed(place: Place, rounds: int, count: int) -> list[Figure]:
    """The relay's rate, and its share of what its SQL alone would reach."""
    ours, theirs = [], []
    for _ in range(rounds):
        await _facts(place, count)
        theirs.append(await _bare_relay(place, count))
        await _facts(place, count)
        command = ("bench.contestants", "relay", place.ours("students", "relay"))
        async with running(*command, log=place.folder / "relay.log"):
            await until(lambda: _all_out(place), 60, "the relay does not end", pause=0.1)
        ours.append(await _rate(place))
    await place.empty("students")
    found = ratio(
        ours,
        theirs,
        group=GROUP,
        name="relay / its SQL alone",
        bound=Bound(0.25, 0.5, at_least=True),
    )
    note = f"{count} facts, batches of {RelaySettings().batch}, a bus that takes all at once"
    return [Figure(GROUP, "relay, outbox to bus", median(ours), "1/s", None, note), found]


async def _facts(place: Place, count: int) -> None:
    await place.empty("students")
    sql = filling.FACTS.format(first=1, last=count, published="NULL")
    await place.execute(sql, database_of("students"))
    await place.execute("VACUUM ANALYZE outbox", database_of("students"))
    await place.checkpoint()


async def _all_out(place: Place) -> bool:
    return await place.count(database_of("students"), _LEFT) == 0


async def _rate(place: Place) -> float:
    connection = await asyncpg.connect(place.postgres.dsn(database_of("students")))
    try:
        return float(await connection.fetchval(_TOOK))
    finally:
        await connection.close()


async def _bare_relay(place: Place, count: int) -> float:
    """Take and mark, in the relay's batches, with nothing in between."""
    connection = await asyncpg.connect(place.ours("students", "relay"))
    began = time.perf_counter()
    try:
        taken = 0
        while taken < count:
            async with connection.transaction():
                rows = await connection.fetch(outbox.TAKE, RelaySettings().batch)
                ids, times = [row["id"] for row in rows], [row["created_at"] for row in rows]
                await connection.execute(outbox.MARK_PUBLISHED, ids, times)
            taken += len(rows)
        return count / (time.perf_counter() - began)
    finally:
        await connection.close()
