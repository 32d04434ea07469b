"""Emptying a database of the embedded mode: every row goes, the schema stays."""

from typing import Final

import asyncpg

KEPT: Final = "alembic_version"
TABLES: Final = """
SELECT format('%I.%I', n.nspname, c.relname)
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relname <> $1
   AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\\_%'
"""


async def empty(dsn: str) -> None:
    """Delete all rows and start sequences over; `dsn` is the superuser's or the owner's."""
    connection = await asyncpg.connect(dsn)
    try:
        tables = [row[0] for row in await connection.fetch(TABLES, KEPT)]
        if tables:
            await connection.execute(f"TRUNCATE {', '.join(tables)} RESTART IDENTITY CASCADE")
    finally:
        await connection.close()
