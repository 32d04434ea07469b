"""What every migration environment does: one asyncpg connection, scripts as plain SQL files."""

import asyncio
import re
from pathlib import Path

import asyncpg
from alembic import context, op
from sqlalchemy import Connection, MetaData, pool
from sqlalchemy.ext.asyncio import create_async_engine

from db.roles import database_of


def run_migrations(metadata: MetaData) -> None:
    """Run the wanted migrations of the database whose metadata this is."""
    dsn: str = context.config.attributes["dsn"]
    asyncio.run(_run(dsn, metadata))


async def _run(dsn: str, metadata: MetaData) -> None:
    engine = create_async_engine(
        "postgresql+asyncpg://",
        async_creator=lambda: asyncpg.connect(dsn),
        poolclass=pool.NullPool,
    )
    async with engine.connect() as connection:
        await connection.run_sync(_migrate, metadata)
    await engine.dispose()


def _migrate(connection: Connection, metadata: MetaData) -> None:
    context.configure(connection=connection, target_metadata=metadata)
    with context.begin_transaction():
        context.run_migrations()


def script(short: str, *paths: Path) -> None:
    """Run SQL files as they are; `:short` and `:database` are the database's names."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    names = {"short": short, "database": database_of(short)}
    for path in paths:
        sql = re.sub(
            r"(?<!:):(short|database)(?![a-z])", lambda m: names[m[1]], path.read_text("utf-8")
        )
        op.get_bind().connection.dbapi_connection.run_async(lambda driver: driver.execute(sql))  # type: ignore[union-attr]  # noqa: B023
