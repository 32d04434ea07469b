"""`learnflow database prepare`, as the migration Job runs it before `learnflow migrate`."""

import asyncio
import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from db.passwords import verifier
from db.roles import duties, role_of
from learnflow.cli.problem import Problem
from tests.cli.conftest import Command, parsed
from tests.postgres import Databases

KEPT = "SELECT rolpassword FROM pg_authid WHERE rolname = $1"


def ask(databases: Databases, sql: str, *values: object) -> Any:
    async def asked() -> Any:
        connection = await asyncpg.connect(databases.admin)
        try:
            return await connection.fetchval(sql, *values)
        finally:
            await connection.close()

    return asyncio.run(asked())


@pytest.fixture
def passwords(
    tmp_path: Path, templates: Databases, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """A folder as the Job mounts it, in the environment beside the superuser's address."""
    for duty in duties("matching"):
        (tmp_path / duty).write_text(f"secret-of-{duty}\n")
    monkeypatch.setenv("LEARNFLOW_ADMIN_DATABASE_URL", templates.admin)
    monkeypatch.setenv("LEARNFLOW_PASSWORDS", str(tmp_path))
    yield tmp_path
    for duty in duties("matching"):
        ask(templates, f"ALTER ROLE {role_of('matching', duty)} PASSWORD NULL")


def test_every_role_gets_its_password_again_and_again(
    command: Command, passwords: Path, templates: Databases
) -> None:
    for _ in range(2):
        done = parsed(command("database", "prepare", "matching", "--json"))
        assert done["database"] == "matching_db"
        assert done["roles"] == sorted(role_of("matching", duty) for duty in duties("matching"))
    for duty in duties("matching"):
        kept = ask(templates, KEPT, role_of("matching", duty))
        salt = base64.b64decode(kept.split("$")[1].partition(":")[2])
        assert kept == verifier(f"secret-of-{duty}", salt)


def test_the_verifier_is_the_one_that_postgres_makes(templates: Databases) -> None:
    ask(templates, "CREATE ROLE measured PASSWORD 'as-typed'")
    try:
        kept = ask(templates, KEPT, "measured")
    finally:
        ask(templates, "DROP ROLE measured")
    salt = base64.b64decode(kept.split("$")[1].partition(":")[2])
    assert verifier("as-typed", salt) == kept


def test_a_missing_password_names_its_secret_and_changes_nothing(
    command: Command, passwords: Path, templates: Databases
) -> None:
    (passwords / "relay").unlink()
    refused = command("database", "prepare", "matching").exception
    assert isinstance(refused, Problem)
    assert "matching_relay" in refused.what
    assert "matching-db-relay" in refused.fix
    assert ask(templates, KEPT, "matching_owner") is None


def test_a_server_that_is_away_is_a_problem(
    command: Command, passwords: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEARNFLOW_ADMIN_DATABASE_URL", "postgresql://postgres@127.0.0.1:1/postgres")
    refused = command("database", "prepare", "matching").exception
    assert isinstance(refused, Problem)
    assert refused.what.startswith("matching_db could not be prepared: ")
