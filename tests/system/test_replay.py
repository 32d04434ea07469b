"""Every topic from its beginning, to consumers who have forgotten everything: nothing changes."""

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
WRITTEN: Final = "SELECT count(*) FROM records WHERE topic = ANY($1)"


@pytest.mark.timeout(180)
async def test_a_whole_replay_with_emptied_inboxes_changes_nothing() -> None:
    async with running() as system, People(system.url, SEED) as people:
        change = partial(change_some_tutor, system, people)
        await at_rate(crowd(people, 120, 24, change), 30)
        await assert_right(system, people)
        before = await contents(system)
        await eventually(partial(all_committed, system), seconds=10, every=0.2)
        await forget(system)
        await system.stop()
        await system.start()
        await eventually(partial(all_committed, system), seconds=60, every=0.2)
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


async def all_committed(system: Embedded) -> bool:
    """Whether the groups' offsets say that every record of their topics was delivered."""
    _, ps = await system.control("GET", "/control/ps")
    written = [await one(system, WRITTEN, source["topics"]) for source in ps["sources"]]
    return bool(await one(system, DELIVERED) == sum(written))


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


async def one(system: Embedded, sql: str, *given: object) -> int:
    """A number from the event log."""
    connection = await asyncpg.connect(system.dsn("eventlog"))
    try:
        return int(await connection.fetchval(sql, *given) or 0)
    finally:
        await connection.close()
