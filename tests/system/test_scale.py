"""From zero, up under load within the bounds, back to zero; and what a body in a reply becomes."""

import asyncio
from collections import Counter
from typing import Any, Final

import pytest

from tests.eventually import eventually
from tests.system.harness import Embedded, running
from tests.system.people import People
from tests.system.sabotage import most_at_once
from tests.system.verdict import assert_right, at_rest

MOST: Final = 2
CONCURRENCY: Final = {
    "register-student": 16,
    "match-student": 4,
    "book-tutor": 8,
    "notify-student": 8,
}
BURST: Final = 400
NOTE: Final = "a Kafka Broker Trigger would dead-letter this"


@pytest.mark.timeout(180)
async def test_functions_wake_scale_within_bounds_and_return_to_zero() -> None:
    async with running(hook="count", max_scale=MOST) as system, People(system.url) as people:
        assert system.instances() == []
        seen: Counter[str] = Counter()
        watching = asyncio.create_task(watch(system, seen))
        await people.tutor("first", capacity=50)
        await asyncio.gather(*(people.some_student(number) for number in range(BURST)))
        await assert_right(system, people)
        watching.cancel()
        assert set(CONCURRENCY) <= set(seen)
        assert max(seen.values()) == MOST
        for name, limit in CONCURRENCY.items():
            counts = most_at_once(system.hooks, name)
            assert (len(counts) > 0, max(counts) <= limit) == (True, True), (name, counts)
        assert max(most_at_once(system.hooks, "register-student")) > 1
        await eventually(lambda: not system.instances(), seconds=40, message="not back at zero")
        await people.student("wakes it again")
        await assert_right(system, people)


async def watch(system: Embedded, seen: Counter[str]) -> None:
    """Note the greatest number of instances of each function, those that drain left aside."""
    while True:
        _, ps = await system.control("GET", "/control/ps")
        for function in ps["functions"]:
            live = [one for one in function["instances"] if not one["draining"]]
            count = len(live) + function["starting"]
            seen[function["function"]] = max(seen[function["function"]], count)
        await asyncio.sleep(0.02)


async def notes(system: Embedded) -> list[str | None]:
    """The notes on every delivery of every event."""
    _, found = await system.control("GET", "/control/events?limit=500")
    trails: list[Any] = []
    for event_id in {one["event_id"] for one in found["events"]}:
        _, known = await system.control("GET", f"/control/events/{event_id}")
        trails += known["deliveries"]
    return [trail["note"] for trail in trails]


async def test_no_delivery_is_answered_with_a_body(system: Embedded) -> None:
    assert set(await notes_of_one_match(system)) == {None}


async def test_the_test_above_sees_a_body() -> None:
    async with running(hook="ok") as system:
        seen = await notes_of_one_match(system)
    assert all(NOTE in (note or "") for note in seen)


async def notes_of_one_match(system: Embedded) -> list[str | None]:
    """The notes once a student was matched."""
    async with People(system.url) as people:
        await people.tutor("teaches")
        await people.student("learns")
        await at_rest(system)
        assert people.unanswered() == []
    found = await notes(system)
    assert len(found) >= 5
    return found
