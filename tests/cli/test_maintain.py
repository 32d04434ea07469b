"""`learnflow maintain` by addresses, as the CronJob calls it; system/test_commands runs it here."""

import asyncio
import json
from collections.abc import Iterator

import asyncpg
import pytest

from db.roles import SHORT_NAMES
from learnflow.cli.problem import Problem
from tests import postgres
from tests.cli.conftest import Command, parsed
from tests.postgres import Databases

OLD = """INSERT INTO inbox SELECT 'c', 's', n::text, now() - interval '40 days'
    FROM generate_series(1, 3) n"""
LEFT = "SELECT count(*) FROM inbox"


@pytest.fixture
def databases(templates: Databases, monkeypatch: pytest.MonkeyPatch) -> Iterator[Databases]:
    """Fresh databases whose maintainers' addresses are in the environment."""
    mine = asyncio.run(postgres.fresh(templates))
    for short in SHORT_NAMES:
        address = mine.dsn(short, "maintainer")
        monkeypatch.setenv(f"LEARNFLOW_{short.upper()}_DATABASE_URL", address)
    yield mine
    asyncio.run(postgres.drop(mine))


def rows(databases: Databases, sql: str) -> int:
    """A number from students_db."""

    async def ask() -> int:
        connection = await asyncpg.connect(databases.superuser("students"))
        found: int = await connection.fetchval(sql)
        await connection.close()
        return found

    return asyncio.run(ask())


def test_it_says_what_is_due_then_does_it_and_then_nothing_is_due(
    command: Command, databases: Databases
) -> None:
    rows(databases, OLD)
    wanted = [{"database": "students", "act": "pruned", "what": "inbox", "rows": 3}]

    due = parsed(command("maintain", "--dry-run", "--json"))
    assert (due["steps"], due["failed"], rows(databases, LEFT)) == (wanted, {}, 3)
    shown = command("maintain").output
    assert all(word in shown for word in ("students_db", "pruned", "inbox", "3"))
    assert rows(databases, LEFT) == 0
    assert command("maintain").output == "Nothing was due.\n"


def test_an_address_of_another_role_is_a_problem_that_names_the_right_one(
    command: Command, databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEARNFLOW_TUTORS_DATABASE_URL", databases.dsn("tutors"))
    result = command("maintain", "--json")
    assert isinstance(result.exception, Problem)
    assert "tutors_maintainer" in result.exception.fix
    assert json.loads(result.output)["failed"].keys() == {"tutors"}


def test_without_addresses_and_without_a_runner_it_says_what_to_do(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("learnflow.local.paths.running", lambda state: None)
    result = command("maintain")
    assert isinstance(result.exception, Problem)
    assert "learnflow up" in result.exception.fix
