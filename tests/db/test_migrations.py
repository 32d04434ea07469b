"""The schema that is migrated is the schema that the models say, up, down and up again."""

import asyncio
from typing import Any

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import CheckConstraint, Connection, pool
from sqlalchemy.ext.asyncio import create_async_engine

from db.matching.models import MatchingBase
from db.migrate import behind, current, downgrade, head, upgrade
from db.roles import SHORT_NAMES
from db.students.models import StudentsBase
from db.tutors.models import TutorsBase
from tests.flow.world import World
from tests.postgres import Databases

METADATA = {
    "students": StudentsBase.metadata,
    "tutors": TutorsBase.metadata,
    "matching": MatchingBase.metadata,
}
NEWEST = {"students": "0002", "tutors": "0002", "matching": "0003"}
CHECKS = """SELECT conname FROM pg_constraint JOIN pg_class c ON c.oid = conrelid
    WHERE contype = 'c' AND c.relnamespace = 'public'::regnamespace AND NOT c.relispartition"""
SCHEMA = """
SELECT 'f' AS kind, pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
UNION ALL SELECT 'c', c.relname || a.attname || a.atttypid::regtype || a.attnotnull
  FROM pg_attribute a JOIN pg_class c ON c.oid = attrelid
 WHERE c.relnamespace = 'public'::regnamespace AND attnum > 0
UNION ALL SELECT 'a', relname || coalesce(relacl::text, '') FROM pg_class
 WHERE relnamespace = 'public'::regnamespace
ORDER BY 1, 2
"""


async def differences(short: str, dsn: str) -> list[Any]:
    """What alembic would have to do to make the database what the models say."""

    def compare(connection: Connection) -> list[Any]:
        options = {
            "compare_type": True,
            "compare_server_default": True,
            "include_name": _ours,
        }
        context = MigrationContext.configure(connection, opts=options)
        return list(compare_metadata(context, METADATA[short]))

    engine = create_async_engine(
        "postgresql+asyncpg://",
        async_creator=lambda: asyncpg.connect(dsn),
        poolclass=pool.NullPool,
    )
    async with engine.connect() as connection:
        found = await connection.run_sync(compare)
    await engine.dispose()
    return found


def _ours(name: str | None, kind: str, _parents: object) -> bool:
    return not (kind == "table" and (name or "").startswith(("outbox_", "matches_")))


async def rows(dsn: str, sql: str) -> list[Any]:
    """What a statement finds."""
    connection = await asyncpg.connect(dsn)
    found = await connection.fetch(sql)
    await connection.close()
    return list(found)


@pytest.mark.parametrize("short", SHORT_NAMES)
async def test_the_models_are_the_migrated_schema(databases: Databases, short: str) -> None:
    assert await differences(short, databases.superuser(short)) == []


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE students ADD COLUMN age integer",
        "ALTER TABLE students ALTER COLUMN grade TYPE text",
        "ALTER TABLE students ALTER COLUMN goals DROP NOT NULL",
        "ALTER TABLE students ALTER COLUMN version SET DEFAULT 2",
        "ALTER TABLE notifications DROP CONSTRAINT notifications_once",
        "DROP INDEX students_unsettled",
    ],
)
async def test_a_schema_that_the_models_do_not_say_is_seen(fresh: Databases, change: str) -> None:
    await rows(fresh.superuser("students"), change)
    assert await differences("students", fresh.superuser("students"))


@pytest.mark.parametrize("short", SHORT_NAMES)
async def test_the_models_say_every_check(databases: Databases, short: str) -> None:
    said = {
        constraint.name
        for table in METADATA[short].tables.values()
        for constraint in table.constraints
        if isinstance(constraint, CheckConstraint)
    }
    assert {row[0] for row in await rows(databases.superuser(short), CHECKS)} == said


async def test_filled_databases_go_down_and_up_again_to_the_same_schema(fresh: Databases) -> None:
    world = World(fresh)
    await world.do("register_tutor", name="Emmy", subjects=["physics"])
    await world.do("register_student", name="Ada", grade=7, subject="physics")
    await world.settle()
    await world.close()
    owners = {short: fresh.dsn(short, "owner") for short in SHORT_NAMES}
    before = [await rows(fresh.superuser(short), SCHEMA) for short in SHORT_NAMES]
    assert await behind(owners) == []
    for short, dsn in owners.items():
        await asyncio.to_thread(downgrade, short, dsn)
        left = "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"
        assert {row[0] for row in await rows(dsn, left)} == {
            "alembic_version",
            "alembic_version_pkc",
        }
    assert await behind(owners) == list(SHORT_NAMES)
    for short, dsn in owners.items():
        await asyncio.to_thread(upgrade, short, dsn)
    assert [await rows(fresh.superuser(short), SCHEMA) for short in SHORT_NAMES] == before
    assert {short: await current(dsn) for short, dsn in owners.items()} == NEWEST


async def test_a_database_that_was_never_migrated_has_no_revision(databases: Databases) -> None:
    assert await current(databases.admin) is None


def test_each_database_has_a_newest_revision_of_its_own() -> None:
    assert {short: head(short) for short in SHORT_NAMES} == NEWEST
