"""Fixtures of the embedded mode's tests."""

import itertools
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest

from tests.postgres import Databases

_NUMBERS = itertools.count(1)


@pytest.fixture
async def log_dsn(templates: Databases) -> AsyncIterator[str]:
    """An empty database for an event log."""
    name = f"eventlog_{next(_NUMBERS)}"
    admin = await asyncpg.connect(templates.admin)
    await admin.execute(f"CREATE DATABASE {name} STRATEGY FILE_COPY")
    yield templates.server.format(role="postgres", database=name)
    await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await admin.close()


@pytest.fixture
def sockets() -> Iterator[Path]:
    """A folder whose path is short enough for Unix sockets."""
    folder = Path(tempfile.mkdtemp(prefix="lf-", dir="/tmp"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)
