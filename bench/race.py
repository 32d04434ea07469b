"""The race: register_student against its peers, in alternating pairs over one Postgres."""

import statistics
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from bench.figures import Bound, Figure, Invalid, ratio
from bench.load import CONNECTIONS, Shot, shoot
from bench.place import PEER_DATABASE, Place
from bench.processes import Served, contestant, running
from db.roles import database_of

OURS = "register_student"
OURS_WITH_RELAY = "register_student, relay on"
PEERS = ("bare", "fastapi", "framework")
_TITLES = {
    "bare": "bare ASGI + asyncpg",
    "fastapi": "FastAPI + SQLModel",
    "framework": "functions-framework + SQLModel",
}
_FLOORS = {
    ("fastapi", OURS): Bound(2.5, 5, at_least=True),
    ("bare", OURS): Bound(0.7, 0.9, at_least=True),
}
_WARM_SECONDS = 1.0
GROUP = "race"


@dataclass(frozen=True)
class Racer:
    """A contestant that runs, and where its rows go."""

    name: str
    served: Served
    database: str


async def measure(place: Place, quick: bool) -> list[Figure]:
    """Rates of all, and our rate over each peer's."""
    pairs, seconds = (2, 1.0) if quick else (5, 2.0)
    shots: defaultdict[str, list[Shot]] = defaultdict(list)
    async with AsyncExitStack() as stack:
        racers = [await stack.enter_async_context(_peer(place, peer)) for peer in PEERS]
        ours = await stack.enter_async_context(_ours(place))
        for racer in (*racers, ours):
            await shoot(racer.served.port, _WARM_SECONDS)
        for _ in range(pairs):
            for racer in (*racers, ours):
                shots[racer.name].append(await _shot(place, racer, seconds))
            async with _relay(place):
                shots[OURS_WITH_RELAY].append(await _shot(place, ours, seconds))
    return [*_rates(shots), *_ratios(shots)]


@asynccontextmanager
async def _peer(place: Place, peer: str) -> AsyncIterator[Racer]:
    await place.add_peer(peer)
    async with contestant(peer, place.peers(peer), place.folder) as served:
        yield Racer(peer, served, PEER_DATABASE.format(peer=peer))


@asynccontextmanager
async def _ours(place: Place) -> AsyncIterator[Racer]:
    async with contestant(OURS, place.ours("students"), place.folder) as served:
        yield Racer(OURS, served, database_of("students"))


@asynccontextmanager
async def _relay(place: Place) -> AsyncIterator[None]:
    command = ("bench.contestants", "relay", place.ours("students", "relay"))
    async with running(*command, log=place.folder / "relay.log"):
        yield


async def _shot(place: Place, racer: Racer, seconds: float) -> Shot:
    """One shot whose rows were counted. Raises Invalid when they are not the requests answered."""
    await place.checkpoint()
    tables = ("students", "outbox") if racer.name == OURS else ("students",)
    before = [await place.count(racer.database, table) for table in tables]
    shot = await shoot(racer.served.port, seconds)
    for table, rows in zip(tables, before, strict=True):
        added = await place.count(racer.database, table) - rows
        # The last requests of the 16 connections may be committed and not read any more.
        if not shot.requests <= added <= shot.requests + CONNECTIONS:
            raise Invalid(f"{racer.name}: {shot.requests} answered, {added} rows in {table}")
    return shot


def _rates(shots: dict[str, list[Shot]]) -> list[Figure]:
    return [
        Figure(
            GROUP,
            _TITLES.get(name, name),
            statistics.median(shot.rate for shot in taken),
            "1/s",
            None,
            f"p50 {statistics.median(shot.p50_ms for shot in taken):.1f} ms, "
            f"p99 {statistics.median(shot.p99_ms for shot in taken):.1f} ms (closed loop)",
        )
        for name, taken in shots.items()
    ]


def _ratios(shots: dict[str, list[Shot]]) -> list[Figure]:
    def rates(name: str) -> Sequence[float]:
        return [shot.rate for shot in shots[name]]

    return [
        ratio(
            rates(ours),
            rates(peer),
            group=GROUP,
            name=f"{ours} / {_TITLES[peer]}",
            bound=_FLOORS.get((peer, ours)),
        )
        for ours in (OURS, OURS_WITH_RELAY)
        for peer in PEERS
    ]
