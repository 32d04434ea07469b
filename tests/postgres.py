"""One real Postgres for the test run, and three fresh databases for a test.

Run as `python -m tests.postgres FOLDER` it serves until its standard input ends, so that a killed
test run leaves nothing behind.
"""

import asyncio
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from urllib.parse import quote

import asyncpg

from db.migrate import upgrade
from db.prepare import prepare_server
from db.roles import SHORT_NAMES, database_of, restrict, role_of
from learnflow.local.postgres import EmbeddedPostgres

_NUMBERS = count(1)


@dataclass(frozen=True)
class Databases:
    """Three databases of one test, by short name and duty (app, owner, relay)."""

    server: str
    suffix: str = ""

    def name(self, short: str) -> str:
        """The database's name on the test server."""
        return f"{database_of(short)}{self.suffix}"

    def dsn(self, short: str, duty: str = "app") -> str:
        """Its address for one role."""
        return self.server.format(role=role_of(short, duty), database=self.name(short))

    @property
    def admin(self) -> str:
        """The superuser's address."""
        return self.server.format(role="postgres", database="postgres")

    def superuser(self, short: str) -> str:
        """One database's address for the superuser."""
        return self.server.format(role="postgres", database=self.name(short))


@contextmanager
def server(folder: Path) -> Iterator[Databases]:
    """A server with the migrated databases, which are the templates of every test's own."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.postgres", str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    address = process.stdout.readline().strip()
    assert address, "the test Postgres did not start; its log is in " + str(folder)
    try:
        templates = Databases(address)
        asyncio.run(prepare_server(templates.admin))
        for short in SHORT_NAMES:
            upgrade(short, templates.dsn(short, "owner"))
        yield templates
    finally:
        process.communicate(timeout=30)


async def fresh(templates: Databases) -> Databases:
    """Copies of the templates for one test."""
    databases = Databases(templates.server, f"_{next(_NUMBERS)}")
    copy = "CREATE DATABASE {} TEMPLATE {} OWNER {} STRATEGY WAL_LOG"  # needs no checkpoint
    await _each(
        databases,
        lambda short: [
            copy.format(databases.name(short), templates.name(short), role_of(short, "owner")),
            *restrict(short, databases.name(short)),
        ],
    )
    return databases


async def drop(databases: Databases) -> None:
    """Drop them, whoever is still connected."""
    await _each(databases, lambda short: [f"DROP DATABASE {databases.name(short)} WITH (FORCE)"])


async def _each(databases: Databases, statements: Callable[[str], list[str]]) -> None:
    async def run(short: str) -> None:
        admin = await asyncpg.connect(databases.admin)
        for statement in statements(short):
            await admin.execute(statement)
        await admin.close()

    await asyncio.gather(*(run(short) for short in SHORT_NAMES))


async def _serve(folder: Path) -> None:
    sockets = folder / "s"
    sockets.mkdir(parents=True, exist_ok=True)
    postgres = EmbeddedPostgres(folder / "state", sockets)
    await postgres.start()
    address = postgres.dsn("DATABASE", "ROLE")
    address = address.replace(quote("ROLE"), "{role}").replace("DATABASE", "{database}")
    sys.stdout.write(f"{address}\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.read)
    await postgres.stop()


if __name__ == "__main__":
    asyncio.run(_serve(Path(sys.argv[1])))
