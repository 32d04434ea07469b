"""Every named query is understood by its database and allowed to the role that sends it."""

import importlib
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import asyncpg
import pytest

from db import idempotency, inbox, maintain, notes, outbox, stuck
from db.matching import store
from db.roles import SHORT_NAMES
from db.unit_of_work import one_statement
from tests.postgres import Databases

ROOT = Path(__file__).parents[2]
NO_QUERIES = ("__init__", "models")
TRAINERS = ("training_log", "promotions")
"""Modules of matching_db whose queries a trainer sends."""
IMPORT_ALL = """
import sys
from pathlib import Path
from learnflow.runtime.load import function_names, load_function
folder = Path("functions")
names = function_names(folder)
for name in names:
    load_function(folder, name)
print(len(names), *(m for m in ("sqlalchemy", "sqlmodel", "alembic") if m in sys.modules))
"""


def queries(module: object) -> dict[str, str]:
    """A module's named queries."""
    found = {name: value for name, value in vars(module).items() if name.isupper()}
    sql = {n: v for n, v in found.items() if isinstance(v, str) and n != "ROW"}
    return {n: v for n, v in sql.items() if "$1" in v or v.startswith("SELECT ")}


def of_functions(short: str) -> dict[str, str]:
    """What functions send to a database; notifications are only where people are told."""
    files = ROOT.glob(f"db/{short}/*.py")
    modules = [file.stem for file in files if file.stem not in (*NO_QUERIES, *TRAINERS)]
    own: dict[str, str] = {}
    for module in modules:
        own |= queries(importlib.import_module(f"db.{short}.{module}"))
    told = {} if short == "matching" else queries(notes)
    folded = {"one statement": one_statement((idempotency.ADD_KEY,), (7,), 2)}
    return own | told | queries(inbox) | queries(idempotency) | folded


@pytest.mark.parametrize("short", SHORT_NAMES)
async def test_functions_queries_fit_the_schema_and_their_rights(
    databases: Databases, short: str
) -> None:
    assert len(of_functions(short)) >= 9
    assert await misfits(databases.dsn(short), of_functions(short)) == {}


@pytest.mark.parametrize("short", SHORT_NAMES)
async def test_the_relays_queries_fit_the_schema_and_its_rights(
    databases: Databases, short: str
) -> None:
    sent = queries(outbox) | queries(stuck) | {"FORGET": stuck.FORGET}
    assert len(sent) >= 7
    assert await misfits(databases.dsn(short, "relay"), sent) == {}


@pytest.mark.parametrize("short", SHORT_NAMES)
async def test_the_maintainers_queries_fit_the_schema_and_its_rights(
    databases: Databases, short: str
) -> None:
    sent = queries(maintain)
    assert len(sent) == 3
    assert await misfits(databases.dsn(short, "maintainer"), sent) == {}


async def test_the_trainers_queries_fit_the_schema_and_its_rights(databases: Databases) -> None:
    sent: dict[str, str] = {}
    for module in TRAINERS:
        sent |= queries(importlib.import_module(f"db.matching.{module}"))
    assert {"DECISIONS", "ADD_MODEL", "MOVE_ALIAS", "PACKED", "ALIASES"} <= sent.keys()
    assert await misfits(databases.dsn("matching", "trainer"), sent) == {}


async def test_the_columns_of_an_offer_are_its_fields_in_their_order(databases: Databases) -> None:
    connection = await asyncpg.connect(databases.dsn("matching"))
    for sql in (store.CANDIDATES, store.OFFER):
        columns = (await connection.prepare(sql)).get_attributes()
        assert [c.name for c in columns] == [field.name for field in fields(store.Offer)]
    await connection.close()


async def test_a_column_that_is_not_there_is_seen(databases: Databases) -> None:
    sent = {"good": "SELECT name FROM students", "bad": "SELECT age FROM students WHERE grade = $1"}
    assert (await misfits(databases.dsn("students"), sent)).keys() == {"bad"}


async def misfits(dsn: str, sent: dict[str, str]) -> dict[str, str]:
    """What the database has against each query, planned for any parameters."""
    connection = await asyncpg.connect(dsn)
    found = {}
    for name, sql in sent.items():
        try:
            await connection.execute(f"EXPLAIN (GENERIC_PLAN) {sql}")
        except asyncpg.PostgresError as error:
            found[name] = f"{type(error).__name__}: {error}"
    await connection.close()
    return found


def test_no_function_brings_an_orm_into_memory() -> None:
    command = [sys.executable, "-c", IMPORT_ALL]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    count, *heavy = run.stdout.split()
    assert int(count) == len(list(ROOT.glob("functions/*/main.py")))
    assert heavy == []
