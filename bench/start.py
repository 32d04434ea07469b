"""How long from the command to the first answer? The first start makes the databases."""

import time

from bench.figures import Bound, Figure
from bench.registrations import Client
from bench.system import System

GROUP = "start"


async def first_start(system: System) -> list[Figure]:
    """Start a system that never ran, register one student, and stop it."""
    return [Figure(GROUP, "first start to first answer", await _start(system), "s", None, "initdb")]


async def second_start(began: float, system: System) -> list[Figure]:
    """Of a system that was just started again: from its start to its first answer."""
    seconds = await _first_answer(began, system)
    note = "as `make run` does, but without uv's look at the environment"
    return [Figure(GROUP, "second start to first answer", seconds, "s", Bound(5), note)]


async def _start(system: System) -> float:
    async with system.started() as began:
        return await _first_answer(began, system)


async def _first_answer(began: float, system: System) -> float:
    await Client(system.port).student()
    return time.monotonic() - began
