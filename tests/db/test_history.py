"""The match history: found by key and month alone, filled from before; late declines (R1)."""

import asyncio
import json
from typing import Any

import asyncpg
import pytest

from db.matching.history import FIND_MATCH, OUTCOMES, RECORD_OUTCOME
from db.migrate import downgrade, upgrade
from tests.db.sabotage import without
from tests.flow.world import World
from tests.postgres import Databases

FILL = """WITH m AS (
    SELECT md5(n::text) AS id, 's' || n AS student, now() - n * interval '100 seconds' AS at
      FROM generate_series(1, 100000) n),
  k AS (INSERT INTO match_keys (match_id, decided_at, student_id, round)
        SELECT id, at, student, 1 FROM m)
  INSERT INTO matches (match_id, decided_at, student_id, round, student_version, tutor_id)
  SELECT id, at, student, 1, 1, 't1' FROM m"""
DECLINE = "SELECT * FROM hear_no('s1', $1, 't1', true, NULL, NULL, NULL, '{}')"
TUTOR = """SELECT * FROM hear_tutor('t1', 1, ARRAY['physics'], 1, 12, 5, true, '{}', '{}', NULL,
    NULL, '{}')"""
STUDENT = "SELECT * FROM hear_student('s1', $1, 7, $2, '{}', '{}', NULL, '{}', '{}')"


def nodes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    """Every node of a plan."""
    below = [node for part in plan.get("Plans", []) for node in nodes(part)]
    return [plan, *below]


async def plan_of(connection: asyncpg.Connection, sql: str, *args: Any) -> list[dict[str, Any]]:
    """What was done for a query, by a generic plan as prepared statements get it."""
    await connection.execute("SET plan_cache_mode = force_generic_plan")
    text = await connection.fetchval(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql}", *args)
    return [n for n in nodes(json.loads(text)[0]["Plan"]) if n["Actual Loops"]]


async def test_a_match_among_a_hundred_thousand_is_found_by_index_in_one_partition(
    fresh: Databases,
) -> None:
    owner = await asyncpg.connect(fresh.dsn("matching", "owner"))
    await owner.execute(FILL)
    upkeep = "SELECT * FROM upkeep_partitions('matches', 25, (now() AT TIME ZONE 'UTC')::date)"
    made = await owner.fetch(upkeep)
    assert sum(row["moved"] for row in made) > 50_000
    await owner.execute("ANALYZE")
    match = await owner.fetchval("SELECT md5('70000')")
    asked = (match, "s70000", 1, "rated", 4, None)

    seen = {
        "find": await plan_of(owner, FIND_MATCH, match),
        "outcomes": await plan_of(owner, OUTCOMES, match),
        "record": await plan_of(owner, RECORD_OUTCOME, *asked),
    }
    owner.terminate()

    tables = {
        name: [n["Relation Name"] for n in s if "Relation Name" in n] for name, s in seen.items()
    }
    parts = [table for table in tables["find"] if table.startswith("matches")]
    assert len(parts) == 1
    assert parts != ["matches_default"]
    for name, done in seen.items():
        scans = [
            n for n in done if n["Node Type"] == "Seq Scan" and n["Relation Name"] != "outcomes"
        ]
        assert [
            n for n in scans if n["Actual Rows"] + n.get("Rows Removed by Filter", 0) > 1
        ] == [], name
        assert done[0]["Shared Hit Blocks"] + done[0]["Shared Read Blocks"] < 60, name
    assert {"match_keys", "outcomes"} <= set(tables["record"])


async def test_matches_of_the_release_before_are_known_after_the_migration(
    fresh: Databases,
) -> None:
    world = World(fresh)
    await world.do("register_tutor", name="Emmy", subjects=["physics"], capacity=3)
    await world.settle()
    for number in range(3):
        await world.do("register_student", name=f"p{number}", grade=7, subject="physics")
    await world.settle()
    left, current, *_ = await world.rows("matching", "requests")
    await world.do("withdraw_student", student_id=left["student_id"])
    await world.settle()
    (key,) = [k for k in await world.rows("matching", "match_keys")
              if k["match_id"] == current["match_id"]]  # fmt: skip
    await world.close()
    owner = fresh.dsn("matching", "owner")
    await asyncio.to_thread(downgrade, "matching", owner, "0001")
    await asyncio.to_thread(upgrade, "matching", owner)

    rows = {row["match_id"]: row for row in await world.rows("matching", "matches")}
    keys = {row["match_id"]: row for row in await world.rows("matching", "match_keys")}

    assert rows.keys() == keys.keys()
    assert {left["match_id"], current["match_id"]} <= rows.keys()
    assert len(rows) == 3
    assert {name: keys[current["match_id"]][name] for name in ("student_id", "round")} == {
        name: key[name] for name in ("student_id", "round")
    }
    assert all(row["decided_at"] == keys[match]["decided_at"] for match, row in rows.items())
    assert await world.rows("matching", "matches_default") == []
    assert {row["shown"] for row in rows.values()} == {None}


async def excluded_after_a_late_decline(databases: Databases, declined: int) -> list[str]:
    """Who is excluded for a student of round 2 when a tutor declines this round."""
    connection = await asyncpg.connect(databases.dsn("matching"))
    await connection.fetch(TUTOR)
    await connection.fetch(STUDENT, 1, "physics")
    if declined == 1:
        await connection.fetch(STUDENT, 2, "music")  # t1 does not teach it: round 2 waits
    await connection.fetch(DECLINE, declined)
    (row,) = await connection.fetch("SELECT excluded, round FROM requests")
    held = await connection.fetchval("SELECT count(*) FROM holds")
    await connection.close()
    assert (row["round"], held) == (2, 0)
    found: list[str] = row["excluded"]
    return found


async def test_a_decline_of_a_round_that_is_over_frees_the_slot_and_excludes_nobody(
    databases: Databases,
) -> None:
    assert await excluded_after_a_late_decline(databases, 1) == []


async def test_without_that_rule_the_pair_would_be_lost(databases: Databases) -> None:
    rule = "AND round = p_round AND state = 'matched' AND NOT p_tutor"
    async with without(databases, "matching", "hear_no", rule, "AND NOT p_tutor"):
        assert await excluded_after_a_late_decline(databases, 1) == ["t1"]


async def test_a_decline_of_the_current_match_excludes_the_pair(databases: Databases) -> None:
    connection = await asyncpg.connect(databases.dsn("matching"))
    await connection.fetch(TUTOR)
    await connection.fetch(STUDENT, 1, "physics")
    await connection.fetch(DECLINE, 1)
    (row,) = await connection.fetch("SELECT excluded, state FROM requests")
    await connection.close()
    assert (row["excluded"], row["state"]) == (["t1"], "waiting")


@pytest.mark.parametrize("table", ["matches", "match_keys", "outcomes"])
async def test_functions_add_to_the_history_and_never_change_it(
    databases: Databases, table: str
) -> None:
    connection = await asyncpg.connect(databases.dsn("matching"))
    for sql in (f"DELETE FROM {table}", f"UPDATE {table} SET match_id = 'x'"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(sql)
    await connection.close()
