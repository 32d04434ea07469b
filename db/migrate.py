"""Bringing the databases to the newest schema, with Alembic, one database after the other.

`python -m db.migrate` reads a JSON object from its input: short names and owner addresses.
"""

import asyncio
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

import asyncpg

if TYPE_CHECKING:
    from alembic.config import Config

ROOT: Final = Path(__file__).parent


def head(short: str) -> str:
    """The newest revision that this release has for a database."""
    files = (ROOT / short / "migrations" / "versions").glob("[0-9]*.py")
    return max(file.stem.partition("_")[0] for file in files)


async def current(dsn: str) -> str | None:
    """The database's revision, or None when it was never migrated."""
    connection = await asyncpg.connect(dsn)
    try:
        revision: str | None = await connection.fetchval("SELECT version_num FROM alembic_version")
        return revision
    except asyncpg.UndefinedTableError:
        return None
    finally:
        await connection.close()


async def behind(dsns: Mapping[str, str]) -> list[str]:
    """Short names of the databases that are not at their newest revision."""
    found = await asyncio.gather(*(current(dsn) for dsn in dsns.values()))
    return [short for short, revision in zip(dsns, found, strict=True) if revision != head(short)]


def upgrade(short: str, dsn: str, revision: str = "head") -> None:
    """Migrate one database up to `revision`; `dsn` is its owner's."""
    from alembic import command

    command.upgrade(_config(short, dsn), revision)


def downgrade(short: str, dsn: str, revision: str = "base") -> None:
    """Migrate one database down to `revision`."""
    from alembic import command

    command.downgrade(_config(short, dsn), revision)


def _config(short: str, dsn: str) -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(ROOT / short / "migrations"))
    config.attributes["dsn"] = dsn
    return config


if __name__ == "__main__":
    for _short, _dsn in json.load(sys.stdin).items():
        upgrade(_short, _dsn)
