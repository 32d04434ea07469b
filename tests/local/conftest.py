"""Fixtures of the embedded mode's tests."""

import asyncio
import itertools
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aiohttp
import asyncpg
import pytest

from eventing.events import CATALOGUE
from learnflow.local.emptying import empty
from learnflow.local.eventlog import EventLog
from learnflow.local.paths import listen
from learnflow.manifests import Topic
from tests.local.controlled import World
from tests.local.fakes import FILE, FakeFunctions, system
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


@pytest.fixture(scope="package")
def lent_log(templates: Databases) -> Iterator[str]:
    """A database for one event log after the other; each empties it when it ends."""

    async def run(statement: str) -> None:
        admin = await asyncpg.connect(templates.admin)
        await admin.execute(statement)
        await admin.close()

    asyncio.run(run("CREATE DATABASE eventlog_lent STRATEGY FILE_COPY"))
    yield templates.server.format(role="postgres", database="eventlog_lent")
    asyncio.run(run("DROP DATABASE eventlog_lent WITH (FORCE)"))


@pytest.fixture
def sockets() -> Iterator[Path]:
    """A folder whose path is short enough for Unix sockets."""
    folder = Path(tempfile.mkdtemp(prefix="lf-", dir="/tmp"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
async def world(sockets: Path, lent_log: str) -> AsyncIterator[World]:
    """A control API with everything behind it."""
    said = {event.topic: Topic(event.topic, 1, 3600.0, FILE) for event in CATALOGUE.values()}
    log = EventLog(lent_log, said | dict(system().topics))
    await log.open()
    made = World(sockets, log, FakeFunctions())
    await made.dispatcher.start()
    await made.control.start(listen(made.path))
    yield made
    await made.control.stop()
    await made.dispatcher.stop(0.1)
    await log.close()
    await empty(lent_log)


@pytest.fixture
async def api(world: World) -> AsyncIterator[aiohttp.ClientSession]:
    """A client of it."""
    connector = aiohttp.UnixConnector(str(world.path))
    async with aiohttp.ClientSession("http://runner", connector=connector) as session:
        yield session
