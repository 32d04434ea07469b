"""Whatever process dies while registrations arrive, nothing is lost and nobody has to help."""

import asyncio
import random
import signal
import time
from contextlib import suppress
from functools import partial
from typing import Final

import psutil
import pytest

from tests.eventually import eventually
from tests.system.harness import Embedded, running
from tests.system.people import Action, Intent, People, at_rate, crowd
from tests.system.verdict import Watcher, assert_right, change_some_tutor

SEED: Final = 7
STUDENTS: Final = 300
TUTORS: Final = 48
RATE: Final = 15.0
VICTIMS: Final = ("postgres", "relay", "fork-core", "fork-match", "function")
ROUNDS: Final = 3
KILL_EVERY: Final = 1.5
FIRST_ANSWER_SECONDS: Final = 5.0 * 2
"""Twice the promise: others may use these cores."""


def victims(system: Embedded, kind: str) -> list[psutil.Process]:
    """Who can be killed at this moment."""
    return system.instances() if kind == "function" else system.named(kind)


async def kill_one(system: Embedded, kind: str, chance: random.Random) -> None:
    """SIGKILL one process of a kind, as soon as there is one."""

    async def killed() -> bool:
        with suppress(psutil.NoSuchProcess):
            for process in chance.sample(found := victims(system, kind), min(1, len(found))):
                process.send_signal(signal.SIGKILL)
                return True
        return False

    await eventually(killed, seconds=30, message=f"no {kind} came back")


async def kill_many(system: Embedded, watcher: Watcher, chance: random.Random) -> list[str]:
    """Kill every kind several times in an order of chance; which ones."""
    kinds = [kind for kind in VICTIMS for _ in range(ROUNDS)]
    chance.shuffle(kinds)
    for kind in kinds:
        await asyncio.sleep(KILL_EVERY * chance.uniform(0.6, 1.4))
        await kill_one(system, kind, chance)
        await watcher.look()
    return kinds


def unexpected_answers(people: People) -> list[Intent]:
    """Who heard something else than success, or that it is worth another try."""
    known = {201, 204, 409, 502, 503}
    return [one for one in people.log if {s for s in one.statuses if isinstance(s, int)} - known]


def plan(system: Embedded, people: People) -> list[Action]:
    """The crowd of these tests."""
    return crowd(people, STUDENTS, TUTORS, partial(change_some_tutor, system, people))


@pytest.mark.timeout(300)
async def test_random_kills_of_every_part_lose_nothing() -> None:
    async with running() as system, People(system.url, SEED) as people:
        watcher = Watcher(system)
        load = asyncio.create_task(at_rate(plan(system, people), RATE))
        killed = await kill_many(system, watcher, random.Random(SEED))
        await load
        assert len(killed) >= 12
        await assert_right(system, people)
        assert unexpected_answers(people) == []
        assert (watcher.over, watcher.reads > 5) == ([], True)
        assert {one.name() for one in system.family()} >= {"relay", "fork-core", "fork-match"}


@pytest.mark.timeout(300)
async def test_the_runner_itself_killed_under_load_comes_back_as_it_was() -> None:
    system = Embedded.prepare()
    try:
        await system.start()
        async with People(system.url, SEED) as people:
            load = asyncio.create_task(at_rate(plan(system, people)[:200], 2 * RATE))
            for answered in (60, 120):
                await eventually(partial(_so_many, people, answered), seconds=60)
                await system.kill()
                assert await first_answer(system, people) <= FIRST_ANSWER_SECONDS
            await load
            await assert_right(system, people)
        await system.stop()
    finally:
        system.discard()


async def first_answer(system: Embedded, people: People) -> float:
    """Seconds from `up` to the first registration that it answers."""
    before = len(people.registered("students"))
    seconds = await system.start()
    began = time.monotonic()
    await eventually(lambda: len(people.registered("students")) > before, seconds=30)
    return seconds + time.monotonic() - began


def _so_many(people: People, number: int) -> bool:
    return len(people.registered("students")) >= number
