"""Breaking a rule in the databases for a while, to see that the test of the rule notices."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from tests.postgres import Databases

NOBODY = "SELECT * FROM wakes('{}')"


@asynccontextmanager
async def without(
    databases: Databases, short: str, function: str, rule: str, instead: str
) -> AsyncIterator[None]:
    """Within the block a database's function has `instead` in the place of `rule`."""
    connection = await asyncpg.connect(databases.superuser(short))
    source = await connection.fetchval(
        "SELECT pg_get_functiondef(oid) FROM pg_proc WHERE proname = $1", function
    )
    assert rule in source, f"{function} has no {rule!r} any more"
    try:
        await connection.execute(source.replace(rule, instead))
        yield
    finally:
        await connection.execute(source)
        await connection.close()
