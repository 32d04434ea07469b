"""The race: register_student against its peers, in alternating pairs over one Postgres."""

import statistics
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Final

from bench.connection import STUDENT, post
from bench.figures import Bound, Figure, Invalid, percentile, ratio
from bench.load import CONNECTIONS, Shot, generator, shoot, warm
from bench.pace import Pace
from bench.place import PEER_DATABASE, Place
from bench.processes import Served, contestant, running
from db.roles import database_of
from eventing.events import StudentRegistered

GROUP: Final = "race"
OURS: Final = "register_student"
WITH_RELAY: Final = "register_student, relay on"
PEERS: Final = ("bare", "fastapi", "framework")
TITLES: Final = {
    "bare": "bare ASGI + asyncpg",
    "fastapi": "FastAPI + SQLModel",
    "framework": "functions-framework + SQLModel",
}
_SAID: Final = f"outbox WHERE type = '{StudentRegistered.type}'"
_BOUNDS: Final = {
    ("fastapi", OURS): Bound(2.5, 5, at_least=True),
    ("bare", OURS): Bound(0.7, 0.9, at_least=True),
}


@dataclass(frozen=True)
class Racer:
    """A contestant that runs, and where its rows go: one per request, ours in the outbox too."""

    name: str
    served: Served
    database: str
    outbox: bool = False


async def measure(place: Place, quick: bool) -> list[Figure]:
    """Rates of all, our rate over each peer's, and tail latency beside the monolith's."""
    pairs, seconds = (1, 1.0) if quick else (5, 2.0)
    shots: defaultdict[str, list[Shot]] = defaultdict(list)
    async with AsyncExitStack() as stack:
        racers = [await stack.enter_async_context(peer(place, name)) for name in PEERS]
        ours = await stack.enter_async_context(_ours(place))
        for racer in (*racers, ours):
            await warm(racer.served.port)
        for _ in range(pairs):
            for racer in (*racers, ours):
                shots[racer.name].append(await shot(place, racer, seconds))
            async with _relay(place):
                shots[WITH_RELAY].append(await shot(place, ours, seconds))
        monolith = next(racer for racer in racers if racer.name == "fastapi")
        tails = await _tails(place, ours, monolith, shots, quick)
    return [
        *(rate_of(GROUP, TITLES.get(n, n), s) for n, s in shots.items()),
        *_ratios(shots),
        tails,
    ]


@asynccontextmanager
async def peer(place: Place, name: str) -> AsyncIterator[Racer]:
    """A peer that serves, with a database of its own."""
    await place.add_peer(name)
    async with contestant(name, place.peers(name), place.folder) as served:
        yield Racer(name, served, PEER_DATABASE.format(peer=name))


@asynccontextmanager
async def _ours(place: Place) -> AsyncIterator[Racer]:
    async with contestant(OURS, place.ours("students"), place.folder) as served:
        yield Racer(OURS, served, database_of("students"), outbox=True)


@asynccontextmanager
async def _relay(place: Place) -> AsyncIterator[None]:
    command = ("bench.contestants", "relay", place.ours("students", "relay"))
    async with running(*command, log=place.folder / "relay.log"):
        yield


async def shot(place: Place, racer: Racer, seconds: float) -> Shot:
    """One shot whose rows were counted. Raises Invalid when they are not the requests answered."""
    await place.checkpoint()
    tables = ("students", _SAID) if racer.outbox else ("students",)
    before = [await place.count(racer.database, table) for table in tables]
    taken = await shoot(racer.served.port, seconds)
    for table, rows in zip(tables, before, strict=True):
        added = await place.count(racer.database, table) - rows
        # The last requests of the 16 connections may be committed and not read any more.
        if not taken.requests <= added <= taken.requests + CONNECTIONS:
            raise Invalid(f"{racer.name}: {taken.requests} answered, {added} rows in {table}")
    return taken


def rate_of(group: str, name: str, shots: Sequence[Shot]) -> Figure:
    """The median rate; its latencies are those of a closed loop, to read it by."""
    p50, p99 = (statistics.median(getattr(s, f"{p}_ms") for s in shots) for p in ("p50", "p99"))
    note = f"{generator()}, {CONNECTIONS} connections: p50 {p50:.1f} ms, p99 {p99:.1f} ms"
    return Figure(group, name, statistics.median(s.rate for s in shots), "1/s", None, note)


def _ratios(shots: Mapping[str, Sequence[Shot]]) -> list[Figure]:
    return [
        ratio(
            [one.rate for one in shots[ours]],
            [one.rate for one in shots[name]],
            group=GROUP,
            name=f"{ours} / {TITLES[name]}",
            bound=_BOUNDS.get((name, ours)),
        )
        for ours in (OURS, WITH_RELAY)
        for name in PEERS
    ]


async def _tails(
    place: Place, ours: Racer, monolith: Racer, shots: Mapping[str, Sequence[Shot]], quick: bool
) -> Figure:
    """Our p99 over the monolith's, both at half the slower one's rate, in an open loop."""
    slower = min(statistics.median(s.rate for s in shots[r.name]) for r in (ours, monolith))
    request = post("/api/students", STUDENT)
    tails: defaultdict[str, list[float]] = defaultdict(list)
    for _ in range(1 if quick else 3):
        for racer in (monolith, ours):
            await place.checkpoint()
            seconds = await Pace(racer.served.port, request).run(slower / 2, 1 if quick else 3)
            tails[racer.name].append(percentile(seconds, 0.99) * 1000)
    name = f"p99 at {slower / 2:.0f}/s, open loop, / {TITLES['fastapi']}"
    found = ratio(tails[ours.name], tails[monolith.name], group=GROUP, name=name, bound=Bound(1))
    medians = [statistics.median(tails[racer.name]) for racer in (ours, monolith)]
    note = f"{medians[0]:.1f} and {medians[1]:.1f} ms; {found.note}"
    return Figure(GROUP, name, found.value, "x", found.bound, note)
