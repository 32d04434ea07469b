"""A process that ends at the worst moment, at each of eight, ten times each, changes nothing."""

import asyncio
from functools import partial
from itertools import count
from typing import Final

import asyncpg
import pytest

from tests.eventually import eventually
from tests.system.crashing import FUNCTION_POINTS, POINTS, TIMES, Crashes
from tests.system.harness import running
from tests.system.people import People, at_rate, crowd
from tests.system.verdict import assert_right, at_rest, change_some_tutor

SEED: Final = 3
RATE: Final = 15.0
MORE: Final = 10
"""Students who come in addition as long as crashes are missing."""


@pytest.mark.timeout(240)
async def test_ten_crashes_at_each_of_eight_points_change_nothing() -> None:
    async with running(hook="crash", backoff=0.1) as system, People(system.url, SEED) as people:
        crashes = Crashes(system.hooks)
        await at_rate(crowd(people, 120, 24, partial(change_some_tutor, system, people)), RATE)
        numbers = count(1000)
        async with asyncio.timeout(120):
            while any(crashes.count(point) < TIMES for point in POINTS):
                more = [partial(people.some_student, next(numbers)) for _ in range(MORE)]
                await at_rate(more, RATE)
        assert {point: crashes.count(point) for point in POINTS} == dict.fromkeys(POINTS, TIMES)
        await assert_right(system, people)


async def test_a_command_without_key_is_not_sent_twice_when_its_first_instance_dies() -> None:
    async with running(hook="first") as system, People(system.url) as people:
        asked = await people.student_without_key("once")
        await eventually(lambda: Crashes(system.hooks).count(FUNCTION_POINTS[1]))
        await at_rest(system)
        connection = await asyncpg.connect(system.dsn("students"))
        assert await connection.fetchval("SELECT count(*) FROM students") == 1
        await connection.close()
        assert asked.statuses == [502]
