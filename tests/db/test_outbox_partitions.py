"""The outbox's days: made ahead, dropped when old and published, none left in the default."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from tests.postgres import Databases

MAINTAIN = """SELECT count(*) FILTER (WHERE act <> 'kept')
    FROM upkeep_partitions('outbox', 14, (now() AT TIME ZONE 'UTC')::date)"""
DAYS = """SELECT to_date(substr(relname, 8), 'YYYY_MM_DD') - (now() AT TIME ZONE 'UTC')::date
    FROM pg_class WHERE relname ~ '^outbox_[0-9_]+$' AND relkind = 'r' ORDER BY 1"""
ADD = """INSERT INTO outbox (created_at, event_id, type, topic, key, data, published_at, parked)
    VALUES (now() + $1 * interval '1 day', 'e', 't', 't', 'k', '{}', $2, $3)"""
DEFAULT = "SELECT count(*) FROM outbox_default"


class Outbox:
    """The outbox of one database, and who maintains it."""

    def __init__(self, owner: asyncpg.Connection, maintainer: asyncpg.Connection) -> None:
        self.owner, self._maintainer = owner, maintainer

    async def days(self) -> list[int]:
        """Partitions, in days from today."""
        return [row[0] for row in await self.owner.fetch(DAYS)]

    async def old_day(self, day: int) -> None:
        """A partition of long ago."""
        found = await self.owner.fetch(
            """SELECT 'outbox_' || to_char(d, 'YYYY_MM_DD'), d, d + 1
                 FROM (SELECT (now() AT TIME ZONE 'UTC')::date + $1::int AS d) x""",
            day,
        )
        name, start, end = found[0]
        await self.owner.execute(
            f"CREATE TABLE {name} PARTITION OF outbox FOR VALUES FROM ('{start} 00:00Z')"
            f" TO ('{end} 00:00Z')"
        )

    async def maintain(self) -> int:
        """Partitions made and dropped."""
        changed: int = await self._maintainer.fetchval(MAINTAIN)
        return changed


@pytest.fixture
async def outbox(fresh: Databases) -> AsyncIterator[Outbox]:
    """The outbox of a fresh students_db."""
    owner = await asyncpg.connect(fresh.dsn("students", "owner"))
    maintainer = await asyncpg.connect(fresh.dsn("students", "maintainer"))
    yield Outbox(owner, maintainer)
    owner.terminate()
    maintainer.terminate()


async def test_today_and_three_days_ahead_are_there_from_the_start(outbox: Outbox) -> None:
    assert await outbox.days() == [0, 1, 2, 3]
    assert await outbox.maintain() == 0


async def test_days_that_are_missing_are_made(outbox: Outbox) -> None:
    for (name,) in await outbox.owner.fetch(
        "SELECT relname FROM pg_class WHERE relname ~ '^outbox_[0-9_]+$' AND relkind = 'r'"
    ):
        await outbox.owner.execute(f"DROP TABLE {name}")
    assert await outbox.maintain() == 4
    assert await outbox.days() == [0, 1, 2, 3]


async def test_an_old_day_goes_once_everything_in_it_is_published_or_parked(
    outbox: Outbox,
) -> None:
    for day in (-15, -16, -14, -17):
        await outbox.old_day(day)
    now = await outbox.owner.fetchval("SELECT now()")
    await outbox.owner.execute(ADD, -15, now, None)
    await outbox.owner.execute(ADD, -16, None, None)
    await outbox.owner.execute(ADD, -17, None, "unknown topic")
    assert await outbox.maintain() == 2
    assert await outbox.days() == [-16, -14, 0, 1, 2, 3]


async def test_new_facts_never_land_in_the_default(outbox: Outbox) -> None:
    for day in range(4):
        await outbox.owner.execute(ADD, day, None, None)
    assert await outbox.owner.fetchval(DEFAULT) == 0


async def test_what_landed_in_the_default_moves_to_its_day_and_keeps_its_id(
    outbox: Outbox,
) -> None:
    for (name,) in await outbox.owner.fetch(
        "SELECT relname FROM pg_class WHERE relname ~ '^outbox_[0-9_]+$' AND relkind = 'r'"
    ):
        await outbox.owner.execute(f"DROP TABLE {name}")
    now = await outbox.owner.fetchval("SELECT now()")
    await outbox.owner.execute(ADD, 0, None, None)
    await outbox.owner.execute(ADD, -2, now, None)
    before = await outbox.owner.fetch("SELECT * FROM outbox ORDER BY id")
    assert await outbox.owner.fetchval(DEFAULT) == 2
    await outbox.maintain()
    assert await outbox.owner.fetchval(DEFAULT) == 0
    assert await outbox.owner.fetch("SELECT * FROM outbox ORDER BY id") == before
    assert await outbox.days() == [-2, 0, 1, 2, 3]
    await outbox.owner.execute(ADD, 0, None, None)
    assert await outbox.owner.fetchval("SELECT count(DISTINCT id) FROM outbox") == 3
