"""Who races: peers with a database each, and our function, all as processes over one Postgres."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from bench.figures import Invalid
from bench.load import CONNECTIONS, Shot, shoot
from bench.place import PEER_DATABASE, Place
from bench.processes import Served, contestant
from db.roles import database_of
from eventing.events import StudentRegistered

OURS: Final = "register_student"
TITLES: Final = {
    "bare": "bare ASGI + asyncpg",
    "fastapi": "FastAPI + SQLModel",
    "framework": "functions-framework + SQLModel",
    "wsgi": "functions-framework WSGI + SQLModel",
}
PEERS: Final = tuple(TITLES)
_SAID: Final = f"outbox WHERE type = '{StudentRegistered.type}'"


@dataclass(frozen=True)
class Racer:
    """A contestant that runs, and where its rows go: one per request, ours in the outbox too."""

    name: str
    served: Served
    database: str
    outbox: bool = False

    @property
    def title(self) -> str:
        """What it is called in the report."""
        return TITLES.get(self.name, self.name)


@asynccontextmanager
async def peer(place: Place, name: str) -> AsyncIterator[Racer]:
    """A peer that serves, with a database of its own."""
    await place.add_peer(name)
    async with contestant(name, place.peers(name), place.folder) as served:
        yield Racer(name, served, PEER_DATABASE.format(peer=name))


@asynccontextmanager
async def ours(place: Place) -> AsyncIterator[Racer]:
    """Our function, on students_db."""
    async with contestant(OURS, place.ours("students"), place.folder) as served:
        yield Racer(OURS, served, database_of("students"), outbox=True)


async def shot(place: Place, racer: Racer, seconds: float, connections: int = CONNECTIONS) -> Shot:
    """One shot whose rows were counted. Raises Invalid when they are not the requests answered."""
    await place.checkpoint()
    tables = ("students", _SAID) if racer.outbox else ("students",)
    before = [await place.count(racer.database, table) for table in tables]
    taken = await shoot(racer.served.port, seconds, connections=connections)
    for table, rows in zip(tables, before, strict=True):
        added = await place.count(racer.database, table) - rows
        # The last requests of all connections may be committed and not read any more.
        if not taken.requests <= added <= taken.requests + connections:
            raise Invalid(f"{racer.name}: {taken.requests} answered, {added} rows in {table}")
    return taken
