"""Streams: framing, resume, heartbeats, news between looks, ends."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field

import pytest

from learnflow.runtime.listening import Bell, Watcher
from learnflow.runtime.streams import HEARTBEAT, RETRY, framed, frames
from learnflow.settings import Settings
from tests.eventually import eventually
from tests.runtime.calling import NOWHERE, app_of, call
from tests.runtime.sample import Said, watch_pupil

NEVER = Settings(stream_poll_seconds=60, stream_heartbeat_seconds=60)


@dataclass
class Table:
    """The notifications of one recipient, in memory."""

    notes: list[Said] = field(default_factory=list)
    looks: list[int] = field(default_factory=list)

    async def after(self, seen: int) -> Sequence[Said]:
        self.looks.append(seen)
        return [note for note in self.notes if note.seq > seen][:100]


@pytest.fixture
def table() -> Table:
    return Table([Said(1), Said(2, "waiting", '{"round":2}')])


async def taken(source: AsyncGenerator[bytes, None], count: int) -> list[bytes]:
    async with asyncio.timeout(5):
        return [await anext(source) for _ in range(count)]


def test_a_note_is_one_event_with_its_number() -> None:
    assert framed(Said(7, "matched", '{"a":1}')) == b'id: 7\nevent: matched\ndata: {"a":1}\n\n'


def test_data_of_several_lines_stays_one_event() -> None:
    assert framed(Said(7, "matched", '{\n"a":1}')).count(b"\n\n") == 1


async def test_a_stream_begins_with_its_retry_time_and_what_is_there(table: Table) -> None:
    first = await taken(frames(table.after, 0, Watcher(), NEVER), 3)

    assert first == [RETRY, framed(table.notes[0]), framed(table.notes[1])]


async def test_a_stream_that_resumes_shows_only_what_came_after(table: Table) -> None:
    assert await taken(frames(table.after, 1, Watcher(), NEVER), 2) == [
        RETRY,
        framed(table.notes[1]),
    ]


async def test_a_ring_makes_it_look_again(table: Table) -> None:
    watcher = Watcher()
    source = frames(table.after, 2, watcher, NEVER)
    await taken(source, 1)
    pending = asyncio.create_task(taken(source, 1))
    await eventually(lambda: table.looks == [2], seconds=5)
    table.notes.append(Said(3))
    watcher.ring()

    assert await pending == [framed(Said(3))]


async def test_a_ring_during_a_look_is_not_lost(table: Table) -> None:
    watcher = Watcher()

    async def look(seen: int) -> Sequence[Said]:
        found = await table.after(seen)
        if len(table.looks) == 1:  # it commits after the look and rings before the wait
            table.notes.append(Said(3))
            watcher.ring()
        return found

    assert await taken(frames(look, 2, watcher, NEVER), 2) == [RETRY, framed(Said(3))]


async def test_without_a_ring_it_looks_every_few_seconds(table: Table) -> None:
    settings = Settings(stream_poll_seconds=0.01)
    source = frames(table.after, 2, Watcher(), settings)
    await taken(source, 1)
    pending = asyncio.create_task(taken(source, 1))
    await eventually(lambda: len(table.looks) >= 2, seconds=5)
    table.notes.append(Said(3))

    assert await pending == [framed(Said(3))]


async def test_a_full_page_is_followed_by_the_next_without_waiting() -> None:
    table = Table([Said(number) for number in range(1, 251)])

    assert (await taken(frames(table.after, 0, Watcher(), NEVER), 251))[-1] == framed(Said(250))


async def test_a_quiet_stream_says_that_it_is_alive(table: Table) -> None:
    settings = Settings(stream_heartbeat_seconds=0.01, stream_poll_seconds=0.005)

    assert await taken(frames(table.after, 2, Watcher(), settings), 3) == [
        RETRY,
        HEARTBEAT,
        HEARTBEAT,
    ]


async def test_a_stream_is_closed_after_its_time(table: Table) -> None:
    settings = Settings(stream_seconds=0.05, stream_poll_seconds=0.01)
    async with asyncio.timeout(5):
        assert [frame async for frame in frames(table.after, 2, Watcher(), settings)] == [RETRY]


async def test_a_stream_ends_when_its_instance_stops(table: Table) -> None:
    bell = Bell(NOWHERE)
    with bell.watch("p1") as watcher:
        source = frames(table.after, 2, watcher, NEVER)
        await taken(source, 1)
        rest = asyncio.create_task(anext(source, None))
        await eventually(lambda: bool(table.looks), seconds=5)
        bell.end_all()

        assert await asyncio.wait_for(rest, 5) is None


async def test_the_bell_rings_the_recipient_or_everybody() -> None:
    bell = Bell(NOWHERE)
    rung: list[str] = []

    async def wait(name: str, watcher: Watcher) -> None:
        await watcher.wait(5)
        rung.append(name)

    with bell.watch("p1") as one, bell.watch("p2") as two:
        first, second = asyncio.create_task(wait("p1", one)), asyncio.create_task(wait("p2", two))
        bell.ring("p1")
        await first
        assert rung == ["p1"]
        bell.ring()
        await second
    assert (rung, bell.watching) == (["p1", "p2"], 0)


@pytest.mark.parametrize(
    ("path", "headers", "first"),
    [
        ("/api/pupils/p1/events", {}, 1),
        ("/?pupil_id=p1", {}, 1),
        ("/api/pupils/p1/events", {"last-event-id": "2"}, 3),
        ("/api/pupils/p1/events?last_event_id=1", {}, 2),
        ("/api/pupils/p1/events?last_event_id=1", {"last-event-id": "2"}, 3),
    ],
)
async def test_a_stream_is_served_and_resumed(
    path: str, headers: dict[str, str], first: int
) -> None:
    app = app_of(watch_pupil, stream_seconds=0.2)
    answer = await call(app, "GET", path, headers=headers, patient=True)
    await app.instance.close()

    assert (answer.status, answer.headers["content-type"]) == (
        200,
        "text/event-stream; charset=utf-8",
    )
    assert answer.body == RETRY + b"".join(framed(Said(seq)) for seq in range(first, 4))


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/pupils/unknown/events", 404),
        ("/api/pupils/p1/events?last_event_id=x", 400),
        ("/api/pupils/p1/events?last_event_id=99999999999999999999", 400),
        ("/api/pupils/p1/events?last_event_id=-1", 400),
        ("/api/pupils/p1/events?other=1", 422),
    ],
)
async def test_what_cannot_be_streamed_is_refused_before_it_begins(path: str, status: int) -> None:
    assert (await call(app_of(watch_pupil), "GET", path)).status == status


async def test_a_stream_ends_when_its_client_goes() -> None:
    app = app_of(watch_pupil)
    answer = await asyncio.wait_for(call(app, "GET", "/?pupil_id=p1"), 5)

    assert answer.status == 200
    assert app.instance.bell.watching == 0
    await app.instance.close()
