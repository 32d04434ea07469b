"""Breaking a rule in one test's database, to see that the test of the rule notices."""

import asyncpg

from tests.postgres import Databases

NOTHING = "SELECT * FROM wakes('{}')"


async def without(
    databases: Databases, short: str, function: str, rule: str, instead: str = ""
) -> None:
    """Create a database's function anew with `rule` replaced; `%` stands for waking nobody."""
    connection = await asyncpg.connect(databases.superuser(short))
    try:
        source = await connection.fetchval(
            "SELECT pg_get_functiondef(oid) FROM pg_proc WHERE proname = $1", function
        )
        assert rule in source, f"{function} has no {rule!r} any more"
        await connection.execute(source.replace(rule, instead.replace("%", NOTHING)))
    finally:
        await connection.close()
