"""The control API on a Unix socket, and the relay's client that publishes through it."""

import json
from typing import Any

import aiohttp
import pytest

from eventing.publish import LogPubSub, Message, PubSubUnavailable
from learnflow.local.records import LogUnavailable
from tests.eventually import eventually
from tests.local.controlled import World, get
from tests.local.fakes import message

WITHDRAWN = "org.learnflow.student.withdrawn.v1"


def messages(*ids: str) -> list[Message]:
    plain = [message(event_id) for event_id in ids]
    return [Message(m["topic"], m["key"], json.dumps(m["envelope"]).encode()) for m in plain]


async def test_the_relays_client_publishes(world: World) -> None:
    async with LogPubSub(str(world.path)) as bus:
        results = await bus.publish([*messages("e-1"), Message("nowhere", "k", b"{}")])
    assert results[0] is None
    assert "unknown topic" in (results[1] or "")
    await eventually(lambda: world.functions.ids() == ["e-1"])


async def test_while_the_log_is_away_publishing_is_unavailable(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(records: Any) -> Any:
        raise LogUnavailable("away")

    monkeypatch.setattr(world.log, "append", away)
    async with LogPubSub(str(world.path)) as bus:
        with pytest.raises(PubSubUnavailable, match="503"):
            await bus.publish(messages("e-1"))


@pytest.mark.parametrize("body", [b"", b"[]", b'{"messages": 1}', b"\xff", b"[" * 100_000])
async def test_a_malformed_publish_is_a_400(api: aiohttp.ClientSession, body: bytes) -> None:
    async with api.post("/publish", data=body) as response:
        assert response.status == 400
        assert response.content_type == "application/problem+json"


async def test_an_event_shows_its_record_its_recognition_and_its_attempts(
    api: aiohttp.ClientSession, world: World
) -> None:
    world.functions.script = [503, 422]
    async with api.post("/publish", json={"messages": [message("e-1", score=0.5)]}):
        pass
    await eventually(lambda: len(world.functions.heard) == 1)
    shown = await get(api, "/control/events/e-1")
    assert shown["records"][0]["value"]["score"] == 0.5
    (verdict,) = shown["recognition"]
    assert (verdict["source"], verdict["mode"]) == ("hello-on-said", "wrapped")
    assert "score" in verdict["reason"]
    (trail,) = shown["deliveries"]
    assert [attempt["status"] for attempt in trail["attempts"]] == [503]


async def test_events_are_listed_newest_first_and_by_filter(api: aiohttp.ClientSession) -> None:
    sent = [message("e-1", "a"), message("e-2", "b"), message("e-3", "a")]
    async with api.post("/publish", json={"messages": sent}):
        pass
    listed = (await get(api, "/control/events?key=a"))["events"]
    assert [event["event_id"] for event in listed] == ["e-3", "e-1"]
    (one,) = (await get(api, "/control/events?limit=1&type=said.v1"))["events"]
    assert one["event_id"] == "e-3"
    assert (await get(api, f"/control/events?after={one['position']}"))["events"] == []
    async with api.get("/control/events/nothing") as response:
        assert response.status == 404


async def test_a_dead_letter_is_listed_shown_and_replayed(
    api: aiohttp.ClientSession, world: World
) -> None:
    world.functions.script = [422, 204]
    async with api.post("/publish", json={"messages": [message("e-1")]}):
        pass

    async def listed() -> list[dict[str, Any]]:
        letters: list[dict[str, Any]] = (await get(api, "/control/dead-letters"))["dead_letters"]
        return letters

    letters: list[dict[str, Any]] = await eventually(listed)
    (letter,) = letters
    assert (letter["event_id"], letter["source"]) == ("e-1", "hello-on-said")
    assert letter["status"] == 422
    place = letter["offset"]
    whole = await get(api, f"/control/dead-letters/{place}")
    assert whole["record"]["value"]["knativeerrorcode"] == "422"
    async with api.post(f"/control/dead-letters/{place}/replay") as response:
        assert (await response.json())["state"] == "delivered"
    assert world.functions.heard[1]["ce-replayid"].startswith("r-")
    async with api.post("/control/dead-letters/99/replay") as response:
        assert response.status == 404


async def test_an_event_of_the_catalogue_is_sent_by_hand(
    api: aiohttp.ClientSession, world: World
) -> None:
    wish = {"type": WITHDRAWN, "data": {"student_id": "s1", "version": 2}, "id": "mine"}
    async with api.post("/control/send", json=wish) as response:
        assert (response.status, await response.json()) == (
            202, {"id": "mine", "topic": "student.withdrawn"},
        )  # fmt: skip
    (record,) = await world.log.by_event("mine")
    assert (record.key, record.type) == ("s1", WITHDRAWN)


@pytest.mark.parametrize(
    "wish",
    [
        {},
        {"type": "nonsense", "data": {}},
        {"type": WITHDRAWN, "data": 7},
        {"type": WITHDRAWN, "data": {"student_id": "s1"}},
    ],
)
async def test_what_the_catalogue_does_not_know_is_not_sent(
    api: aiohttp.ClientSession, wish: dict[str, Any]
) -> None:
    async with api.post("/control/send", json=wish) as response:
        assert response.status == 422


async def test_unchecked_data_may_be_sent_to_see_what_becomes_of_it(
    api: aiohttp.ClientSession, world: World
) -> None:
    wish = {"type": WITHDRAWN, "data": {"student_id": 7}, "check": False}
    async with api.post("/control/send", json=wish) as response:
        assert response.status == 202


async def test_what_runs_is_listed(api: aiohttp.ClientSession) -> None:
    listed = await get(api, "/control/ps")
    assert listed["functions"][0]["function"] == "hello"
    assert listed["functions"][0]["instances"] == []
    assert listed["sources"][0] == {
        "source": "hello-on-said", "function": "hello", "topics": ["said"], "running": True,
        "lag": 0, "in_flight": 0, "waiting_for_retry": 0, "delivered": 0, "dead": 0,
    }  # fmt: skip
    assert await get(api, "/control/urls") == {"gateway": "http://127.0.0.1:8080"}


async def test_logs_are_remembered_and_followed(api: aiohttp.ClientSession, world: World) -> None:
    world.logbook.add("hello", "first", pid=7)
    world.logbook.add("other", "not this")
    async with api.get("/control/logs?function=hello&follow=true") as response:
        assert json.loads(await response.content.readline())["text"] == "first"
        world.logbook.add("other", "nor this")
        world.logbook.add("hello", "second")
        assert json.loads(await response.content.readline())["text"] == "second"
    async with api.get("/control/logs") as response:
        assert len((await response.text()).splitlines()) == 4


async def test_stop_is_answered_and_then_done(api: aiohttp.ClientSession, world: World) -> None:
    async with api.post("/control/stop") as response:
        assert response.status == 202
    await eventually(lambda: world.stopped)
