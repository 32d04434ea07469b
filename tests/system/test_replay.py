"""Every topic from its beginning, to consumers who have forgotten everything: nothing changes."""

import asyncio
from functools import partial
from typing import Final

import asyncpg
import pytest

from tests.eventually import eventually
from tests.system.harness import Embedded, running
from tests.system.people import People, at_rate, crowd
from tests.system.verdict import SHORTS, assert_right, change_some_tutor

SEED: Final = 9
TABLES: Final = """
SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition
   AND relnamespace = 'public'::regnamespace AND relname NOT IN ('inbox', 'resends')
"""
DELIVERED: Final = 'SELECT sum("offset") FROM groups'


@pytest.mark.timeout(180)
async def test_a_whole_replay_with_emptied_inboxes_changes_nothing() -> None:
    async with running() as system, People(system.url, SEED) as people:
        change = partial(change_some_tutor, system, people)
        await at_rate(crowd(people, 120, 24, change), 30)
        await assert_right(system, people)
        before = await contents(system)
        delivered = await one(system, DELIVERED)
        await forget(system)
        await system.stop()
        await system.start()
        await eventually(partial(caught_up, system, delivered), seconds=60, every=0.2)
        await assert_right(system, people)
        after = await contents(system)
        assert {t: rows for t, rows in after.items() if rows != before[t]} == {}
        assert sum(map(len, after.values())) > 500


async def forget(system: Embedded) -> None:
    """Empty the inboxes and reset every group; the runner at rest writes neither again."""
    for short, table in (*((short, "inbox") for short in SHORTS), ("eventlog", "groups")):
        connection = await asyncpg.connect(system.dsn(short))
        await connection.execute(f"TRUNCATE {table}")
        await connection.close()


async def caught_up(system: Embedded, delivered: int) -> bool:
    """Whether every group is again where it was."""
    return bool(await one(system, DELIVERED) == delivered)


async def contents(system: Embedded) -> dict[str, list[str]]:
    """Every table's rows as text, inboxes apart."""
    found: dict[str, list[str]] = {}
    for short in SHORTS:
        connection = await asyncpg.connect(system.dsn(short))
        for (table,) in await connection.fetch(TABLES):
            rows = await connection.fetch(f"SELECT t::text FROM {table} t ORDER BY 1")
            found[f"{short}.{table}"] = [row[0] for row in rows]
        await connection.close()
    return found


async def one(system: Embedded, sql: str) -> int:
    """A number from the event log."""
    connection = await asyncpg.connect(system.dsn("eventlog"))
    try:
        return int(await connection.fetchval(sql) or 0)
    finally:
        await connection.close()
