"""Each role may do its own work and nothing else."""

import asyncpg
import pytest

from db.roles import SHORT_NAMES, duties
from tests.postgres import Databases

FORBIDDEN = asyncpg.InsufficientPrivilegeError


async def attempt(dsn: str, sql: str) -> None:
    """Run a statement as that role, and take it back."""
    connection = await asyncpg.connect(dsn)
    try:
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute(sql)
        await transaction.rollback()
    finally:
        connection.terminate()


@pytest.mark.parametrize(
    ("short", "duty"),
    [(short, duty) for short in SHORT_NAMES for duty in duties(short) if duty != "owner"],
)
@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TABLE mine (a int)",
        "CREATE TEMP TABLE mine (a int)",
        "CREATE SCHEMA mine",
        "ALTER TABLE outbox ADD COLUMN a int",
        "DROP TABLE inbox",
        "TRUNCATE outbox",
        "DELETE FROM outbox",
        "DELETE FROM inbox",
        "DROP VIEW stuck",
        "CREATE OR REPLACE FUNCTION outbox_maintain(integer) RETURNS integer LANGUAGE sql"
        " AS 'SELECT 1'",
        "COPY inbox TO PROGRAM 'true'",
    ],
)
async def test_nobody_but_the_owner_changes_the_schema_or_erases_facts_at_will(
    databases: Databases, short: str, duty: str, sql: str
) -> None:
    with pytest.raises((FORBIDDEN, asyncpg.InvalidSchemaNameError)):
        await attempt(databases.dsn(short, duty), sql)


UPKEEP = "SELECT * FROM upkeep_prune('inbox', 30, 0, 1, false)"


@pytest.mark.parametrize("sql", ["SELECT outbox_maintain()", "SELECT * FROM resends", UPKEEP])
async def test_functions_keep_off_the_relays_duties(databases: Databases, sql: str) -> None:
    with pytest.raises(FORBIDDEN):
        await attempt(databases.dsn("students"), sql)


@pytest.mark.parametrize("short", SHORT_NAMES)
@pytest.mark.parametrize("table", ["outbox", "inbox", "idempotency", "resends", "stuck"])
async def test_the_maintainer_sees_no_row(databases: Databases, short: str, table: str) -> None:
    await attempt(databases.dsn(short, "maintainer"), UPKEEP)
    with pytest.raises(FORBIDDEN):
        await attempt(databases.dsn(short, "maintainer"), f"SELECT * FROM {table}")


@pytest.mark.parametrize(
    ("short", "table"),
    [
        ("students", "students"),
        ("students", "notifications"),
        ("students", "inbox"),
        ("students", "idempotency"),
        ("tutors", "tutors"),
        ("tutors", "bookings"),
        ("matching", "requests"),
        ("matching", "holds"),
    ],
)
async def test_the_relay_sees_outbox_resends_and_stuck_only(
    databases: Databases, short: str, table: str
) -> None:
    relay = databases.dsn(short, "relay")
    for own in ("outbox", "resends", "stuck"):
        await attempt(relay, f"SELECT * FROM {own}")
    with pytest.raises(FORBIDDEN):
        await attempt(relay, f"SELECT * FROM {table}")


TRAINED = {
    "models": "INSERT INTO models (id, manifest, body, kind) VALUES ('m', '{}', '', 'live')",
    "model_aliases": "INSERT INTO model_aliases (alias) VALUES ('champion')",
    "promotions": "INSERT INTO promotions (alias, verdict) VALUES ('champion', 'refused')",
}


@pytest.mark.parametrize("table", TRAINED)
async def test_functions_read_which_model_serves_and_cannot_say_it(
    databases: Databases, table: str
) -> None:
    app = databases.dsn("matching")
    if table != "promotions":
        await attempt(app, f"SELECT * FROM {table}")
    for sql in (TRAINED[table], f"UPDATE {table} SET {key(table)} = NULL", f"DELETE FROM {table}"):
        with pytest.raises(FORBIDDEN):
            await attempt(app, sql)


@pytest.mark.parametrize("table", TRAINED)
async def test_the_trainer_adds_models_and_promotions_and_never_changes_one(
    databases: Databases, table: str
) -> None:
    trainer = databases.dsn("matching", "trainer")
    await attempt(trainer, f"SELECT * FROM {table}")
    await attempt(trainer, TRAINED[table])
    with pytest.raises(FORBIDDEN):
        await attempt(trainer, f"DELETE FROM {table}")
    if table != "model_aliases":
        with pytest.raises(FORBIDDEN):
            await attempt(trainer, f"UPDATE {table} SET {key(table)} = NULL")


@pytest.mark.parametrize("table", ["matches", "match_keys", "outcomes", "tutors"])
async def test_the_trainer_reads_the_history_and_cannot_write_it(
    databases: Databases, table: str
) -> None:
    trainer = databases.dsn("matching", "trainer")
    await attempt(trainer, f"SELECT * FROM {table}")
    for sql in (
        f"INSERT INTO {table} DEFAULT VALUES",
        f"UPDATE {table} SET {key(table)} = NULL",
        f"DELETE FROM {table}",
    ):
        with pytest.raises(FORBIDDEN):
            await attempt(trainer, sql)


@pytest.mark.parametrize(
    "table", ["requests", "holds", "outbox", "inbox", "idempotency", "resends", "stuck"]
)
async def test_the_trainer_meets_no_request_and_says_nothing(
    databases: Databases, table: str
) -> None:
    trainer = databases.dsn("matching", "trainer")
    for sql in (f"SELECT * FROM {table}", f"INSERT INTO {table} DEFAULT VALUES", UPKEEP):
        with pytest.raises((FORBIDDEN, asyncpg.ObjectNotInPrerequisiteStateError)):
            await attempt(trainer, sql)


def test_only_matching_has_a_trainer() -> None:
    assert [short for short in SHORT_NAMES if "trainer" in duties(short)] == ["matching"]


async def test_the_trainer_may_read_for_a_minute_and_enters_no_other_database(
    databases: Databases,
) -> None:
    trainer = databases.dsn("matching", "trainer")
    connection = await asyncpg.connect(trainer)
    limits = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
    found = [await connection.fetchval(f"SHOW {limit}") for limit in limits]
    await connection.close()
    assert found == ["1min", "2s", "1min"]
    for other in ("students", "tutors"):
        with pytest.raises(FORBIDDEN):
            await attempt(
                trainer.replace(databases.name("matching"), databases.name(other)), "SELECT 1"
            )


def key(table: str) -> str:
    """A column of that table."""
    first = {"models": "id", "model_aliases": "alias", "promotions": "alias", "tutors": "tutor_id"}
    return first.get(table, "match_id")


async def test_the_relay_writes_nothing_but_an_outbox_rows_fate(databases: Databases) -> None:
    with pytest.raises(FORBIDDEN):
        await attempt(databases.dsn("students", "relay"), "UPDATE outbox SET data = '{}'")
    with pytest.raises(FORBIDDEN):
        await attempt(
            databases.dsn("students", "relay"),
            "INSERT INTO outbox (event_id, type, topic, key, data) VALUES ('e','t','t','k','{}')",
        )


@pytest.mark.parametrize("other", ["tutors", "matching"])
@pytest.mark.parametrize("duty", ["app", "relay", "maintainer", "owner"])
async def test_no_role_of_one_service_enters_another_services_database(
    databases: Databases, duty: str, other: str
) -> None:
    wrong = databases.dsn("students", duty).replace(
        databases.name("students"), databases.name(other)
    )
    with pytest.raises(FORBIDDEN):
        await attempt(wrong, "SELECT 1")


@pytest.mark.parametrize("short", SHORT_NAMES)
async def test_no_function_waits_for_ever(databases: Databases, short: str) -> None:
    connection = await asyncpg.connect(databases.dsn(short))
    limits = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
    found = [await connection.fetchval(f"SHOW {limit}") for limit in limits]
    await connection.close()
    assert found == ["5s", "2s", "10s"]
