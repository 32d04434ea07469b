"""One behaviour for every bus: what the relay may rely on, in memory and over the event log."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import pytest

from eventing.envelope import Envelope, structured_json
from eventing.events import CATALOGUE
from eventing.publish import LogPubSub, MemoryPubSub, Message, PubSub, PubSubUnavailable
from learnflow.local.control import Control
from learnflow.local.dispatch import Dispatcher
from learnflow.local.eventlog import EventLog
from learnflow.local.logbook import Logbook
from learnflow.local.paths import listen
from learnflow.local.pool import Pool
from learnflow.manifests import Topic
from tests.local.fakes import FILE, FakeFunctions, FakeStarter, system
from tests.postgres import Databases

TOPICS = sorted({event.topic for event in CATALOGUE.values()})


@dataclass
class Bench:
    """A bus, what has arrived on it as (topic, key, event id), and a way to end it."""

    bus: PubSub
    arrived: Callable[[], Awaitable[list[tuple[str, str, str]]]]
    end: Callable[[], Awaitable[None]]


def message(number: int, topic: str = "student.registered", data: bytes = b"{}") -> Message:
    """A message of its own."""
    event = Envelope(
        id=f"e-{number}", source="learnflow/students", type="t", subject=f"s{number}", data=data
    )
    return Message(topic, f"s{number}", structured_json(event))


@pytest.fixture
async def memory() -> Bench:
    """A bus in memory."""
    bus = MemoryPubSub(topics=frozenset(TOPICS))

    async def arrived() -> list[tuple[str, str, str]]:
        return [(m.topic, m.key, json.loads(m.envelope)["id"]) for m in bus.published]

    async def end() -> None:
        bus.down = True

    return Bench(bus, arrived, end)


@pytest.fixture
async def log(
    templates: Databases, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Bench]:
    """The event log behind the runner's socket."""
    admin = await asyncpg.connect(templates.admin)
    await admin.execute("CREATE DATABASE eventlog_bus STRATEGY WAL_LOG")
    dsn = templates.server.format(role="postgres", database="eventlog_bus")
    events = EventLog(dsn, {topic: Topic(topic, 3, 3600.0, FILE) for topic in TOPICS})
    await events.open()
    folder = Path(templates.server.split("host=")[1].split("&")[0]).parent
    control = _control(events, folder)
    await control.start(listen(folder / "bus.sock"))
    bus = LogPubSub(str(folder / "bus.sock"), timeout=5)

    async def arrived() -> list[tuple[str, str, str]]:
        newest = await events.recent(limit=500)
        return [(r.topic, r.key or "", r.event_id or "") for _, r in reversed(newest)]

    yield Bench(bus, arrived, control.stop)
    await bus.close()
    await control.stop()
    await events.close()
    await admin.execute("DROP DATABASE eventlog_bus WITH (FORCE)")
    await admin.close()


def _control(events: EventLog, folder: Path) -> Control:
    async def unused(_: object) -> None:
        raise AssertionError

    return Control(
        system(),
        events,
        Dispatcher(system(), events, FakeFunctions()),
        Pool({}, FakeStarter(folder, unused)),  # type: ignore[arg-type]
        Logbook(),
        urls=dict,
        stop=lambda: None,
    )


@pytest.fixture(params=["memory", "log"])
def bench(request: pytest.FixtureRequest) -> Bench:
    """Each world in turn."""
    found: Bench = request.getfixturevalue(request.param)
    return found


async def test_every_message_is_accepted_and_arrives_with_its_topic_key_and_id(
    bench: Bench,
) -> None:
    sent = [message(number, topic) for number, topic in enumerate(TOPICS)]
    assert await bench.bus.publish(sent) == [None] * len(sent)
    expected = [(topic, f"s{number}", f"e-{number}") for number, topic in enumerate(TOPICS)]
    assert sorted(await bench.arrived()) == sorted(expected)


async def test_one_bad_message_is_refused_with_a_reason_and_the_others_arrive(
    bench: Bench,
) -> None:
    answers = await bench.bus.publish([message(1), message(2, "no.such.topic"), message(3)])
    assert answers[0] is None
    assert answers[2] is None
    assert "no.such.topic" in (answers[1] or "")
    assert [event_id for _, _, event_id in await bench.arrived()] == ["e-1", "e-3"]


async def test_a_message_published_twice_arrives_twice_with_one_id(bench: Bench) -> None:
    await bench.bus.publish([message(1)])
    await bench.bus.publish([message(1)])
    assert [event_id for _, _, event_id in await bench.arrived()] == ["e-1", "e-1"]


async def test_nothing_to_publish_is_nothing(bench: Bench) -> None:
    assert await bench.bus.publish([]) == []


async def test_a_bus_that_is_away_is_unavailable_and_says_nothing_of_the_messages(
    bench: Bench,
) -> None:
    await bench.end()
    with pytest.raises(PubSubUnavailable):
        await bench.bus.publish([message(1)])
    assert await bench.arrived() == []
