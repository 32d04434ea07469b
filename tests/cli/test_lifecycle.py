"""Whatever ends a command that runs the system, the system is stopped in order, once."""

import asyncio
import os
import signal
import time
from dataclasses import dataclass, field
from typing import cast

import pytest

from learnflow.cli.lifecycle import Interrupts, run_with
from learnflow.cli.stages import Stages
from learnflow.local.runner import Runner


@dataclass
class FakeRunner:
    """Starts when `ready` is set, runs until asked to stop, notes what happens."""

    ready: asyncio.Event = field(default_factory=asyncio.Event)
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    history: list[str] = field(default_factory=list)

    async def start(self) -> None:
        self.history.append("start")
        await self.ready.wait()
        self.history.append("started")

    def ask_to_stop(self) -> None:
        self.asked.set()

    async def run_until_stopped(self) -> None:
        await self.asked.wait()

    async def stop(self) -> None:
        self.history.append("stop")


async def _run(fake: FakeRunner, stay: bool = True) -> bool:
    async def use() -> bool:
        fake.history.append("use")
        return stay

    return await run_with(cast(Runner, fake), Stages(), use)


def _press() -> None:
    os.kill(os.getpid(), signal.SIGINT)


async def test_ctrl_c_while_it_runs_stops_it() -> None:
    fake = FakeRunner()
    fake.ready.set()
    asyncio.get_running_loop().call_later(0.05, _press)
    assert await _run(fake) is False
    assert fake.history == ["start", "started", "use", "stop"]


async def test_ctrl_c_while_it_starts_stops_what_is_there() -> None:
    fake = FakeRunner()
    asyncio.get_running_loop().call_later(0.05, _press)
    assert await _run(fake) is False
    assert fake.history == ["start", "stop"]


async def test_a_command_that_does_not_stay_ends_by_itself() -> None:
    fake = FakeRunner()
    fake.ready.set()
    assert await _run(fake, stay=False) is True
    assert fake.history[-1] == "stop"


async def test_down_in_another_terminal_ends_it() -> None:
    fake = FakeRunner()
    fake.ready.set()
    asyncio.get_running_loop().call_later(0.05, fake.ask_to_stop)
    assert await _run(fake) is True
    assert fake.history[-1] == "stop"


async def test_a_fault_of_the_command_stops_the_system_too() -> None:
    fake = FakeRunner()
    fake.ready.set()

    async def use() -> bool:
        raise RuntimeError("the story broke")

    with pytest.raises(RuntimeError, match="the story broke"):
        await run_with(cast(Runner, fake), Stages(), use)
    assert fake.history[-1] == "stop"


def test_a_second_ctrl_c_ends_at_once_but_not_the_echo_of_the_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ended: list[int] = []
    monkeypatch.setattr(os, "_exit", ended.append)
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    heard: list[str] = []
    interrupts = Interrupts(lambda: heard.append("asked"), lambda: heard.append("left"))
    for later in (0.0, 0.1, 2.0):
        now[0] += later
        interrupts.heard()
    assert (heard, ended) == (["asked", "left"], [130])
