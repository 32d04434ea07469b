"""The log of decisions, page by page: everything once, in short transactions, along an index."""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from db.matching.training_log import DECISIONS, LoggedOutcome, decision, decisions
from tests.db.test_history import nodes
from tests.postgres import Databases

NOW = datetime.now(UTC)
LONG_AGO = NOW - timedelta(days=400)
MATCHES = """WITH m AS (SELECT md5($1::text || n) AS id, 's' || n AS student,
                    $2::timestamptz - n * $3::interval AS at FROM generate_series(1, $4::int) n),
  k AS (INSERT INTO match_keys (match_id, decided_at, student_id, round)
        SELECT id, at, student, 1 FROM m)
  INSERT INTO matches (match_id, decided_at, student_id, round, student_version, tutor_id, features,
                       features_schema)
  SELECT id, at, student, 1, 1, 't', '\\x0000803f', 'schema' FROM m"""
UPKEEP = "SELECT * FROM upkeep_partitions('matches', 25, (now() AT TIME ZONE 'UTC')::date)"
HEARD = """INSERT INTO outcomes (match_id, kind, stars, heard_at)
    VALUES (md5('a1'), 'rated', 4, $1), (md5('a1'), 'accepted', NULL, $2)"""


async def add(
    connection: asyncpg.Connection, name: str, count: int, apart: timedelta, at: datetime = NOW
) -> None:
    """So many matches, each that much older than the one before."""
    await connection.execute(MATCHES, name, at - timedelta(minutes=2), apart, count)


async def connected(databases: Databases, duty: str) -> asyncpg.Connection:
    """A connection of this role."""
    return await asyncpg.connect(databases.dsn("matching", duty))


async def test_every_decision_is_read_once_while_others_are_added(fresh: Databases) -> None:
    owner = await connected(fresh, "owner")
    trainer = await connected(fresh, "trainer")
    await add(owner, "a", 1_230, timedelta(hours=2))
    await owner.execute(UPKEEP)
    seen: list[str] = []
    async for one in decisions(trainer, LONG_AGO, NOW, page=100):
        seen.append(one.match_id)
        if len(seen) % 100 == 50:
            late = NOW + timedelta(hours=1)
            await add(owner, f"late{len(seen)}", 20, timedelta(seconds=1), late)
    total = await owner.fetchval("SELECT count(*) FROM matches")
    await owner.close()
    await trainer.close()
    assert total == 1_230 + 20 * 13 - 20
    assert Counter(seen).most_common(1)[0][1] == 1
    assert len(seen) == 1_230


async def test_no_transaction_stays_open_between_pages(databases: Databases) -> None:
    owner = await connected(databases, "owner")
    trainer = await connected(databases, "trainer")
    await add(owner, "a", 25, timedelta(days=3))
    pages = 0
    async for one in decisions(trainer, LONG_AGO, NOW, page=10):
        assert one.features == b"\x00\x00\x80\x3f"
        pages += 1
        async with owner.transaction():
            await owner.execute("LOCK TABLE matches, outcomes IN ACCESS EXCLUSIVE MODE NOWAIT")
    await owner.close()
    await trainer.close()
    assert pages == 25


async def test_only_what_was_decided_in_the_window_and_is_surely_committed_is_read(
    databases: Databases,
) -> None:
    owner = await connected(databases, "owner")
    trainer = await connected(databases, "trainer")
    now = datetime.now(UTC)
    ages = {"young": 30, "just": 100, "first": 3600, "before": 3601}
    for name, seconds in ages.items():
        at = now - timedelta(seconds=seconds)
        await add(owner, name, 1, timedelta(0), at + timedelta(minutes=2))
    names = {await owner.fetchval("SELECT md5($1::text || 1)", name): name for name in ages}
    since = now - timedelta(hours=1)

    async def read(until: datetime) -> set[str]:
        return {names[one.match_id] async for one in decisions(trainer, since, until)}

    assert await read(now + timedelta(days=1)) == {"just", "first"}
    assert await read(now - timedelta(seconds=100)) == {"first"}
    assert (await decision(trainer, next(i for i, n in names.items() if n == "young"))) is not None
    await owner.close()
    await trainer.close()


async def test_a_decision_comes_with_its_outcomes_in_order(databases: Databases) -> None:
    owner = await connected(databases, "owner")
    trainer = await connected(databases, "trainer")
    await add(owner, "a", 2, timedelta(days=1))
    accepted, rated = NOW - timedelta(days=2), NOW - timedelta(days=1)
    await owner.execute(HEARD, rated, accepted)
    (told,) = [one async for one in decisions(trainer, LONG_AGO, NOW) if one.outcomes]
    alone = await decision(trainer, told.match_id)
    unknown = await decision(trainer, "nobody's")
    await owner.close()
    await trainer.close()
    assert told.outcomes == [
        LoggedOutcome("accepted", None, accepted), LoggedOutcome("rated", 4, rated)
    ]  # fmt: skip
    assert (told.student_id, told.tutor_id, told.features_schema) == ("s1", "t", "schema")
    assert (alone, unknown) == (told, None)


@pytest.mark.parametrize("after", ["", "8"])
async def test_a_page_reads_little_more_than_itself(fresh: Databases, after: str) -> None:
    owner = await connected(fresh, "owner")
    await add(owner, "a", 20_000, timedelta(minutes=20))
    await owner.execute(UPKEEP)
    await owner.execute("VACUUM (ANALYZE)")
    await owner.execute("SET plan_cache_mode = force_generic_plan")
    asked = (after, LONG_AGO, NOW, 100)
    text = await owner.fetchval(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {DECISIONS}", *asked)
    await owner.close()
    done = nodes(json.loads(text)[0]["Plan"])
    scans = [node for node in done if node.get("Relation Name", "").startswith("matches")]
    assert 100 <= sum(n["Actual Rows"] + n.get("Rows Removed by Filter", 0) for n in scans) < 250
    assert done[0]["Shared Hit Blocks"] + done[0]["Shared Read Blocks"] < 400
