"""Partitions made ahead and dropped, defaults emptied, old rows pruned: by a role with no more."""

from collections.abc import AsyncIterator
from datetime import date, timedelta
from typing import Any

import asyncpg
import pytest

from db.maintain import Keep, Step, Upkeep, maintain
from db.roles import SHORT_NAMES
from tests.postgres import Databases

MONTHS = "SELECT relname FROM pg_class WHERE relname ~ '^matches_[0-9_]+$' AND relkind = 'r'"
ADD_MATCH = """WITH k AS (INSERT INTO match_keys (match_id, decided_at, student_id, round)
    VALUES ($1, $2, 's1', 1))
    INSERT INTO matches (match_id, student_id, round, student_version, tutor_id, decided_at)
    VALUES ($1, 's1', 1, 1, 't1', $2)"""
HEARD = """INSERT INTO inbox SELECT 'c', 's', 'e' || n, now() - n * interval '1 hour'
    FROM generate_series(1, $1) n"""
IN_DEFAULT = "SELECT count(*) FROM matches_default"


class Yard:
    """matching_db of one test, and its upkeep."""

    def __init__(self, databases: Databases, owner: asyncpg.Connection) -> None:
        self.databases, self.owner = databases, owner

    async def keep(self, today: date | None = None, **options: Any) -> Upkeep:
        """Maintain matching_db as its maintainer."""
        dsns = {"matching": self.databases.dsn("matching", "maintainer")}
        done = await maintain(dsns, today=today, **options)
        assert done.failed == {}
        return done

    async def months(self) -> list[str]:
        """Partitions of the match history."""
        return sorted(row[0].removeprefix("matches_") for row in await self.owner.fetch(MONTHS))

    async def count(self, sql: str) -> int:
        """A number from the database."""
        found: int = await self.owner.fetchval(sql)
        return found


@pytest.fixture
async def yard(fresh: Databases) -> AsyncIterator[Yard]:
    """A fresh matching_db without any month made yet."""
    owner = await asyncpg.connect(fresh.dsn("matching", "owner"))
    yard = Yard(fresh, owner)
    for month in await yard.months():
        await owner.execute(f"DROP TABLE matches_{month}")
    yield yard
    owner.terminate()


@pytest.mark.parametrize(
    ("today", "months"),
    [
        (date(2026, 11, 30), ["2026_11", "2026_12", "2027_01", "2027_02"]),
        (date(2026, 12, 1), ["2026_12", "2027_01", "2027_02", "2027_03"]),
        (date(2027, 1, 31), ["2027_01", "2027_02", "2027_03", "2027_04"]),
        (date(2028, 2, 29), ["2028_02", "2028_03", "2028_04", "2028_05"]),
        (date(2028, 10, 31), ["2028_10", "2028_11", "2028_12", "2029_01"]),
    ],
)
async def test_the_month_of_today_and_three_more_are_made(
    yard: Yard, today: date, months: list[str]
) -> None:
    made = await yard.keep(today)
    assert [s.what for s in made.steps if s.what.startswith("matches")] == [
        f"matches_{month}" for month in months
    ]
    assert await yard.months() == months
    assert not [s for s in (await yard.keep(today)).steps if s.what.startswith("matches")]


async def test_a_months_first_and_last_moment_are_in_its_partition(yard: Yard) -> None:
    await yard.keep(date(2026, 11, 30))
    for number, moment in enumerate(("2026-12-01 00:00Z", "2026-12-31 23:59:59.999999Z")):
        await yard.owner.execute(
            ADD_MATCH.replace("$2", f"'{moment}'::timestamptz").replace("$1", f"'m{number}'")
        )
    assert await yard.count("SELECT count(*) FROM matches_2026_12") == 2


async def test_rows_that_fell_into_the_default_move_and_are_a_finding(yard: Yard) -> None:
    now = await yard.owner.fetchval("SELECT now()")
    for number, days in enumerate((0, 0, 40)):
        await yard.owner.execute(ADD_MATCH, f"m{number}", now - timedelta(days=days))
    assert await yard.count(IN_DEFAULT) == 3
    before = await yard.owner.fetch("SELECT * FROM matches ORDER BY match_id")

    done = await yard.keep()

    assert {(step.what, step.rows) for step in done.findings} == {
        ("matches_default", 2),
        ("matches_default", 1),
    }
    assert await yard.count(IN_DEFAULT) == 0
    assert await yard.owner.fetch("SELECT * FROM matches ORDER BY match_id") == before
    assert (await yard.keep()).findings == ()


async def test_months_go_after_two_school_years_and_never_by_a_day_to_come(yard: Yard) -> None:
    now = await yard.owner.fetchval("SELECT date_trunc('month', now())")
    old, young = (now - timedelta(days=days) for days in (27 * 31, 24 * 30))
    await yard.owner.execute(ADD_MATCH, "old", old)
    await yard.owner.execute(ADD_MATCH, "young", young)
    await yard.keep(date(2026, 1, 1))
    assert await yard.count("SELECT count(*) FROM matches") == 2

    done = await yard.keep(date(2099, 1, 1))

    gone = [step.what for step in done.steps if step.act == "dropped"]
    assert [name for name in gone if "matches" in name] == [f"matches_{old:%Y_%m}"]
    assert await yard.owner.fetchval("SELECT match_id FROM matches") == "young"


async def test_pruning_goes_in_batches_and_leaves_what_is_young(yard: Yard) -> None:
    await yard.owner.execute(HEARD, 2_000)
    done = await yard.keep(blocks=2)
    assert Step("matching", "pruned", "inbox", 2_000 - 720 + 1) in done.steps
    assert await yard.count("SELECT max(now() - heard_at) < interval '30 days' FROM inbox")
    assert await yard.count("SELECT count(*) FROM inbox") == 719


async def test_a_dry_run_says_what_is_due_and_does_nothing(yard: Yard) -> None:
    await yard.owner.execute(HEARD, 800)
    due = await yard.keep(dry_run=True)
    assert await yard.count("SELECT count(*) FROM inbox") == 800
    assert await yard.months() == []
    assert (await yard.keep()).steps == due.steps


async def test_the_key_of_a_current_match_outlives_its_month(yard: Yard) -> None:
    await yard.keep()
    long_ago = await yard.owner.fetchval("SELECT now() - interval '900 days'")
    for match in ("current", "past"):
        await yard.owner.execute(ADD_MATCH, match, long_ago)
    await yard.owner.execute(
        "INSERT INTO outcomes (match_id, kind) VALUES ('current', 'accepted'), ('past', 'ended')"
    )
    await yard.owner.execute(
        "INSERT INTO requests (student_id, student_version, match_id) VALUES ('s1', 1, 'current')"
    )
    await yard.keep()
    left = "SELECT array_agg(match_id) FROM "
    assert await yard.owner.fetchval(f"{left} match_keys") == ["current"]
    assert await yard.owner.fetchval(f"{left} outcomes") == ["current"]


async def test_a_recipients_last_word_stays_however_old(fresh: Databases) -> None:
    owner = await asyncpg.connect(fresh.dsn("students", "owner"))
    await owner.execute(
        """INSERT INTO notifications (recipient_id, seq, round, kind, data, created_at)
           SELECT r, n, n, 'waiting', '{}', now() - interval '400 days'
             FROM unnest(ARRAY['a', 'b']) r, generate_series(1, 3) n"""
    )
    done = await maintain({"students": fresh.dsn("students", "maintainer")})
    left = await owner.fetch("SELECT recipient_id, seq FROM notifications ORDER BY 1")
    owner.terminate()
    assert Step("students", "pruned", "notifications", 4) in done.steps
    assert [tuple(row) for row in left] == [("a", 3), ("b", 3)]


async def test_one_database_that_is_away_or_locked_does_not_keep_the_others(
    fresh: Databases,
) -> None:
    dsns = {short: fresh.dsn(short, "maintainer") for short in SHORT_NAMES}
    dsns["students"] = dsns["students"].replace(fresh.name("students"), "absent_db")
    owner = await asyncpg.connect(fresh.dsn("tutors", "owner"))
    async with owner.transaction():
        await owner.execute("SELECT pg_advisory_xact_lock(7101)")
        done = await maintain(dsns, today=date(2099, 1, 1))
    owner.terminate()
    assert done.failed.keys() == {"students", "tutors"}
    assert done.failed["tutors"] == "LockNotAvailableError"
    assert {step.database for step in done.steps} == {"matching"}
    assert (await maintain({"tutors": dsns["tutors"]})).failed == {}


@pytest.mark.parametrize("keep", [Keep(rows={"inbox": 14}), Keep(partitions={"outbox": 6})])
async def test_less_than_replays_need_is_refused(databases: Databases, keep: Keep) -> None:
    done = await maintain({"students": databases.dsn("students", "maintainer")}, keep=keep)
    assert "is kept for" in done.failed["students"]


async def test_a_table_that_is_not_on_the_list_is_never_touched(databases: Databases) -> None:
    keep = Keep(partitions={"requests": 1}, rows={"requests": 1, "holds": 1})
    done = await maintain({"matching": databases.dsn("matching", "maintainer")}, keep=keep)
    assert (done.steps, done.failed) == ((), {})
