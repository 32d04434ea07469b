"""From 0002, which is released, to 0003 of matching_db and back: what was heard is counted."""

import asyncio

from db.migrate import behind, current, downgrade, upgrade
from db.roles import SHORT_NAMES
from tests.db.counts import KEPT, counted, kept
from tests.db.test_migrations import rows
from tests.db.test_second_migration import schema
from tests.flow.world import World
from tests.postgres import Databases

ANSWERS: tuple[list[str], ...] = (["accept"], ["decline"], ["accept", "end"], []) * 2
FIRST = """SELECT bool_and(joined_at = (SELECT min(decided_at) FROM matches m
    WHERE m.tutor_id = t.tutor_id)) FROM tutors t WHERE matches_n > 0"""
OUTCOME = """WITH m AS (INSERT INTO matches (match_id, student_id, round, student_version, tutor_id)
    VALUES ('{0}', 's', 1, 1, 't') RETURNING match_id),
  k AS (INSERT INTO match_keys (match_id, student_id, round) SELECT match_id, 's', 1 FROM m
        RETURNING match_id)
  INSERT INTO outcomes (match_id, kind, stars) SELECT match_id, '{1}', {2} FROM k"""
TUTOR = """INSERT INTO tutors (tutor_id, version, slots_version, subjects, grade_min, grade_max,
    capacity, available) VALUES ('{}', 1, 1, '{{a}}', 1, 12, 3, true)"""


async def lived_in(databases: Databases) -> None:
    """Some tutors with matches, answers and ratings."""
    world = World(databases)
    for name in ("Emmy", "Sophie", "Maria"):
        await world.do("register_tutor", name=name, subjects=["physics"], capacity=3)
    await world.settle()
    for number in range(8):
        await world.do("register_student", name=f"p{number}", grade=7, subject="physics")
    await world.settle()
    matches = [row["match_id"] for row in await world.rows("matching", "matches")]
    for match_id, answers in zip(matches, ANSWERS, strict=True):
        for response in answers:
            await world.do("respond_to_match", match_id=match_id, response=response)
            await world.settle()
    for row in await world.rows("students", "students"):
        if row["state"] == "matched":
            await world.do("rate_match", match_id=row["match_id"], stars=3)
    await world.settle()
    await world.close()


async def test_the_way_back_and_forth_counts_what_was_counted_before(fresh: Databases) -> None:
    await lived_in(fresh)
    owner = fresh.dsn("matching", "owner")
    before, newest = await kept(fresh), await schema(fresh, "matching")
    assert before == await counted(fresh)
    assert all(any(one[place] for one in before.values()) for place in range(6))

    await asyncio.to_thread(downgrade, "matching", owner, "0002")
    older = await schema(fresh, "matching")
    assert not any("joined_at" in line or "matching_trainer" in line for line in older)
    await asyncio.to_thread(upgrade, "matching", owner)

    assert await kept(fresh) == before
    assert await schema(fresh, "matching") == newest
    assert (await rows(owner, FIRST))[0][0] is True


async def test_the_way_back_ends_where_the_second_migration_did(fresh: Databases) -> None:
    owner = fresh.dsn("matching", "owner")
    await asyncio.to_thread(downgrade, "matching", owner, "0001")
    await asyncio.to_thread(upgrade, "matching", owner, "0002")
    second = await schema(fresh, "matching")
    await asyncio.to_thread(upgrade, "matching", owner)
    await asyncio.to_thread(downgrade, "matching", owner, "0002")
    assert await schema(fresh, "matching") == second


async def test_the_history_of_before_is_counted_by_tutor_and_kind(fresh: Databases) -> None:
    owner = fresh.dsn("matching", "owner")
    await asyncio.to_thread(downgrade, "matching", owner, "0002")
    for sql in (
        *(TUTOR.format(tutor) for tutor in ("t", "new")),
        OUTCOME.format("m1", "accepted", "NULL"),
        OUTCOME.format("m2", "rated", 5),
        OUTCOME.format("m3", "rated", 2),
        OUTCOME.format("m4", "declined", "NULL"),
        "INSERT INTO outcomes (match_id, kind) VALUES ('m2', 'accepted'), ('m2', 'ended')",
    ):
        await rows(owner, sql)
    await asyncio.to_thread(upgrade, "matching", owner)
    assert {row[0]: tuple(row)[1:] for row in await rows(owner, KEPT)} == {
        "t": (7, 2, 2, 1, 1, 4),
        "new": (0, 0, 0, 0, 0, 0),
    }


async def test_only_the_database_that_is_behind_is_said_to_be(fresh: Databases) -> None:
    owners = {short: fresh.dsn(short, "owner") for short in SHORT_NAMES}
    await asyncio.to_thread(downgrade, "matching", owners["matching"], "0002")
    assert await behind(owners) == ["matching"]
    assert await current(owners["matching"]) == await current(owners["tutors"])
