"""The control API's replay, tail, dead letters and sending of many."""

import asyncio
import json
from typing import Any

import aiohttp
import pytest

from learnflow.local.instances import Answer
from tests.eventually import eventually
from tests.local.controlled import World, get, letters, refused, replayed, say
from tests.local.fakes import message

WITHDRAWN = "org.learnflow.student.withdrawn.v1"
DUPLICATE = Answer(
    204,
    {
        "server-timing": 'function;dur=1.5, sql;dur=0.5;desc="2", duplicate',
        "traceresponse": f"00-{'a1' * 16}-{'b2' * 8}-01",
    },
    b"",
    None,
)


async def planned(api: aiohttp.ClientSession, **wish: Any) -> dict[str, Any]:
    (plan,) = await replayed(api, "events", dry_run=True, **wish)
    return plan


async def test_a_replay_sends_the_same_events_again_with_a_replayid(
    api: aiohttp.ClientSession, world: World
) -> None:
    await say(api, world, message("e-1", "a"), message("e-2", "b"), message("e-3", "a"))
    world.functions.by_event["e-3"] = [DUPLICATE]
    tally = (await replayed(api, "events", key="a"))[-1]
    assert sorted(world.functions.ids()[3:]) == ["e-1", "e-3"]
    assert {heard["ce-replayid"] for heard in world.functions.heard[3:]} == {tally["replay"]}
    assert all("ce-replayid" not in heard for heard in world.functions.heard[:3])
    counts = (tally["deliveries"], tally["delivered"], tally["duplicates"], tally["done"])
    assert counts == (2, 1, 1, 2)


async def test_a_dry_run_tells_who_would_get_what_and_delivers_nothing(
    api: aiohttp.ClientSession, world: World
) -> None:
    await say(api, world, message("e-1"), message("e-2"))
    plan = await planned(api, type="said.v1")
    assert (plan["records"], plan["deliveries"]) == (2, 2)
    assert plan["sources"] == [{"source": "hello-on-said", "function": "hello", "deliveries": 2}]
    assert [(one["event_id"], one["functions"]) for one in plan["first"]] == [
        ("e-1", ["hello"]), ("e-2", ["hello"]),
    ]  # fmt: skip
    assert world.functions.ids() == ["e-1", "e-2"]


async def test_a_time_range_holds_what_was_written_in_it(
    api: aiohttp.ClientSession, world: World
) -> None:
    await say(api, world, message("e-1"))
    (record,) = await world.log.by_event("e-1")
    at = record.timestamp
    inside: list[dict[str, Any]] = [
        {"since": at},
        {"until": at},
        {"since": at, "until": at},
        {"event": "e-"},
    ]
    outside: list[dict[str, Any]] = [
        {"since": at + 1},
        {"until": at - 1},
        {"event": "e-2"},
        {"type": "other"},
    ]
    assert [(await planned(api, **chosen))["records"] for chosen in inside] == [1] * 4
    assert [(await planned(api, **chosen))["records"] for chosen in outside] == [0] * 4


async def test_a_replay_tells_its_progress_and_ends_with_its_client(
    api: aiohttp.ClientSession, world: World
) -> None:
    await say(api, world, *(message(f"e-{n}") for n in range(120)))
    world.functions.held = asyncio.Event()
    async with api.post("/control/events/replay", json={"type": "said.v1"}) as response:
        assert json.loads(await response.content.readline())["done"] == 0
        await eventually(lambda: len(world.functions.heard) == 170)
    await eventually(lambda: "everything" not in tasks())
    world.functions.held.set()
    await eventually(lambda: world.dispatcher.history.of("e-0")[-1].state == "delivered")
    assert len(world.functions.heard) == 170  # at most 50 at once, and nothing after it left


def tasks() -> list[str]:
    """What runs in this loop, by the names of its coroutines."""
    return [getattr(task.get_coro(), "__name__", "") for task in asyncio.all_tasks()]


async def test_what_a_replay_cannot_deliver_is_a_dead_letter_again(
    api: aiohttp.ClientSession, world: World
) -> None:
    await say(api, world, message("e-1"))
    world.functions.script = [422]
    assert (await replayed(api, "events", event="e-1"))[-1]["dead_letters"] == 1
    assert [letter["event_id"] for letter in await letters(api)] == ["e-1"]


@pytest.mark.parametrize(
    ("wish", "said"),
    [
        ({"source": "nobody"}, "no source nobody"),
        ({"function": "nobody"}, "to a function nobody"),
        ({"since": "now"}, "since is a number"),
        ({"type": 7}, "type is text"),
    ],
)
async def test_a_choice_of_what_is_not_there_is_refused(
    api: aiohttp.ClientSession, wish: dict[str, Any], said: str
) -> None:
    status, detail = await refused(api, "events/replay", **wish)
    assert (status, said in detail) == (422, True)


async def test_tail_shows_each_event_and_each_attempt_of_what_is_asked_for(
    api: aiohttp.ClientSession, world: World
) -> None:
    world.functions.script = [503, 204]
    world.functions.by_event["e-2"] = [DUPLICATE]
    async with api.get("/control/events/tail?key=a&function=hello") as response:
        await say(api, world, message("e-1", "b"))
        await say(api, world, message("e-2", "a", traceparent=f"00-{'a1' * 16}-{'c3' * 8}-01"))
        event = json.loads(await response.content.readline())["event"]
        news = json.loads(await response.content.readline())["delivery"]
    assert (event["event_id"], event["trace_id"]) == ("e-2", "a1" * 16)
    assert (news["event_id"], news["state"], news["duplicate"]) == ("e-2", "delivered", True)
    assert news["attempt"]["told"]["statements"] == 2


async def test_tail_of_what_is_not_there_is_refused(api: aiohttp.ClientSession) -> None:
    for query in ("function=nobody", "topic=nothing"):
        async with api.get(f"/control/events/tail?{query}") as response:
            assert response.status == 422


async def test_a_follower_who_is_too_slow_is_told_how_much_he_missed(world: World) -> None:
    feed = world.control.feed
    news = feed.follow(topic=None, key=None, function=None)
    first = asyncio.ensure_future(anext(news))
    await eventually(lambda: feed.followers == 1)
    for _ in range(3):
        feed.tell({"topic": "said", "key": "k", "function": "hello"})
    assert "delivery" in await first
    for _ in range(2_005):
        feed.tell({"topic": "said", "key": "k", "function": "hello"})
    seen = [await anext(news) for _ in range(2_001)]
    await news.aclose()
    assert seen[-1] == {"missed": 7}


async def test_an_event_is_found_by_how_its_id_begins(
    api: aiohttp.ClientSession, world: World
) -> None:
    await say(api, world, message("abcd-1"), message("abcd-2"))
    assert (await get(api, "/control/events/abcd-1"))["records"][0]["event_id"] == "abcd-1"
    async with api.get("/control/events/abcd") as response:
        assert (response.status, "abcd-2" in await response.text()) == (409, True)
    await say(api, world, message("wxyz-1"))
    assert (await get(api, "/control/events/wxyz"))["records"][0]["event_id"] == "wxyz-1"


async def test_a_list_of_events_says_who_took_each(
    api: aiohttp.ClientSession, world: World
) -> None:
    await say(api, world, message("e-1"))
    await eventually(lambda: world.dispatcher.history.of("e-1")[0].state == "delivered")
    (event,) = (await get(api, "/control/events"))["events"]
    (trail,) = event["deliveries"]
    assert (trail["function"], trail["attempts"][0]["status"]) == ("hello", 204)


async def test_many_events_are_sent_at_once_or_not_at_all(
    api: aiohttp.ClientSession, world: World
) -> None:
    good = {"type": WITHDRAWN, "data": {"student_id": "s1", "version": 1}}
    status, detail = await refused(api, "send", events=[good, {**good, "data": {}}])
    assert (status, "event 2" in detail) == (422, True)
    assert await world.log.recent() == []
    async with api.post("/control/send", json={"events": [good, good]}) as response:
        sent = (await response.json())["sent"]
    traces = {
        (await get(api, f"/control/events/{one['id']}"))["records"][0]["trace_id"] for one in sent
    }
    assert len(traces - {None}) == 2


@pytest.mark.parametrize("events", [[], 7, [7], ["x"] * 10_001])
async def test_what_is_no_list_of_events_is_not_sent(
    api: aiohttp.ClientSession, events: Any
) -> None:
    assert (await refused(api, "send", events=events))[0] == 422


async def test_traces_need_a_runner_that_knows_its_databases(api: aiohttp.ClientSession) -> None:
    for path in ("traces/last", "export"):
        async with api.get(f"/control/{path}") as response:
            assert response.status == 409
