"""Fault switches on the real runner: what goes wrong on purpose is mended, or kept and replayed."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from tests.eventually import eventually
from tests.system.harness import Embedded
from tests.system.people import People
from tests.system.verdict import assert_right, at_rest

pytestmark = pytest.mark.timeout(240)


@pytest.fixture
async def people(system: Embedded) -> AsyncIterator[People]:
    """Those of one test; at its end no switch is on."""
    async with People(system.url) as made:
        yield made
        await system.control("POST", "/control/faults/clear", json={})


async def switch(system: Embedded, function: str, kind: str, **more: Any) -> None:
    body = {"function": function, "kind": kind, **more}
    status, answer = await system.control("POST", "/control/faults", json=body)
    assert status == 201, answer


async def reasons(system: Embedded) -> set[str]:
    """Why attempts to deliver went as they did, of all events that are remembered."""
    _, listed = await system.control("GET", "/control/events?limit=500")
    found = set()
    for event_id in {one["event_id"] for one in listed["events"]}:
        _, shown = await system.control("GET", f"/control/events/{event_id}")
        for trail in shown["deliveries"]:
            found |= {attempt["reason"] for attempt in trail["attempts"]}
    return found - {None}


@pytest.mark.parametrize(
    ("kind", "more", "reason"),
    [
        ("slow", {"seconds": 0.2}, "fault switch: slow 0.2 s"),
        ("fail", {"status": 503, "count": 2}, "fault switch: fail 503"),
        ("duplicate", {}, "fault switch: duplicate"),
        ("drop", {"count": 2}, "fault switch: drop (the function ran, its answer is lost)"),
    ],
    ids=["slow", "fail", "duplicate", "drop"],
)
async def test_the_flow_ends_right_with_each_switch_on_every_reaction(
    system: Embedded, people: People, kind: str, more: dict[str, Any], reason: str
) -> None:
    for function in ("match-student", "book-tutor", "notify-student", "index-tutor"):
        await switch(system, function, kind, **more)
    await people.tutor(f"Ada {kind}", capacity=8)
    for number in range(3):
        await people.student(f"{kind} {number}")
    await at_rest(system)
    assert reason in await reasons(system)
    await system.control("POST", "/control/faults/clear", json={})
    everyone = EVERYONE.setdefault(system.url, [])
    everyone += people.log
    people.log[:] = everyone
    await assert_right(system, people)


EVERYONE: dict[str, list[Any]] = {}
"""Whom the tests before registered: the audit is of all."""


async def test_a_lasting_failure_is_a_dead_letter_whose_replay_ends_the_flow(
    system: Embedded, people: People
) -> None:
    await people.tutor("Tess", subjects=["physics"])
    await at_rest(system)
    await switch(system, "notify-student", "fail", status=422)
    student = await people.student("Dora", subject="physics")

    async def letters() -> list[dict[str, Any]]:
        _, found = await system.control("GET", "/control/dead-letters")
        mine = [one for one in found["dead_letters"] if one["status"] == 422]
        return [one for one in mine if "fault switch: fail 422" in str(one["reason"])]

    async def both() -> list[dict[str, Any]]:  # of matching.completed and of tutor.matched
        found = await letters()
        return found if len(found) >= 2 else []

    found = await eventually(both, 20)
    assert await seen(system, student.id) == "pending"
    await system.control("POST", "/control/faults/clear", json={"function": "notify-student"})
    for letter in found:
        await system.control("POST", f"/control/dead-letters/{letter['offset']}/replay")

    async def told() -> bool:
        return await seen(system, student.id) == "matched"

    await eventually(told, 20)


async def seen(system: Embedded, student_id: str | None) -> str:
    """The student's state as the student sees it."""
    async with (
        aiohttp.ClientSession(system.url) as http,
        http.get(f"/api/students/{student_id}") as response,
    ):
        return str((await response.json())["state"])


async def test_requests_feel_the_switches_too(system: Embedded) -> None:
    async with aiohttp.ClientSession(system.url) as http:
        await switch(system, "list-tutors", "fail", status=429, count=1)
        async with http.get("/api/tutors") as response:
            assert (response.status, response.headers["Retry-After"]) == (429, "1")
            assert (await response.json())["detail"] == "fault switch: fail 429"
        await switch(system, "list-tutors", "drop", count=1)
        with pytest.raises((aiohttp.ServerDisconnectedError, aiohttp.ClientOSError)):
            await http.post("/list-tutors", json={})
        async with http.get("/api/tutors") as response:
            assert response.status == 200


async def test_switches_are_listed_and_end_by_themselves(system: Embedded) -> None:
    await switch(system, "find-tutor", "slow", seconds=1, lasts=0.2)
    _, shown = await system.control("GET", "/control/ps")
    (one,) = (each for each in shown["functions"] if each["function"] == "find-tutor")
    assert [switch["fault"] for switch in one["faults"]] == ["slow 1 s"]

    async def none_is_on() -> bool:
        _, found = await system.control("GET", "/control/faults")
        return bool(found == {"faults": []})

    await eventually(none_is_on, 5)
    assert "fault switch off: slow 1 s (after 0.2 s; acted 0 times)" in system.log_end()
    status, answer = await system.control(
        "POST", "/control/faults", json={"function": "nobody", "kind": "slow"}
    )
    assert (status, answer["detail"]) == (404, "there is no function nobody")
