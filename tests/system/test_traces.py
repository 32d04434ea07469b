"""A run as it is shown afterwards: traces, replays, discarded letters, an export."""

import json
from collections.abc import Iterator
from typing import Any, Final

import aiohttp
import pytest

from learnflow.local.exporting import read
from tests.eventually import eventually
from tests.system.harness import Embedded
from tests.system.people import People
from tests.system.recording import export
from tests.system.test_replay import contents
from tests.system.verdict import at_rest

pytestmark = pytest.mark.timeout(120)
TICK: Final = 1.0
"""Milliseconds by which a record's timestamp, which has no fractions, may be early."""
BAD: Final = {"student_id": "s1", "version": 1, "grade": 77, "subject": "latin"}
NAME: Final = "Zaphod Beeblebrox"


def walk(steps: list[dict[str, Any]], above: dict[str, Any] | None = None) -> Iterator[Any]:
    """Each step with the one it came of, in the order in which they are shown."""
    for step in steps:
        yield step, above
        yield from walk(step["children"], step)


async def registered(system: Embedded) -> tuple[str, dict[str, Any]]:
    """Register a student who is matched; the trace id of the answer, and the trace."""
    async with People(system.url) as people:
        await people.tutor("Trillian")
    await at_rest(system)
    async with aiohttp.ClientSession(system.url) as http:
        wish = {"name": NAME, "grade": 7, "subject": "mathematics"}
        async with http.post("/api/students", json=wish) as response:
            assert response.status == 201
            trace_id = response.headers["traceresponse"][3:35]
    await at_rest(system)
    status, found = await system.control("GET", "/control/traces/last")
    assert status == 200, found
    (trace,) = found["traces"]
    return trace_id, trace


async def test_the_trace_of_a_registration_has_every_stage_in_the_order_of_time(
    system: Embedded,
) -> None:
    trace_id, trace = await registered(system)
    assert trace["trace_id"] == trace_id
    (request,) = trace["steps"]  # all that happened hangs below the one request
    assert (request["status"], request["function"]) == (201, "register-student")
    steps = list(walk(trace["steps"]))
    told = {(step["kind"], step["name"]) for step, _ in steps}
    assert told >= {
        ("event", "student.registered"), ("delivery", "match-student"),
        ("event", "matching.completed"), ("delivery", "book-tutor"),
        ("event", "tutor.matched"), ("delivery", "notify-student"),
        ("event", "student.matched"), ("notification", "matched"),
    }  # fmt: skip
    for step, above in steps:
        assert above is None or step["at"] >= above["at"] - TICK, (step["name"], above["name"])
        if step["kind"] == "event":
            (logged,) = step["logged"]
            assert step["created"] - TICK <= logged <= step["published"]
            assert all(child["at"] >= step["created"] for child in step["children"])
        if step["kind"] in ("request", "delivery"):
            assert 0 < step["told"]["sql_ms"] <= step["told"]["function_ms"] <= step["ms"] + TICK
            assert step["told"]["statements"] >= 1
        if step["kind"] == "notification":
            assert above["at"] <= step["at"] <= above["at"] + above["ms"]
    assert {one["database"] for one, _ in steps if one["kind"] == "notification"} == {
        "students", "tutors",
    }  # fmt: skip
    assert any(step.get("cold_start_ms") for step, _ in steps)


async def test_a_trace_is_found_by_any_of_its_ids(system: Embedded) -> None:
    trace_id, trace = await registered(system)
    steps = [step for step, _ in walk(trace["steps"])]
    event = next(step for step in steps if step["kind"] == "event")
    matched = await system.control("GET", f"/control/events/{event['event_id']}")
    assert matched[0] == 200
    student = event["key"]
    async with (
        aiohttp.ClientSession(system.url) as http,
        http.get(f"/api/students/{student}") as response,
    ):
        match = (await response.json())["match"]["match_id"]
    for given in (trace_id, trace_id[:12], event["event_id"], student, match):
        _, found = await system.control("GET", f"/control/traces/{given}")
        assert trace_id in [one["trace_id"] for one in found["traces"]], given


async def test_a_request_that_is_refused_has_a_trace_too(system: Embedded) -> None:
    async with aiohttp.ClientSession(system.url) as http:
        sent = {"traceparent": f"00-{'ab' * 16}-{'cd' * 8}-01"}
        async with http.post("/api/students", json={"grade": 99}, headers=sent) as response:
            assert response.status == 422
            assert (await response.json())["trace_id"] == "ab" * 16
    _, found = await system.control("GET", f"/control/traces/{'ab' * 16}")
    ((request, _),) = walk(found["traces"][0]["steps"])
    assert (request["status"], request["told"]["statements"]) == (422, 0)


async def test_a_replay_of_a_time_range_finds_only_duplicates_and_changes_no_table(
    system: Embedded,
) -> None:
    await registered(system)
    before = await contents(system)
    tally = await replayed(system, since=0)
    await at_rest(system)
    assert tally["duplicates"] == tally["done"] == tally["deliveries"] > 5
    after = await contents(system)
    assert {table: rows for table, rows in after.items() if rows != before[table]} == {}


async def test_a_discarded_letter_is_shown_no_more_and_kept(system: Embedded) -> None:
    wish = {"type": "org.learnflow.student.registered.v1", "data": BAD, "check": False}
    status, sent = await system.control("POST", "/control/send", json=wish)
    assert status == 202

    async def letters(query: str = "") -> list[dict[str, Any]]:
        _, found = await system.control("GET", f"/control/dead-letters{query}")
        return [one for one in found["dead_letters"] if one["event_id"] == sent["id"]]

    (letter,) = await eventually(letters, seconds=20)
    wish = {"places": [letter["offset"]], "reason": "made by a test"}
    _, done = await system.control("POST", "/control/dead-letters/discard", json=wish)
    assert done["discarded"] == 1
    assert await letters() == []
    (kept,) = await letters("?settled=1")
    assert kept["settled"]["reason"] == "made by a test"


async def test_an_export_holds_the_whole_run_and_nobodys_name(system: Embedded) -> None:
    trace_id, _ = await registered(system)
    text = await export(system)
    lines = read(text)
    kinds = {line["kind"] for line in lines}
    assert kinds >= {"function", "request", "fact", "record", "delivery", "span"}
    assert trace_id in {line.get("trace_id") for line in lines if line["kind"] == "request"}
    assert not any(part in text for part in (*NAME.split(), "Trillian"))
    facts = {line["event_id"] for line in lines if line["kind"] == "fact"}
    assert facts <= {line["event_id"] for line in lines if line["kind"] == "record"}


async def test_after_a_restart_a_trace_still_has_its_facts_and_who_was_told(
    system: Embedded,
) -> None:
    trace_id, before = await registered(system)
    await system.stop()
    await system.start()
    status, found = await system.control("GET", f"/control/traces/{trace_id}")
    assert status == 200, found
    kept = {"event", "notification"}
    now = [(step["kind"], step["name"]) for step, _ in walk(found["traces"][0]["steps"])]
    then = [(step["kind"], step["name"]) for step, _ in walk(before["steps"])]
    assert sorted(now) == sorted(one for one in then if one[0] in kept)


async def replayed(system: Embedded, **chosen: Any) -> dict[str, Any]:
    """The last tally of a replay."""
    connector = aiohttp.UnixConnector(str(system.places.sockets / "runner.sock"))
    async with (
        aiohttp.ClientSession("http://runner", connector=connector) as session,
        session.post("/control/events/replay", json=chosen) as response,
    ):
        assert response.status == 200, await response.text()
        last: dict[str, Any] = json.loads((await response.text()).splitlines()[-1])
        return last
