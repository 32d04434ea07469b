"""From 0001, which is released, to 0002 and back: what was there before is there after."""

import asyncio

import pytest

from db.migrate import downgrade, upgrade
from db.roles import SHORT_NAMES
from learnflow.runtime import NotFound, Refused
from tests.db.test_migrations import SCHEMA, rows
from tests.flow.world import World
from tests.postgres import Databases

STUDENT = "INSERT INTO students (student_id, name, grade, subject, state, round, stage, match_id,"
FROM_BEFORE = f"""
{STUDENT} tutor_id, last_seq) VALUES ('s1', 'Ada', 7, 'math', 'matched', 3, 2, 'm3', 't3', 3);
INSERT INTO notifications (recipient_id, seq, round, kind, data) VALUES
  ('s1', 1, 1, 'matched', '{{"student_id": "s1", "match_id": "m1", "tutor_id": "t1"}}'),
  ('s1', 2, 2, 'waiting', '{{"student_id": "s1", "match_id": null, "tutor_id": null}}'),
  ('s1', 3, 3, 'matched', '{{"student_id": "s1", "match_id": "m3", "tutor_id": "t3"}}');
"""


async def schema(databases: Databases, short: str) -> list[str]:
    """Functions, columns and rights; Postgres keeps the place of a dropped column."""
    found = await rows(databases.superuser(short), SCHEMA)
    return [row[1] for row in found if "........pg.dropped." not in row[1]]


@pytest.mark.parametrize("short", SHORT_NAMES)
async def test_the_way_back_ends_where_the_first_migration_did(
    fresh: Databases, short: str
) -> None:
    owner = fresh.dsn(short, "owner")
    await asyncio.to_thread(downgrade, short, owner)
    await asyncio.to_thread(upgrade, short, owner, "0001")
    first = await schema(fresh, short)
    await asyncio.to_thread(upgrade, short, owner)
    assert await schema(fresh, short) != first
    await asyncio.to_thread(downgrade, short, owner, "0001")

    assert await schema(fresh, short) == first


async def test_a_match_told_before_the_migration_can_be_rated_after_it(fresh: Databases) -> None:
    owner = fresh.dsn("students", "owner")
    await asyncio.to_thread(downgrade, "students", owner, "0001")
    for statement in FROM_BEFORE.split(";")[:-1]:
        await rows(fresh.superuser("students"), statement)
    await asyncio.to_thread(upgrade, "students", owner)

    world = World(fresh)
    try:
        await world.do("rate_match", match_id="m3", stars=5)
        with pytest.raises(Refused, match="Not current"):
            await world.do("rate_match", match_id="m1", stars=5)
        with pytest.raises(NotFound):
            await world.do("rate_match", match_id="m2", stars=5)
    finally:
        await world.close()
    (rating,) = await world.rows("students", "ratings")
    assert (rating["match_id"], rating["student_id"]) == ("m3", "s1")
