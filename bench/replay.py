"""A replay of a whole system: the log's events delivered again to all who heard them."""

import json
import statistics
import time
from collections.abc import Mapping
from typing import Any, Final

import aiohttp
import asyncpg

from bench.figures import Bound, Figure, Invalid
from bench.flow import TUTORS, settled
from bench.registrations import Client
from bench.system import System, until
from db.roles import SHORT_NAMES

GROUP: Final = "replay"
_PATIENCE: Final = 120.0
_SAID: Final = "SELECT count(*) FROM outbox"


async def measure(system: System, quick: bool) -> list[Figure]:
    """Events per second again, beside those of the first time; nothing may come of a replay."""
    rounds, count = (1, 100) if quick else (3, 500)
    client = Client(system.port)
    await client.tutors(TUTORS)
    await settled(system, await client.burst(20))
    await _quiet(system)
    since, began = int(time.time() * 1000), time.monotonic()
    await settled(system, await client.burst(count))
    await _quiet(system)
    first = time.monotonic() - began
    said = await _facts(system)
    tallies = [await _again(system, since) for _ in range(rounds)]
    if await _facts(system) != said:
        raise Invalid("a replay said something new")
    rates = [tally["done"] / seconds for tally, seconds in tallies]
    deliveries = tallies[0][0]["done"]
    note = f"{deliveries} deliveries of {count} registrations, all duplicates; {rounds} rounds"
    ratios = [rate / (deliveries / first) for rate in rates]
    return [
        Figure(GROUP, "events replayed", statistics.median(rates), "1/s", None, note),
        Figure(
            GROUP,
            "events replayed / the first time",
            statistics.median(ratios),
            "x",
            Bound(1, at_least=True),
            f"{min(ratios):.2f}-{max(ratios):.2f}; the first time with HTTP, relay and matching",
        ),
    ]


async def _again(system: System, since: int) -> tuple[Mapping[str, Any], float]:
    """What a replay of all since then came to, and its seconds. Raises Invalid for a new effect."""
    began = time.monotonic()
    tally: dict[str, Any] = {}
    timeout = aiohttp.ClientTimeout(total=_PATIENCE)
    async with (
        system.control() as session,
        session.post("/control/events/replay", json={"since": since}, timeout=timeout) as response,
    ):
        async for line in response.content:
            tally = json.loads(line)
    if not tally.get("done") or tally["duplicates"] != tally["deliveries"]:
        raise Invalid(f"a replay is duplicates only, and this was {tally}")
    return tally, time.monotonic() - began


async def _quiet(system: System) -> None:
    """Wait until every source has delivered what there is."""

    async def all_delivered() -> bool:
        sources = (await system.ask("/control/ps"))["sources"]
        return not any(one["lag"] or one["in_flight"] for one in sources)

    await until(all_delivered, _PATIENCE, "deliveries do not end", pause=0.02)


async def _facts(system: System) -> int:
    """How many facts were ever said."""
    total = 0
    for short in SHORT_NAMES:
        connection = await asyncpg.connect(system.dsn(short))
        try:
            total += await connection.fetchval(_SAID)
        finally:
            await connection.close()
    return total
