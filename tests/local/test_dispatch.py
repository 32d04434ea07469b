"""Delivery by Knative's rules: which status means what, waits, dead letters, offsets, replay."""

import asyncio
import base64
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from learnflow.local import pubsub
from learnflow.local.consumer import MAX_IN_FLIGHT
from learnflow.local.deadletter import with_error
from learnflow.local.delivery import is_retryable, is_success
from learnflow.local.dispatch import CannotReplay, Dispatcher
from learnflow.local.eventlog import EventLog
from learnflow.local.instances import Answer
from learnflow.local.pool import Pool
from learnflow.local.recognition import read
from learnflow.local.records import LogUnavailable, Record
from learnflow.manifests import Source
from tests.eventually import eventually
from tests.local.fakes import (
    NOBODY,
    FakeFunctions,
    FakeStarter,
    delivery,
    function,
    message,
    source,
    system,
)

Start = Callable[..., Awaitable[Dispatcher]]


@pytest.fixture
async def log(log_dsn: str) -> AsyncIterator[EventLog]:
    opened = EventLog(log_dsn, system().topics)
    await opened.open()
    yield opened
    await opened.close()


@pytest.fixture
def functions() -> FakeFunctions:
    return FakeFunctions()


@pytest.fixture
async def start(log: EventLog, functions: FakeFunctions) -> AsyncIterator[Start]:
    started: list[Dispatcher] = []

    async def begin(*sources: Source) -> Dispatcher:
        dispatcher = Dispatcher(system(*sources), log, functions, commit_seconds=0.05)
        started.append(dispatcher)
        await dispatcher.start()
        return dispatcher

    yield begin
    for dispatcher in started:
        await dispatcher.stop(grace=0.1)


async def test_a_source_of_several_topics_delivers_and_commits_each(
    log_dsn: str, functions: FakeFunctions
) -> None:
    one = source(topics=("said", "shouted"))
    both = system(one)
    topics = {**both.topics, "shouted": replace(both.topics["said"], name="shouted")}
    log = EventLog(log_dsn, topics)
    await log.open()
    dispatcher = Dispatcher(both, log, functions, commit_seconds=0.05)
    await dispatcher.start()
    told = [message("e-1"), {**message("e-2"), "topic": "shouted"}, message("e-3")]
    assert await pubsub.publish(log, told) == [None] * 3

    await eventually(lambda: len(functions.heard) == 3)
    (shown,) = dispatcher.document()
    await dispatcher.stop(grace=0.1)
    committed = await log.committed(one.group)
    await log.close()

    assert sorted(heard["ce-id"] for heard in functions.heard) == ["e-1", "e-2", "e-3"]
    assert {heard["ce-source"] for heard in functions.heard} == {"tests"}
    assert shown["topics"] == ["said", "shouted"]
    assert committed == {("said", 0): 2, ("shouted", 0): 1}


async def say(log: EventLog, *ids: str) -> None:
    results = await pubsub.publish(log, [message(event_id) for event_id in ids])
    assert results == [None] * len(ids)


async def letters(log: EventLog, count: int = 1) -> list[Record]:
    async def found() -> list[Record]:
        page = await log.page("dead.letter", 0, 0, 100)
        return page if len(page) >= count else []

    kept: list[Record] = await eventually(found)
    return kept


def state_of(dispatcher: Dispatcher, event_id: str) -> Callable[[], str]:
    return lambda: trail[-1].state if (trail := dispatcher.history.of(event_id)) else ""


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_success_is_below_300(status: int) -> None:
    assert is_success(status)


RETRIED = [None, 404, 408, 409, 429, 500, 501, 502, 503, 504, 599]
AT_ONCE = [300, 301, 304, 400, 401, 403, 405, 406, 410, 413, 415, 418, 422, 428, 451]


@pytest.mark.parametrize("status", RETRIED)
def test_what_may_pass_is_tried_again(status: int | None) -> None:
    assert is_retryable(status)
    assert not is_success(status)


@pytest.mark.parametrize("status", AT_ONCE)
def test_what_will_not_pass_is_a_dead_letter_at_once(status: int) -> None:
    assert not is_retryable(status)
    assert not is_success(status)


@pytest.mark.parametrize("status", [*RETRIED[1:], None])
async def test_retries_are_counted_and_then_the_event_is_a_dead_letter(
    start: Start, log: EventLog, functions: FakeFunctions, status: int | None
) -> None:
    functions.script = [status if status is not None else TimeoutError()]
    dispatcher = await start(source(delivery=delivery(retry=2)))
    await say(log, "e-1")
    await letters(log)
    assert functions.ids() == ["e-1"] * 3
    await eventually(lambda: state_of(dispatcher, "e-1")() == "dead letter")


async def test_a_permanent_answer_is_not_tried_again(
    start: Start, log: EventLog, functions: FakeFunctions
) -> None:
    functions.script = [422]
    await start(source(delivery=delivery(retry=5)))
    await say(log, "e-1")
    await letters(log)
    assert functions.ids() == ["e-1"]


async def test_an_event_that_passes_in_the_end_is_delivered_once(
    start: Start, log: EventLog, functions: FakeFunctions
) -> None:
    functions.script = [503, NOBODY, 204]
    dispatcher = await start(source(delivery=delivery(retry=3)))
    await say(log, "e-1")
    await eventually(lambda: state_of(dispatcher, "e-1")() == "delivered")
    (trail,) = dispatcher.history.of("e-1")
    assert [attempt.status for attempt in trail.attempts] == [503, 502, 204]
    assert await log.page("dead.letter", 0, 0, 1) == []


@pytest.mark.parametrize(
    ("policy", "waits"), [("exponential", [0.2, 0.4, 0.8]), ("linear", [0.1, 0.2, 0.3])]
)
def test_waits_grow_by_the_policy(policy: Any, waits: list[float]) -> None:
    rules = delivery(delay=0.1, backoff_policy=policy)
    assert [rules.wait_before(n) for n in (1, 2, 3)] == pytest.approx(waits)


async def test_a_silent_function_is_given_up_on_after_the_timeout(
    start: Start, log: EventLog, functions: FakeFunctions
) -> None:
    functions.held = asyncio.Event()
    dispatcher = await start(source(delivery=delivery(timeout=0.05)))
    await say(log, "e-1")
    (letter,) = await letters(log)
    (attempt,) = dispatcher.history.of("e-1")[0].attempts
    assert (attempt.status, attempt.reason) == (None, "no answer within 0.05 s")
    extensions = read(letter)[1].attributes
    assert extensions["knativeerrordest"] == "http://hello.learnflow.svc.cluster.local"
    assert "knativeerrorcode" not in extensions


async def test_a_dead_letter_says_where_and_why(
    start: Start, log: EventLog, functions: FakeFunctions
) -> None:
    body = b"no" * 1000
    functions.script = [Answer(422, {"Kne-Reason": "grade", "x": "y"}, body, None)]
    await start(source())
    await say(log, "e-1")
    (letter,) = await letters(log)
    mode, event = read(letter)
    assert (mode, event.id, letter.key) == ("structured", "e-1", "k")
    assert event.attributes["knativeerrorcode"] == "422"
    assert base64.b64decode(event.attributes["knativeerrordata"]) == body[:1024]
    assert event.attributes["reason"] == "grade"
    assert event.attributes["knativekafkaoffset"] == "0"
    assert event.data == b'{"n":"e-1"}'


def test_an_empty_body_leaves_no_error_data() -> None:
    event = read(Record("t", None, {"ce_specversion": "1.0", "ce_id": "1", "ce_source": "s",
                                    "ce_type": "t"}, b""))[1]  # fmt: skip
    assert "knativeerrordata" not in with_error(event, "d", 500, {}, b"").attributes


async def test_a_bad_event_never_blocks_a_good_one(
    start: Start, log: EventLog, functions: FakeFunctions
) -> None:
    functions.by_event = {"bad": [503]}
    dispatcher = await start(source(delivery=delivery(retry=3, delay=30.0)))
    await say(log, "bad", *(f"good-{n}" for n in range(60)))
    await eventually(lambda: state_of(dispatcher, "good-59")() == "delivered")
    assert state_of(dispatcher, "bad")() == "waiting for retry 1 of 3"


async def test_a_dead_letter_that_cannot_be_written_is_not_lost(
    start: Start, log: EventLog, functions: FakeFunctions, monkeypatch: pytest.MonkeyPatch
) -> None:
    functions.by_event = {"bad": [400]}
    append, refused = log.append, 2

    async def flaky(records: Any) -> list[Record]:
        nonlocal refused
        if records[0].topic == "dead.letter" and refused:
            refused -= 1
            raise LogUnavailable("away")
        return await append(records)

    monkeypatch.setattr(log, "append", flaky)
    dispatcher = await start(source())
    await say(log, "bad", "good")
    await eventually(lambda: state_of(dispatcher, "good")() == "delivered")
    (letter,) = await letters(log)
    assert (letter.event_id, refused) == ("bad", 0)


async def test_at_most_fifty_are_in_flight(
    start: Start, log: EventLog, functions: FakeFunctions
) -> None:
    functions.held = asyncio.Event()
    await start(source())
    await say(log, *(f"e-{n}" for n in range(120)))
    await eventually(lambda: len(functions.heard) == MAX_IN_FLIGHT)
    functions.held.set()
    await eventually(lambda: len(functions.heard) == 120)
    assert functions.most_at_once == MAX_IN_FLIGHT


async def test_an_ordered_source_sends_one_after_the_other(
    start: Start, log: EventLog, functions: FakeFunctions
) -> None:
    functions.by_event = {"e-0": [503, 503, 204]}
    await start(source(ordering="ordered", delivery=delivery(retry=5)))
    await say(log, "e-0", "e-1", "e-2")
    await eventually(lambda: len(functions.heard) == 5)
    assert functions.ids() == ["e-0", "e-0", "e-0", "e-1", "e-2"]


async def test_a_backlog_is_read_in_pages_without_loss_or_repetition(
    start: Start, log: EventLog, functions: FakeFunctions
) -> None:
    ids = [f"e-{n}" for n in range(700)]
    await say(log, *ids[:500])
    dispatcher = await start(source())
    await say(log, *ids[500:])
    await eventually(lambda: len(functions.heard) >= 700)
    assert sorted(functions.ids()) == sorted(ids)
    await eventually(lambda: dispatcher.document()[0]["lag"] == 0)


async def test_a_restart_goes_on_after_what_was_done(
    start: Start, log: EventLog, functions: FakeFunctions
) -> None:
    first = await start(source())
    await say(log, "e-1", "e-2")
    await eventually(lambda: len(functions.heard) == 2)
    await first.stop()
    await say(log, "e-3")
    await start(source())
    await eventually(lambda: "e-3" in functions.ids())
    assert functions.ids() == ["e-1", "e-2", "e-3"]


async def test_what_was_in_flight_at_a_stop_comes_again(
    start: Start, log: EventLog, functions: FakeFunctions
) -> None:
    functions.by_event = {"e-2": [503]}
    rules = delivery(retry=1, delay=30.0)
    first = await start(source(delivery=rules))
    await say(log, "e-1", "e-2", "e-3")
    await eventually(lambda: state_of(first, "e-2")().startswith("waiting"))
    await first.stop(grace=0.1)
    functions.by_event = {}
    await start(source(delivery=rules))
    await eventually(lambda: len(functions.heard) == 5)
    assert functions.ids()[3:] == ["e-2", "e-3"]


async def test_committed_offsets_never_pass_an_open_event(
    start: Start, log: EventLog, functions: FakeFunctions
) -> None:
    functions.by_event = {"e-1": [503]}
    await start(source(delivery=delivery(retry=1, delay=30.0)))
    await say(log, "e-0", "e-1", "e-2")

    async def committed() -> bool:
        return (await log.committed("hello-on-said")).get(("said", 0)) == 1

    await eventually(lambda: len(functions.heard) == 3)
    stays: bool = await eventually(committed)
    assert stays


async def test_the_latest_offset_counts_only_for_a_new_group(
    start: Start, log: EventLog, functions: FakeFunctions
) -> None:
    await say(log, "before")
    first = await start(source(initial_offset="latest"))
    await first.stop()
    await say(log, "meanwhile")
    await start(source(initial_offset="latest"))
    await say(log, "after")
    await eventually(lambda: len(functions.heard) == 2)
    assert functions.ids() == ["meanwhile", "after"]


async def test_a_source_without_consumers_pauses(
    start: Start, log: EventLog, functions: FakeFunctions
) -> None:
    dispatcher = await start(source(consumers=0), source("other-on-said", sink="other"))
    await say(log, "e-1")
    await eventually(lambda: len(functions.heard) == 1)
    assert functions.heard[0]["function"] == "other"
    await dispatcher.resume("hello-on-said")
    await eventually(lambda: len(functions.heard) == 2)


async def test_each_source_gets_every_event(
    start: Start, log: EventLog, functions: FakeFunctions
) -> None:
    await start(source(), source("other-on-said", sink="other"))
    await say(log, "e-1")
    await eventually(lambda: len(functions.heard) == 2)
    assert {heard["function"] for heard in functions.heard} == {"hello", "other"}


async def test_a_delivery_looks_like_that_of_a_kafka_source(
    start: Start, log: EventLog, functions: FakeFunctions
) -> None:
    await start(source())
    await say(log, "e-1")
    await eventually(lambda: functions.heard)
    (headers,) = functions.heard
    assert headers["host"] == "hello.learnflow.svc.cluster.local"
    assert (headers["prefer"], headers["kn-namespace"]) == ("reply", "learnflow")
    assert (headers["ce-type"], headers["content-type"]) == ("said.v1", "application/json")
    assert functions.bodies == [b'{"n":"e-1"}']


async def test_an_event_wakes_a_function_from_zero_and_survives_its_death(
    log: EventLog, sockets: Path
) -> None:
    heard: list[str] = []

    async def handler(request: web.BaseRequest) -> web.Response:
        heard.append(request.headers["ce-id"])
        if len(heard) == 1:
            starter.instances[0].kill()
        return web.Response(status=204)

    starter = FakeStarter(sockets, handler)
    pool = Pool({"hello": function(concurrency=8)}, starter)
    dispatcher = Dispatcher(system(source(delivery=delivery(retry=2))), log, pool)
    await dispatcher.start()
    await say(log, "e-1")
    await eventually(lambda: state_of(dispatcher, "e-1")() == "delivered")
    (trail,) = dispatcher.history.of("e-1")
    await dispatcher.stop(0.1)
    await pool.stop(0.1)
    assert heard == ["e-1", "e-1"]
    assert [attempt.status for attempt in trail.attempts] == [502, 204]
    assert trail.attempts[1].cold_start_ms is not None


async def test_a_reply_with_a_body_is_noted(
    start: Start, log: EventLog, functions: FakeFunctions
) -> None:
    functions.script = [Answer(200, {}, b"OK", 12.0)]
    dispatcher = await start(source())
    await say(log, "e-1")
    await eventually(lambda: state_of(dispatcher, "e-1")() == "delivered")
    (trail,) = dispatcher.history.of("e-1")
    assert trail.note is not None
    assert "Trigger would dead-letter" in trail.note
    assert trail.attempts[0].cold_start_ms == 12.0


async def test_a_replay_goes_only_to_the_source_that_failed(
    start: Start, log: EventLog, functions: FakeFunctions
) -> None:
    functions.script = [400, 204]
    dispatcher = await start(source(), source("other-on-said", sink="other", consumers=0))
    await say(log, "e-1")
    (letter,) = await letters(log)
    trail = await dispatcher.replay(letter, "r-1")
    assert (trail.state, trail.replay) == ("delivered", "r-1")
    original, replayed = functions.heard
    assert replayed.pop("ce-replayid") == "r-1"
    assert replayed == original
    assert functions.bodies[0] == functions.bodies[1]


async def test_a_letter_without_its_source_says_so(
    start: Start, log: EventLog, functions: FakeFunctions
) -> None:
    functions.script = [400]
    dispatcher = await start(source())
    await say(log, "e-1")
    (letter,) = await letters(log)
    orphan = replace(letter, headers={**letter.headers, "learnflow-source": "gone"})
    with pytest.raises(CannotReplay, match="not declared any more"):
        await dispatcher.replay(orphan, "r")
