"""Fault switches: when they act, how often, until when, and what a caller notices."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web

from learnflow.local import faults
from learnflow.local.delivery import is_retryable
from learnflow.local.faults import LOST, Faults, Switch
from learnflow.local.instances import Answer, Unserved
from learnflow.local.pool import Pool
from tests.eventually import eventually
from tests.local.fakes import FakeStarter, function


class Counting:
    """A function that counts its calls."""

    def __init__(self) -> None:
        self.calls = 0

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        self.calls += 1
        return web.Response(text="done")


@pytest.fixture
def called() -> Counting:
    return Counting()


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
async def pool(sockets: Path, called: Counting, said: list[str]) -> AsyncIterator[Pool]:
    switches = Faults(lambda name, what: said.append(f"{name}: {what}"))
    made = Pool({"hello": function()}, FakeStarter(sockets, called), faults=switches)
    await made.start()
    yield made
    await made.stop(0.1)


async def deliver(pool: Pool) -> Answer:
    return await pool.request("hello", "POST", "/", {}, b"")


async def test_without_a_switch_nothing_is_noted(pool: Pool) -> None:
    assert (await deliver(pool)).note is None


async def test_slow_delays_and_says_so(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr("learnflow.local.faults.asyncio.sleep", sleep)
    pool.faults.set(Switch("hello", "slow", seconds=3))
    assert (await deliver(pool)).note == "fault switch: slow 3 s"
    assert slept == [3]


@pytest.mark.parametrize(("status", "retry_after"), [(503, 1), (422, None), (500, None)])
async def test_fail_answers_without_a_call(
    pool: Pool, called: Counting, status: int, retry_after: int | None
) -> None:
    pool.faults.set(Switch("hello", "fail", status=status))
    with pytest.raises(Unserved, match=f"fault switch: fail {status}") as failed:
        await deliver(pool)
    assert (failed.value.status, failed.value.retry_after) == (status, retry_after)
    assert called.calls == 0


async def test_drop_calls_and_loses_the_answer(pool: Pool, called: Counting) -> None:
    pool.faults.set(Switch("hello", "drop"))
    with pytest.raises(Unserved, match="fault switch: drop") as lost:
        await deliver(pool)
    assert lost.value.status == LOST
    assert is_retryable(lost.value.status or None)
    assert called.calls == 1
    assert pool.document()[0]["requests"] == 0  # its place is free again


async def test_duplicate_delivers_twice_but_asks_once(pool: Pool, called: Counting) -> None:
    pool.faults.set(Switch("hello", "duplicate"))
    answer = await deliver(pool)
    assert (called.calls, answer.status, answer.note) == (2, 200, "fault switch: duplicate")
    reply = await pool.open("hello", "POST", "/", {}, b"")
    await reply.read()
    assert called.calls == 3


async def test_a_switch_with_a_count_ends_by_itself(pool: Pool, said: list[str]) -> None:
    pool.faults.set(Switch("hello", "fail", left=2))
    for _ in range(2):
        with pytest.raises(Unserved):
            await deliver(pool)
    assert (await deliver(pool)).status == 200
    assert said == [
        "hello: fault switch on: fail 503, 2 times",
        "hello: fault switch off: fail 503 (all its times; acted 2 times)",
    ]


async def test_a_rate_acts_on_some(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    chance = iter([0.4, 0.6, 0.49])
    monkeypatch.setattr("learnflow.local.faults.random.random", lambda: next(chance))
    pool.faults.set(Switch("hello", "fail", rate=0.5))
    seen = []
    for _ in range(3):
        try:
            await deliver(pool)
            seen.append("ok")
        except Unserved:
            seen.append("failed")
    assert seen == ["failed", "ok", "failed"]


async def test_a_switch_for_a_time_expires_unless_it_was_replaced(
    pool: Pool, said: list[str]
) -> None:
    pool.faults.set(Switch("hello", "fail"), seconds=0.01)
    pool.faults.set(Switch("hello", "fail", status=500), seconds=0.1)
    (one,) = pool.faults.on("hello")
    assert one.status == 500
    await eventually(lambda: not pool.faults.on())
    assert said[-1] == "hello: fault switch off: fail 500 (after 0.1 s; acted 0 times)"
    assert len(said) == 3


async def test_clear_ends_those_of_one_function_or_of_all(pool: Pool) -> None:
    for name in ("hello", "other"):
        for kind in faults.KINDS:
            pool.faults.set(Switch(name, kind))
    assert len(pool.faults.clear("hello")) == 4
    assert [one.function for one in pool.faults.clear()] == ["other"] * 4
    assert pool.faults.clear() == []
