"""Fixtures that many tests share. Helpers live in plain modules beside the tests."""

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from db.unit_of_work import Database
from tests import postgres
from tests.postgres import Databases


@pytest.fixture(scope="session")
def templates() -> Iterator[Databases]:
    """The run's Postgres with its migrated template databases."""
    folder = Path(tempfile.mkdtemp(prefix="lf-", dir="/tmp"))  # short: socket paths have 107 bytes
    folder.chmod(0o711)  # as root, Postgres runs under another uid
    try:
        with postgres.server(folder) as databases:
            yield databases
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
async def databases(templates: Databases) -> AsyncIterator[Databases]:
    """Three fresh databases."""
    mine = await postgres.fresh(templates)
    yield mine
    await postgres.drop(mine)


@pytest.fixture
async def students(databases: Databases) -> AsyncIterator[Database]:
    """students_db as its functions see it."""
    database = Database("students", databases.dsn("students"))
    yield database
    await database.close()


@pytest.fixture
async def tutors(databases: Databases) -> AsyncIterator[Database]:
    """tutors_db as its functions see it."""
    database = Database("tutors", databases.dsn("tutors"))
    yield database
    await database.close()


@pytest.fixture
async def matching(databases: Databases) -> AsyncIterator[Database]:
    """matching_db as its functions see it."""
    database = Database("matching", databases.dsn("matching"))
    yield database
    await database.close()


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--fuzz` and `--peers`: what `make fuzz` and `make peers` run beyond `make test`."""
    parser.addoption("--fuzz", action="store_true", help="draw more and longer random inputs")
    parser.addoption(
        "--peers", action="store_true", help="run what needs a real Kafka, daprd or Kubernetes"
    )


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What needs real peers is skipped, and says so, unless it is asked for."""
    if not config.getoption("--peers"):
        skipped = pytest.mark.skip(reason="needs a real Kafka, daprd or Kubernetes: make peers")
        for item in items:
            if item.get_closest_marker("peers"):
                item.add_marker(skipped)
