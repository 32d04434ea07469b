"""How many instances: the KPA's arithmetic, and a revision that starts, queues, loses, drains."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from learnflow.local.autoscaler import Autoscaler, Gauge
from learnflow.local.instances import Answer, StartFailed, Unserved
from learnflow.local.pool import Pool
from learnflow.manifests import Function, Scale
from tests.eventually import eventually
from tests.local.fakes import FakeInstance, FakeStarter, function

Run = Callable[..., Awaitable[Pool]]


def autoscaler(concurrency: int = 10, **scale: Any) -> Autoscaler:
    return Autoscaler(function(concurrency=concurrency, scale=Scale(**({"initial": 0} | scale))))


def decide(scaler: Autoscaler, *averages: float, ready: int = 1, idle: float = 0.0) -> int:
    """Ticks two seconds apart, the last decision."""
    wanted = 0
    for tick, average in enumerate(averages, start=1):
        scaler.record(tick * 2.0, 2.0, average)
        wanted = scaler.desired(tick * 2.0, ready, idle)
    return wanted


def test_the_target_is_seventy_percent_of_the_concurrency() -> None:
    assert autoscaler(10).target == pytest.approx(7.0)
    assert autoscaler(0).target == pytest.approx(70.0)
    assert autoscaler(0, target=100.0).target == pytest.approx(70.0)
    assert autoscaler(4, target=8.0).target == pytest.approx(2.8)


def test_five_requests_at_zero_want_one_instance() -> None:
    assert decide(autoscaler(16), 5.0, ready=1) == 1


def test_a_burst_panics_and_wants_as_many_as_it_needs() -> None:
    scaler = autoscaler(10)
    assert decide(scaler, 1.0, 70.0) == 6  # 71 / 2 ticks / 7, rounded up
    assert scaler.panics


def test_panic_never_scales_down_until_a_stable_window_has_passed() -> None:
    scaler = autoscaler(10)
    assert decide(scaler, 140.0) == 20
    scaler.record(4.0, 2.0, 0.0)
    assert scaler.desired(4.0, 20, 0.0) == 20
    for tick in range(3, 40):
        scaler.record(tick * 2.0, 2.0, 7.0)
    assert scaler.desired(78.0, 20, 0.0) == 10  # not below half at once
    assert not scaler.panics


def test_the_bounds_of_the_manifest_hold() -> None:
    assert decide(autoscaler(1, max=3), 500.0) == 3
    assert decide(autoscaler(1, min=2), 0.0, ready=2, idle=1e6) == 2


def test_zero_comes_after_the_window_and_the_grace() -> None:
    quiet = [0.0] * 40
    assert decide(autoscaler(), *quiet, idle=89.0) == 1
    assert decide(autoscaler(), *quiet, idle=90.0) == 0
    assert decide(autoscaler(zero_retention=100.0), *quiet, idle=159.0) == 1


def test_scaling_down_waits_for_its_delay() -> None:
    scaler = autoscaler(scale_down_delay=30.0, window=6.0)
    assert decide(scaler, 35.0, ready=5) == 5
    for tick in (2, 3, 4, 5):
        scaler.record(tick * 2.0, 2.0, 7.0)
    assert scaler.desired(10.0, 5, 0.0) == 5
    scaler.record(42.0, 2.0, 7.0)
    assert scaler.desired(42.0, 2, 0.0) == 1


def test_the_gauge_averages_over_time_and_knows_since_when_it_is_idle() -> None:
    gauge = Gauge(0.0)
    gauge.change(1, 1.0)
    gauge.change(1, 2.0)
    gauge.change(-2, 3.0)
    assert gauge.average(4.0) == (4.0, 0.75)
    assert gauge.idle_seconds(9.0) == pytest.approx(6.0)


class Hello:
    """A handler that can be held, and counts."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.open.set()
        self.now = self.most = self.served = 0

    async def __call__(self, request: web.BaseRequest) -> web.Response:
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            await self.open.wait()
        finally:
            self.now -= 1
        self.served += 1
        return web.Response(text=request.path)


@pytest.fixture
def hello() -> Hello:
    return Hello()


@pytest.fixture
def starter(sockets: Path, hello: Hello) -> FakeStarter:
    return FakeStarter(sockets, hello)


@pytest.fixture
async def run(starter: FakeStarter) -> AsyncIterator[Run]:
    pools: list[Pool] = []

    async def begin(*functions: Function, tick: float = 60.0) -> Pool:
        pool = Pool(
            {one.name: one for one in functions},
            starter,
            tail=lambda name: [f"last words of {name}"],
            tick_seconds=tick,
        )
        pools.append(pool)
        await pool.start()
        return pool

    yield begin
    for pool in pools:
        await pool.stop(grace=1.0)


async def ask(pool: Pool, method: str = "POST", name: str = "hello") -> Answer:
    return await pool.request(name, method, "/", {"host": "h"}, b"x")


async def test_a_request_wakes_a_function_and_knows_its_cold_start(
    run: Run, starter: FakeStarter
) -> None:
    starter.delay = 0.05
    pool = await run(function())
    assert starter.instances == []
    cold, warm = await ask(pool), await ask(pool)
    assert (cold.status, cold.body) == (200, b"/")
    assert cold.cold_start_ms is not None
    assert cold.cold_start_ms >= 50
    assert warm.cold_start_ms is None
    assert len(starter.instances) == 1


async def test_five_requests_at_zero_start_one_instance(run: Run, starter: FakeStarter) -> None:
    starter.delay = 0.05
    pool = await run(function(concurrency=16), tick=0.02)
    answers = await asyncio.gather(*(ask(pool) for _ in range(5)))
    assert [answer.status for answer in answers] == [200] * 5
    assert len(starter.instances) == 1


async def test_an_instance_never_gets_more_than_its_concurrency(
    run: Run, hello: Hello, starter: FakeStarter
) -> None:
    hello.open.clear()
    pool = await run(function(concurrency=2, scale=Scale(initial=1, max=1)))
    asking = [asyncio.create_task(ask(pool)) for _ in range(12)]
    await eventually(lambda: hello.now == 2)
    hello.open.set()
    await asyncio.gather(*asking)
    assert (hello.served, hello.most, len(starter.instances)) == (12, 2, 1)


async def test_requests_are_served_in_the_order_they_came(run: Run, hello: Hello) -> None:
    order: list[int] = []

    async def one(number: int) -> None:
        await ask(pool)
        order.append(number)

    pool = await run(function(concurrency=1, scale=Scale(initial=0, max=1)))
    hello.open.clear()
    tasks = []
    for number in range(6):
        tasks.append(asyncio.create_task(one(number)))
        await asyncio.sleep(0)
    hello.open.set()
    await asyncio.gather(*tasks)
    assert order == [0, 1, 2, 3, 4, 5]


async def test_a_queue_makes_the_autoscaler_add_instances_up_to_its_bound(
    run: Run, hello: Hello, starter: FakeStarter
) -> None:
    hello.open.clear()
    pool = await run(function(concurrency=1, scale=Scale(initial=0, max=3)), tick=0.05)
    waiting = [asyncio.create_task(ask(pool)) for _ in range(10)]
    await eventually(lambda: len(starter.instances) == 3)
    hello.open.set()
    await asyncio.gather(*waiting)
    assert len(starter.instances) == 3


async def test_idle_instances_are_drained_to_zero(run: Run, starter: FakeStarter) -> None:
    pool = await run(function(scale=Scale(initial=2, window=0.1, zero_grace=0.1)), tick=0.02)
    await ask(pool)
    await eventually(lambda: not pool.revisions["hello"].fleet.upstreams)
    assert [instance.exited.result() for instance in starter.instances] == [0, 0]
    assert (await ask(pool)).cold_start_ms is not None


async def test_nothing_scales_to_zero_under_a_request(
    run: Run, hello: Hello, starter: FakeStarter
) -> None:
    hello.open.clear()
    pool = await run(function(scale=Scale(initial=0, window=0.05, zero_grace=0.0)), tick=0.01)
    asking = asyncio.create_task(ask(pool))
    await eventually(lambda: hello.now == 1)
    began = time.monotonic()
    await eventually(lambda: time.monotonic() > began + 0.3)
    assert not starter.instances[0].exited.done()
    hello.open.set()
    assert (await asking).status == 200


async def test_a_killed_instance_is_replaced(run: Run, starter: FakeStarter) -> None:
    pool = await run(function())
    await ask(pool)
    starter.instances[0].kill()
    assert (await ask(pool)).status == 200
    assert len(starter.instances) == 2


async def test_a_command_in_flight_in_a_killed_instance_is_not_repeated(
    run: Run, hello: Hello, starter: FakeStarter
) -> None:
    pool = await run(function())
    await ask(pool)
    hello.open.clear()
    asking = asyncio.create_task(ask(pool))
    await eventually(lambda: hello.now == 1)
    starter.instances[0].kill()
    with pytest.raises(Unserved) as gone:
        await asking
    assert (gone.value.status, gone.value.retry_after) == (502, 1)
    hello.open.set()


async def test_a_query_in_flight_in_a_killed_instance_is_asked_again(
    run: Run, hello: Hello, starter: FakeStarter
) -> None:
    pool = await run(function())
    await ask(pool)
    hello.open.clear()
    asking = asyncio.create_task(ask(pool, "GET"))
    await eventually(lambda: hello.now == 1)
    starter.instances[0].kill()
    hello.open.set()
    assert (await asking).status == 200


async def test_a_command_that_was_never_accepted_goes_to_another_instance(
    run: Run, hello: Hello, starter: FakeStarter
) -> None:
    starter.failures = 2
    pool = await run(function())
    answers = await asyncio.gather(*(ask(pool) for _ in range(3)))
    assert [answer.status for answer in answers] == [200] * 3
    assert (hello.served, len(starter.instances)) == (3, 3)


async def test_after_three_failed_starts_requests_hear_why(
    run: Run, hello: Hello, starter: FakeStarter
) -> None:
    starter.failures = 3
    pool = await run(function())
    results = await asyncio.gather(*(ask(pool) for _ in range(3)), return_exceptions=True)
    assert all(isinstance(result, StartFailed) for result in results)
    failure = results[0]
    assert isinstance(failure, StartFailed)
    assert (failure.status, failure.log) == (503, ("last words of hello",))
    assert "learnflow logs hello" in str(failure)

    async def healed() -> bool:
        try:
            return (await ask(pool)).status == 200
        except StartFailed:
            return False

    well: bool = await eventually(healed)
    assert well


async def test_who_waits_too_long_hears_504(run: Run, hello: Hello) -> None:
    hello.open.clear()
    pool = await run(function(concurrency=1, timeout=0.1, scale=Scale(initial=0, max=1)))
    results = await asyncio.gather(ask(pool), ask(pool), return_exceptions=True)
    assert [r.status for r in results if isinstance(r, Unserved)] == [504, 504]
    hello.open.set()


async def test_someone_who_gives_up_leaves_no_place_occupied(run: Run, hello: Hello) -> None:
    hello.open.clear()
    pool = await run(function(concurrency=1, scale=Scale(initial=0, max=1)))
    first, second = asyncio.create_task(ask(pool)), asyncio.create_task(ask(pool))
    await eventually(lambda: hello.now == 1)
    first.cancel()
    second.cancel()
    await asyncio.gather(first, second, return_exceptions=True)
    hello.open.set()
    assert (await ask(pool)).status == 200
    assert pool.document()[0]["requests"] == 0


async def test_new_code_is_served_by_new_instances(run: Run, starter: FakeStarter) -> None:
    pool = await run(function())
    await ask(pool)
    pool.revisions["hello"].renew()
    assert (await ask(pool)).cold_start_ms is not None
    await eventually(starter.instances[0].exited.done)
    assert len(starter.instances) == 2


async def test_what_is_in_flight_when_the_code_changes_ends_where_it_began(
    run: Run, hello: Hello, starter: FakeStarter
) -> None:
    pool = await run(function())
    await ask(pool)
    hello.open.clear()
    asking = asyncio.create_task(ask(pool))  # a POST: nobody may repeat it
    await eventually(lambda: hello.now == 1)
    pool.revisions["hello"].renew()
    await eventually(lambda: len(starter.instances) == 2)  # its successor is there already
    hello.open.set()
    assert (await asking).status == 200
    assert hello.served == 2
    await eventually(starter.instances[0].exited.done)
    assert starter.instances[0].exited.result() == 0


async def test_a_stream_of_old_code_is_asked_to_end(
    run: Run, hello: Hello, starter: FakeStarter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("learnflow.local.fleet._FINISH_SECONDS", 0.05)
    pool = await run(function())
    await ask(pool)
    hello.open.clear()
    asked = asyncio.Event()
    monkeypatch.setattr(starter.instances[0], "stop", asked.set)
    asking = asyncio.create_task(ask(pool))
    await eventually(lambda: hello.now == 1)
    pool.revisions["hello"].renew()
    await asyncio.wait_for(asked.wait(), 5)
    hello.open.set()
    assert (await asking).status == 200


async def test_an_instance_that_was_starting_when_the_code_changed_serves_nobody(
    run: Run, starter: FakeStarter, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool = await run(function())
    go, plain = asyncio.Event(), starter.start

    async def late(function: Function) -> FakeInstance:
        await go.wait()
        return await plain(function)

    monkeypatch.setattr(starter, "start", late)
    asking = asyncio.create_task(ask(pool))
    await eventually(lambda: pool.document()[0]["starting"])
    pool.revisions["hello"].renew()
    go.set()
    assert (await asking).status == 200
    assert starter.instances[0].exited.result() == -9
    assert len(starter.instances) == 2
