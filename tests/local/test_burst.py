"""A burst registers example students over real HTTP, bounded, and one at a time."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web

from learnflow.demo.examples import load
from learnflow.local import burst
from learnflow.local.asking import Refused
from learnflow.local.burst import Bursts


class Centre:
    """A gateway that registers whoever comes; `free` says whether a tutor is available."""

    def __init__(self) -> None:
        self.free = True
        self.students: list[dict[str, Any]] = []
        self.tutors: list[dict[str, Any]] = []
        self.keys: set[str] = set()
        self.refuse: int | None = None
        self.held: asyncio.Event | None = None
        self.url = ""

    async def register(self, request: web.Request) -> web.Response:
        """201 for each key of its own."""
        body = await request.read()
        if self.held is not None:
            await self.held.wait()
        if self.refuse is not None:
            return web.json_response({"detail": "no"}, status=self.refuse)
        self.keys.add(request.headers["idempotency-key"])
        into = self.students if request.path.endswith("students") else self.tutors
        into.append(json.loads(body))
        name = "student_id" if into is self.students else "tutor_id"
        return web.json_response({name: f"id-{len(self.keys)}"}, status=201)

    async def tell(self, request: web.Request) -> web.Response:
        """Who is available."""
        assert request.query["available"] == "true"
        return web.json_response({"tutors": [{"name": "Ada"}] if self.free else []})


@pytest.fixture
async def centre() -> AsyncIterator[Centre]:
    made, app = Centre(), web.Application()
    app.router.add_post("/api/{who}", made.register)
    app.router.add_get("/api/tutors", made.tell)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield made
    if made.held is not None:
        made.held.set()
    await runner.cleanup()


@pytest.fixture
def bursts(centre: Centre) -> Bursts:
    return Bursts(lambda: centre.url)


async def test_students_are_the_examples_and_the_next_burst_goes_on(
    bursts: Bursts, centre: Centre
) -> None:
    examples = load().students.bodies
    first = await bursts.run(200)
    second = await bursts.run(100)
    names = [one["name"] for one in examples]
    expected = sorted((names + names)[:300])
    assert sorted(one["name"] for one in centre.students) == expected
    assert (first["accepted"], first["refused"], first["unanswered"]) == (200, 0, 0)
    assert len({*first["student_ids"], *second["student_ids"]}) == len(centre.keys) == 300
    assert first["burst_id"] != second["burst_id"]
    assert centre.tutors == []


async def test_where_nobody_is_free_tutors_come_first(bursts: Bursts, centre: Centre) -> None:
    centre.free = False
    done = await bursts.run(3)
    assert (done["tutors"], len(centre.tutors), done["accepted"]) == (20, 20, 3)


@pytest.mark.parametrize("count", [0, 201, -1, True, 1.5, "5", None, [5]])
async def test_only_a_number_in_bounds_is_a_count(
    bursts: Bursts, centre: Centre, count: object
) -> None:
    with pytest.raises(Refused, match="from 1 to 200") as refused:
        await bursts.run(count)
    assert (refused.value.status, centre.students) == (422, [])


async def test_one_burst_at_a_time_and_the_next_after_it(bursts: Bursts, centre: Centre) -> None:
    centre.held = asyncio.Event()
    running = asyncio.create_task(bursts.run(2))
    await asyncio.sleep(0)
    with pytest.raises(Refused, match="still running") as refused:
        await bursts.run(1)
    assert refused.value.status == 409
    centre.held.set()
    assert (await running)["accepted"] == 2
    assert (await bursts.run(1))["accepted"] == 1


async def test_one_that_is_given_up_leaves_room_for_the_next(
    bursts: Bursts, centre: Centre
) -> None:
    centre.held = asyncio.Event()
    running = asyncio.create_task(bursts.run(2))
    await asyncio.sleep(0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    centre.held.set()
    assert (await bursts.run(1))["accepted"] == 1


async def test_refusals_are_counted_with_their_reasons(bursts: Bursts, centre: Centre) -> None:
    centre.refuse = 422
    done = await bursts.run(5)
    assert (done["accepted"], done["refused"], done["reasons"]) == (0, 5, {"no": 5})


async def test_after_its_time_a_burst_says_who_was_not_answered(
    bursts: Bursts, centre: Centre, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(burst, "LONGEST_SECONDS", 0.2)
    centre.held = asyncio.Event()
    async with asyncio.timeout(3):
        done = await bursts.run(20)
    assert (done["accepted"], done["unanswered"]) == (0, 20)
