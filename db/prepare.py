"""From an empty server to databases that functions can use: roles, limits, migrations."""

import asyncio
from collections.abc import Iterable

import asyncpg

from db.migrate import upgrade
from db.roles import SHORT_NAMES, create_database, create_roles, database_of, restrict


async def prepare_server(admin_dsn: str, shorts: Iterable[str] = SHORT_NAMES) -> None:
    """Create what is absent, as the server's superuser; may be run again at any time."""
    connection = await asyncpg.connect(admin_dsn)
    try:
        known = {row[0] for row in await connection.fetch("SELECT datname FROM pg_database")}
        for short in shorts:
            for statement in create_roles(short):
                await connection.execute(statement)
            if database_of(short) not in known:
                await connection.execute(create_database(short))
            for statement in restrict(short):
                await connection.execute(statement)
    finally:
        await connection.close()


async def migrate_all(owner_dsns: dict[str, str]) -> None:
    """Migrate every database (Alembic runs its own loop, hence the threads)."""
    for short, dsn in owner_dsns.items():
        await asyncio.to_thread(upgrade, short, dsn)
