"""Scaling to zero now: requests end first, nothing comes back by itself, the next one wakes it."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from learnflow.local.autoscaler import Autoscaler
from learnflow.local.instances import Answer
from learnflow.local.pool import Pool
from learnflow.manifests import Scale
from tests.eventually import eventually
from tests.local.fakes import FakeStarter, function


class Held:
    """A function whose answers wait."""

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.asked = 0

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        self.asked += 1
        await self.go.wait()
        return web.json_response({"n": self.asked})


@pytest.fixture
def held() -> Held:
    return Held()


@pytest.fixture
async def pool(sockets: Path, held: Held) -> AsyncIterator[Pool]:
    functions = {
        "hello": function("hello"),
        "kept": function("kept", scale=Scale(min=1, initial=0)),
    }
    made = Pool(functions, FakeStarter(sockets, held), tick_seconds=0.02)
    await made.start()
    yield made
    held.go.set()
    await made.stop(0.5)


def shown(pool: Pool, name: str = "hello") -> dict[str, Any]:
    return next(one for one in pool.document() if one["function"] == name)


async def ask(pool: Pool, name: str = "hello") -> Answer:
    return await pool.request(name, "GET", "/", {"host": "f"}, b"")


async def test_an_idle_function_ends_and_the_next_request_wakes_it(pool: Pool, held: Held) -> None:
    held.go.set()
    await ask(pool)
    assert pool.to_zero() == {"hello": 1}
    await eventually(lambda: shown(pool)["instances"] == [])
    assert (await ask(pool)).cold_start_ms is not None


async def test_a_request_ends_first_and_starts_nothing_new(pool: Pool, held: Held) -> None:
    running = asyncio.create_task(ask(pool))
    await eventually(lambda: held.asked == 1)
    pool.to_zero()
    ticks = asyncio.get_running_loop().time() + 0.2
    await eventually(lambda: asyncio.get_running_loop().time() > ticks)
    assert (shown(pool)["starts"], shown(pool)["requests"]) == (1, 1)
    held.go.set()
    assert (await running).status == 200
    await eventually(lambda: shown(pool)["instances"] == [])
    assert shown(pool)["starts"] == 1


async def test_a_request_that_comes_meanwhile_is_answered_by_a_new_instance(
    pool: Pool, held: Held
) -> None:
    first = asyncio.create_task(ask(pool))
    await eventually(lambda: held.asked == 1)
    pool.to_zero()
    second = asyncio.create_task(ask(pool))
    await eventually(lambda: held.asked == 2)
    held.go.set()
    assert [(await one).status for one in (first, second)] == [200, 200]
    assert shown(pool)["starts"] == 2


async def test_what_the_manifest_keeps_stays(pool: Pool, held: Held) -> None:
    held.go.set()
    await eventually(lambda: shown(pool, "kept")["instances"])
    assert pool.to_zero() == {}
    assert shown(pool, "kept")["seconds_to_zero"] is None


async def test_the_countdown_runs_while_nothing_is_asked(pool: Pool, held: Held) -> None:
    assert shown(pool)["seconds_to_zero"] is None
    assert shown(pool)["last_cold_start"] is None
    running = asyncio.create_task(ask(pool))
    await eventually(lambda: held.asked == 1)
    assert shown(pool)["seconds_to_zero"] is None
    held.go.set()
    cold = (await running).cold_start_ms
    told = shown(pool)
    assert 89 < told["seconds_to_zero"] <= told["scale"]["idle_to_zero"] == 90
    assert cold is not None
    assert told["last_cold_start"]["ms"] == pytest.approx(cold, abs=0.1)


@pytest.mark.parametrize(
    ("scale", "seconds"),
    [
        (Scale(window=6.0, zero_grace=2.0), 8.0),
        (Scale(window=6.0, zero_grace=2.0, zero_retention=30.0), 36.0),
        (Scale(window=6.0, zero_grace=2.0, scale_down_delay=60.0), 66.0),
        (Scale(window=6.0, min=1), None),
    ],
)
def test_the_seconds_to_zero_are_those_after_which_zero_is_decided(
    scale: Scale, seconds: float | None
) -> None:
    scaler = Autoscaler(function(scale=scale))
    assert scaler.seconds_to_zero(0.0) == seconds
    now, idle = 100.0, 0.0
    scaler.record(now, 2.0, 1.0)
    while scaler.desired(now, 1, idle) and idle < 200:
        now, idle = now + 0.5, idle + 0.5
        scaler.record(now, 0.5, 0.0)
    assert (idle if idle < 200 else None) == pytest.approx(seconds, abs=1.5)
