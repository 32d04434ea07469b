"""Traces and exports over the control API, while a database is away."""

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from learnflow.local.control import Control
from learnflow.local.control_traces import Place
from learnflow.local.paths import listen
from tests.local.controlled import World

ROOT = Path(__file__).parents[2]


@pytest.fixture
async def away(world: World, sockets: Path) -> AsyncIterator[aiohttp.ClientSession]:
    """A client of a control API whose functions' databases nobody serves."""
    control = Control(
        world.system, world.log, world.dispatcher, world.pool, world.logbook,
        urls=dict, stop=world.stop,
        place=Place(ROOT, lambda short: f"postgresql:///{short}_db?host={sockets}"),
    )  # fmt: skip
    path = sockets / "away.sock"
    await control.start(listen(path))
    connector = aiohttp.UnixConnector(str(path))
    async with aiohttp.ClientSession("http://runner", connector=connector) as session:
        yield session
    await control.stop()


@pytest.mark.parametrize("path", ["export", "traces/0123456789"])
async def test_a_database_that_is_away_is_said_before_an_answer_begins(
    away: aiohttp.ClientSession, path: str
) -> None:
    async with away.get(f"/control/{path}") as response:
        assert (response.status, response.headers["Retry-After"]) == (503, "1")
        assert "students_db does not answer" in (await response.json())["detail"]


async def test_a_last_trace_may_be_asked_for_before_there_is_one(
    away: aiohttp.ClientSession,
) -> None:
    async with away.get("/control/traces/last") as response:
        assert response.status == 404
    async with away.get("/control/traces/last?if_any=1") as response:
        assert (response.status, await response.json()) == (200, {"traces": []})
