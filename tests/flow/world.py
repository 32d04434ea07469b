"""The whole flow in one process: real databases, real functions, a relay of ours, no HTTP.

A `World` calls the functions directly, takes what they say from the outboxes, and hands it to
everyone who hears it, as often and in whatever order a test wants.
"""

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg

from db.connection import Unavailable
from db.unit_of_work import Database, Duplicate, Unit
from eventing.events import CATALOGUE, Event
from learnflow.runtime.load import load_function
from learnflow.runtime.operation import Operation
from learnflow.runtime.problems import Refused
from learnflow.runtime.transactions import committed
from tests.postgres import Databases

FUNCTIONS = Path(__file__).parents[2] / "functions"


@dataclass(frozen=True)
class Said:
    """An event on its way: where from, under which id, and the fact."""

    source: str
    event_id: str
    event: Event


@dataclass
class World:
    """The functions over three databases, with a bus that the test moves by hand."""

    databases: Databases
    log: list[Said] = field(default_factory=list)
    dead: list[tuple[str, Said, str]] = field(default_factory=list)
    relays: dict[str, asyncpg.Connection] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Open nothing; load every function by path, as a container does."""
        names = sorted(folder.parent.name for folder in FUNCTIONS.glob("*/main.py"))
        self.operations = {n: load_function(FUNCTIONS, n).operation for n in names}
        self.hearers: dict[str, list[Operation]] = {}
        for operation in self.operations.values():
            for event in operation.hears:
                self.hearers.setdefault(event.type, []).append(operation)
        self.open = {
            short: Database(short, self.databases.dsn(short))
            for short in ("students", "tutors", "matching")
        }

    async def close(self) -> None:
        """Close the connections."""
        for database in self.open.values():
            await database.close()
        for connection in self.relays.values():
            await connection.close()

    async def do(self, name: str, /, **wish: Any) -> Any:
        """Run a command or query; its answer."""
        operation = self.operations[name]
        assert operation.model is not None
        model = operation.model.model_validate_json(json.dumps(wish))
        database = self.open[operation.database or ""]
        return await committed(database, "", lambda work: operation.handler(model, work))

    async def hear(self, name: str, said: Said, *, inbox: bool = True) -> str:
        """Deliver one event to one reaction: done, duplicate, again (503), or a refusal's title."""
        operation = self.operations[name]

        async def apply(work: Unit) -> None:
            if inbox:
                work.heard(name, said.source, said.event_id)
            await operation.handler(said.event, work)

        try:
            await committed(self.open[operation.database or ""], "", apply)
        except Duplicate:
            return "duplicate"
        except Unavailable:
            return "again"
        except Refused as refused:
            self.dead.append((name, said, refused.title))
            return refused.title
        return "done"

    async def collect(self) -> list[Said]:
        """Take what was said since, from all outboxes."""
        fresh: list[Said] = []
        for short in self.open:
            if short not in self.relays:
                self.relays[short] = await asyncpg.connect(self.databases.dsn(short, "relay"))
            rows = await self.relays[short].fetch(
                "UPDATE outbox SET published_at = now() WHERE published_at IS NULL"
                " RETURNING event_id, type, data"
            )
            for row in rows:
                event = CATALOGUE[row["type"]].model_validate_json(row["data"])
                fresh.append(Said(f"learnflow/{short}", row["event_id"], event))
        self.log += fresh
        return fresh

    async def settle(self, chance: random.Random | None = None, copies: int = 1) -> None:
        """Deliver until nobody says anything new; with `chance`, shuffled and copied."""
        waiting: list[tuple[str, Said]] = []
        while True:
            waiting += self.deliveries(await self.collect(), chance, copies)
            if not waiting:
                return
            if chance is not None:
                chance.shuffle(waiting)
            name, said = waiting.pop(0)
            if await self.hear(name, said) == "again":
                waiting.append((name, said))

    def deliveries(
        self, said: Sequence[Said], chance: random.Random | None = None, copies: int = 1
    ) -> list[tuple[str, Said]]:
        """Who is to hear what, how often."""
        return [
            (operation.name, one)
            for one in said
            for operation in self.hearers.get(one.event.type, ())
            for _ in range(chance.randint(1, copies) if chance else copies)
        ]

    async def commit_fast(self) -> None:
        """Commits need not reach the disk from the next connection on: many events, one test."""
        admin = await asyncpg.connect(self.databases.admin)
        for short in self.open:
            name = self.databases.name(short)
            await admin.execute(f"ALTER DATABASE {name} SET synchronous_commit = off")
        await admin.close()

    async def rows(self, short: str, table: str) -> list[dict[str, Any]]:
        """A table's rows, as the superuser sees them."""
        connection = await asyncpg.connect(self.databases.superuser(short))
        try:
            return [dict(r) for r in await connection.fetch(f"SELECT * FROM {table} ORDER BY 1")]
        finally:
            await connection.close()
