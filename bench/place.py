"""A Postgres of the bench's own, in a temporary folder, with everyone's databases."""

import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from db.prepare import migrate_all, prepare_server
from db.roles import SHORT_NAMES, database_of, restrict, role_of
from learnflow.local.postgres import EmbeddedPostgres

PEER_DATABASE = "race_{peer}"
PEER_TABLE = """
CREATE TABLE students (
  student_id    text PRIMARY KEY,
  name          text NOT NULL,
  grade         integer NOT NULL,
  subject       text NOT NULL,
  registered_at timestamptz NOT NULL DEFAULT now())
"""

_EMPTY = """
DO $$ DECLARE names text; BEGIN
  SELECT string_agg(quote_ident(relname), ', ') INTO names FROM pg_class
   WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace
     AND NOT relispartition AND relname <> 'alembic_version';
  EXECUTE 'TRUNCATE ' || names;
END $$
"""


@dataclass(frozen=True)
class Place:
    """Where the bench works: a folder, and a running Postgres in it."""

    folder: Path
    postgres: EmbeddedPostgres

    def ours(self, short: str, duty: str = "app") -> str:
        """The address of one of LearnFlow's databases."""
        return self.postgres.dsn(database_of(short), role_of(short, duty))

    def peers(self, peer: str) -> str:
        """The address of a contestant's own database."""
        return self.postgres.dsn(PEER_DATABASE.format(peer=peer))

    async def add_peer(self, peer: str, table: str = PEER_TABLE) -> None:
        """Make a contestant's database with its one table, unless it is there."""
        name = PEER_DATABASE.format(peer=peer)
        if not await self.count("postgres", f"pg_database WHERE datname = '{name}'"):
            await self.execute(f"CREATE DATABASE {name}")
            await self.execute(table, name)

    async def add_copy(self, short: str, name: str) -> str:
        """Make an empty database like one of ours (which nobody may be connected to); its name."""
        copy = f"{short}_{name}"
        await self.execute(
            f"CREATE DATABASE {copy} TEMPLATE {database_of(short)} OWNER {role_of(short, 'owner')}"
        )
        for statement in restrict(short, copy):
            await self.execute(statement)
        return copy

    async def empty(self, short: str) -> None:
        """Take every row out of one of LearnFlow's databases."""
        await self.execute(_EMPTY, database_of(short))

    async def count(self, database: str, table: str) -> int:
        """Rows of a table (a condition may follow its name), as the superuser sees them."""
        connection = await asyncpg.connect(self.postgres.dsn(database))
        try:
            rows: int = await connection.fetchval(f"SELECT count(*) FROM {table}")
            return rows
        finally:
            await connection.close()

    async def execute(self, sql: str, database: str = "postgres") -> None:
        """Run one statement as the superuser."""
        connection = await asyncpg.connect(self.postgres.dsn(database))
        try:
            await connection.execute(sql)
        finally:
            await connection.close()

    async def checkpoint(self) -> None:
        """Let nobody pay for what another wrote."""
        await self.execute("CHECKPOINT")


@asynccontextmanager
async def place() -> AsyncIterator[Place]:
    """A place for one run, gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="lf-bench-"))
    folder.chmod(0o711)  # as root, Postgres runs under another user, who must pass through
    postgres = EmbeddedPostgres(folder / "state", folder / "s")
    try:
        await postgres.start()
        here = Place(folder, postgres)
        await prepare_server(postgres.dsn("postgres"))
        await migrate_all({short: here.ours(short, "owner") for short in SHORT_NAMES})
        yield here
    finally:
        await postgres.stop()
        shutil.rmtree(folder, ignore_errors=True)
