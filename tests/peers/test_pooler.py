"""Functions through a real PgBouncer with the manifest's settings, of every version found here.

1.21 brought prepared statements to transaction mode. Older ones, as Debian 12's 1.18, do not know
`max_prepared_statements`, and need `?statement_cache_size=0` in the functions' address.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from db.unit_of_work import Database
from learnflow.runtime.app import application
from learnflow.runtime.load import load_function
from learnflow.settings import Settings
from tests.peers.pooler import KEEPS_STATEMENTS, Pooler, programs, version
from tests.postgres import Databases
from tests.runtime.calling import JSON, Answer, call

CALLS = 24
FEW = {"default_pool_size": "2"}
"""Fewer server connections than clients: each transaction may meet another one."""
NOTHING_PREPARED = "?statement_cache_size=0"
FORBIDDEN = asyncpg.InsufficientPrivilegeError


def names() -> list[str]:
    """A name for each PgBouncer."""
    return [".".join(map(str, version(one))) for one in programs()]


FOUND: list[str | None] = [*programs()] or [None]


@pytest.fixture(params=FOUND, ids=names() or ["absent"])
def program(request: pytest.FixtureRequest) -> str:
    """A PgBouncer of this machine."""
    if request.param is None:
        pytest.skip("There is no pgbouncer on PATH or in LEARNFLOW_PGBOUNCER (apt: pgbouncer).")
    found: str = request.param
    return found


def settings_for(program: str) -> dict[str, str | None]:
    """What the manifest says, as far as this version knows it."""
    return {} if version(program) >= KEEPS_STATEMENTS else {"max_prepared_statements": None}


@pytest.fixture
async def pooler(program: str, ground: Path, databases: Databases) -> AsyncIterator[Pooler]:
    """It, before students_db."""
    ground.chmod(0o711)
    given = {**settings_for(program), **FEW}
    roles = ("students_app", "students_relay", "tutors_app")
    one = Pooler(program, ground / uuid4().hex, databases, roles=roles, settings=given)
    try:
        await one.start()
        yield one
    finally:
        one.close()


async def students_day(dsn: str) -> list[tuple[int, Any]]:
    """Registrations at once, again with the same keys, then found: status and what is said."""
    database = Database("students", dsn, 8)
    settings = Settings()
    try:
        register, find = (
            application(
                load_function(settings.functions, name).operation, settings, database=database
            )
            for name in ("register_student", "find_student")
        )

        def registered(number: int) -> Any:
            body = {"name": f"S {number}", "grade": 5, "subject": "mathematics"}
            headers = {**JSON, "idempotency-key": f"key-{number}"}
            return call(
                register,
                "POST",
                "/api/students",
                headers=headers,
                body=json.dumps(body).encode(),
                patient=True,
            )

        first = await asyncio.gather(*map(registered, range(CALLS)))
        again = await asyncio.gather(*map(registered, range(CALLS)))
        paths = [one.headers.get("location", "/") for one in first]
        found = await asyncio.gather(*(call(find, "GET", path, patient=True) for path in paths))
        assert [one.body for one in again] == [one.body for one in first]
        return [said(one) for one in (*first, *again, *found)]
    finally:
        await database.close()


def said(answer: Answer) -> tuple[int, Any]:
    """An answer without what differs between two students."""
    known = answer.json
    shown = {name: known[name] for name in ("name", "grade", "state", "version") if name in known}
    return answer.status, shown


async def test_functions_answer_through_it_as_they_do_without(
    pooler: Pooler, databases: Databases
) -> None:
    through = await students_day(pooler.dsn() + NOTHING_PREPARED)
    assert [status for status, _ in through[:CALLS]] == [201] * CALLS
    assert [status for status, _ in through[2 * CALLS :]] == [200] * CALLS
    connection = await asyncpg.connect(databases.superuser("students"))
    assert await connection.fetchval("SELECT count(*) FROM students") == CALLS
    assert await connection.fetchval("SELECT count(*) FROM outbox") == CALLS
    for table in ("students", "outbox", "idempotency"):
        await connection.execute(f"DELETE FROM {table}")
    await connection.close()
    assert through == await students_day(databases.dsn("students"))


async def asked_at_once(dsn: str) -> list[str]:
    """More clients than server connections, each with statements of its own; what went wrong."""
    database = Database("students", dsn, 6)

    async def one(number: int) -> str | None:
        try:
            async with database.unit() as work:
                await work.read(f"SELECT {number % 5} FROM students WHERE name = $1", "x")
        except Exception as error:
            return type(error).__name__
        return None

    try:
        found = await asyncio.gather(*map(one, range(120)))
    finally:
        await database.close()
    return sorted({wrong for wrong in found if wrong is not None})


async def test_prepared_statements_outlive_a_transaction_since_1_21_only(
    pooler: Pooler, program: str
) -> None:
    assert await asked_at_once(pooler.dsn() + NOTHING_PREPARED) == []
    wrong = await asked_at_once(pooler.dsn())
    if version(program) >= KEEPS_STATEMENTS:
        assert wrong == []
    else:
        assert wrong == ["InvalidSQLStatementNameError"]


async def test_an_older_one_refuses_the_manifest_by_the_setting_s_name(
    program: str, ground: Path, databases: Databases
) -> None:
    ground.chmod(0o711)
    one = Pooler(program, ground / uuid4().hex, databases)
    try:
        if version(program) >= KEEPS_STATEMENTS:
            await one.start()
        else:
            with pytest.raises(
                AssertionError, match=r"unknown parameter: .*max_prepared_statement"
            ):
                await one.start()
    finally:
        one.close()


async def test_time_outs_are_the_role_s_and_reach_through_it(pooler: Pooler) -> None:
    connection = await asyncpg.connect(pooler.dsn(), statement_cache_size=0)
    try:
        assert await connection.fetchval("SHOW statement_timeout") == "5s"
        assert await connection.fetchval("SHOW lock_timeout") == "2s"
    finally:
        await connection.close()


async def test_a_time_out_as_start_up_parameter_is_refused(pooler: Pooler) -> None:
    given = {"statement_timeout": "5s"}
    with pytest.raises(asyncpg.PostgresError, match="unsupported startup parameter"):
        await asyncpg.connect(pooler.dsn(), server_settings=given)


async def test_what_one_client_listens_to_is_another_s_so_relay_and_streams_go_past_it(
    pooler: Pooler,
) -> None:
    listening, other = [
        await asyncpg.connect(pooler.dsn(), statement_cache_size=0) for _ in range(2)
    ]
    try:
        await listening.add_listener("outbox", lambda *_: None)
        channels = "SELECT count(*) FROM pg_listening_channels()"
        assert await other.fetchval(channels) == 1, "the server connection is shared"
    finally:
        for one in (listening, other):
            one.terminate()


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE mine (a int)",
        "CREATE TEMP TABLE mine (a int)",
        "CREATE SCHEMA mine",
        "ALTER TABLE students ADD COLUMN mine int",
        "DROP TABLE students",
        "SELECT * FROM resends",
        "SET ROLE students_owner",
    ],
)
async def test_the_functions_role_makes_nothing_through_it(pooler: Pooler, statement: str) -> None:
    connection = await asyncpg.connect(pooler.dsn(), statement_cache_size=0)
    try:
        with pytest.raises((FORBIDDEN, asyncpg.InvalidSchemaNameError)):
            await connection.execute(statement)
    finally:
        connection.terminate()


async def test_it_leads_to_no_other_service_s_database(
    pooler: Pooler, program: str, ground: Path, databases: Databases
) -> None:
    tutors = databases.name("tutors")
    with pytest.raises(asyncpg.PostgresError, match="no such database"):
        await asyncpg.connect(pooler.dsn(database=tutors))
    anywhere = Pooler(program, ground / uuid4().hex, databases, settings=settings_for(program))
    anywhere.lead_to(tutors)
    try:
        await anywhere.start()
        with pytest.raises(asyncpg.PostgresError, match="permission denied for database"):
            await asyncpg.connect(anywhere.dsn(database=tutors), statement_cache_size=0)
    finally:
        anywhere.close()


async def test_a_role_it_does_not_list_and_a_wrong_password_stay_outside(pooler: Pooler) -> None:
    for address in (
        pooler.dsn("students_owner"),
        pooler.dsn("postgres"),
        pooler.dsn().replace(":of-the-test@", ":wrong@"),
    ):
        with pytest.raises(asyncpg.PostgresError, match=r"authentication failed|no such user"):
            await asyncpg.connect(address)


async def test_the_relay_s_role_reads_the_outbox_and_nothing_of_people(
    pooler: Pooler, databases: Databases
) -> None:
    owner = await asyncpg.connect(databases.superuser("students"))
    tables = [
        row[0]
        for row in await owner.fetch(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"
            " AND relkind IN ('r', 'p', 'v') AND NOT relispartition"
        )
    ]
    await owner.close()
    relay = await asyncpg.connect(pooler.dsn("students_relay"), statement_cache_size=0)
    readable = []
    try:
        for table in tables:
            try:
                await relay.execute(f"SELECT * FROM {table} LIMIT 1")
            except FORBIDDEN:
                continue
            readable.append(table)
    finally:
        relay.terminate()
    assert "students" in tables
    assert sorted(readable) == ["outbox", "resends", "stuck"]
