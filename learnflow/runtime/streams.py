"""How does a stream run? It looks, waits for the bell, looks again, and resumes where it was cut.

On the wire as server-sent events or, where the client asks for an upgrade, as a WebSocket's text
messages. Both carry the notification's sequence number, so that a client which comes back with the
last one it saw misses nothing and hears nothing twice.
"""

import random
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from pydantic_core import to_json

from db.connection import Conflict, Unavailable
from db.unit_of_work import Database, Unit
from learnflow.runtime.cors import check_origin
from learnflow.runtime.exchange import Exchange, Headers, Streaming
from learnflow.runtime.inputs import all_parameters, from_parameters
from learnflow.runtime.instance import Instance
from learnflow.runtime.listening import Watcher
from learnflow.runtime.operation import Operation, Parameters
from learnflow.runtime.problems import Refused
from learnflow.runtime.transactions import looked
from learnflow.settings import Settings

PAGE: Final = 100
RETRY: Final = b"retry: 2000\n\n"
HEARTBEAT: Final = b": still here\n\n"
_HEADERS: Final[Headers] = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache, no-transform"),
    (b"x-accel-buffering", b"no"),
)
MAX_SEQ: Final = 2**63 - 1


class Note(Protocol):
    """One notification as a store reads it: its place, its kind, its data as JSON text."""

    @property
    def seq(self) -> int: ...
    @property
    def kind(self) -> str: ...
    @property
    def data_json(self) -> str: ...


Reader = Callable[[Unit, str, int, int], Awaitable[Sequence[Note]]]
"""`await reader(work, recipient_id, after_seq, limit)`: the notes after that one, in order."""


@dataclass(frozen=True, slots=True)
class Framing:
    """How notes are put on the wire: what comes first, each of them, and a sign of life."""

    note: Callable[[Note], bytes]
    first: tuple[bytes, ...] = ()
    alive: tuple[bytes, ...] = ()


def framed(note: Note) -> bytes:
    """One server-sent event."""
    data = "".join(f"data: {line}\n" for line in note.data_json.splitlines() or [""])
    return f"id: {note.seq}\nevent: {note.kind}\n{data}\n".encode()


def message(note: Note) -> bytes:
    """One WebSocket message: `{"id": 7, "event": "matched", "data": {...}}`."""
    return b'{"id":%d,"event":%b,"data":%b}' % (
        note.seq,
        to_json(note.kind),
        note.data_json.encode() or b"null",
    )


EVENTS: Final = Framing(framed, (RETRY,), (HEARTBEAT,))
MESSAGES: Final = Framing(message)
"""The server's pings are the sign of life (see `sockets`)."""


@dataclass(frozen=True, slots=True)
class Rows:
    """What a stream shows: one recipient's notifications, as `read` finds them."""

    recipient_id: str
    read: Reader


class Feed:
    """What a stream's handler gets: `work` to look whether the recipient exists, and `rows`."""

    def __init__(self, work: Unit) -> None:
        self.work = work

    def rows(self, recipient_id: str, read: Reader) -> Rows:
        """Stream what `read` finds for this recipient."""
        return Rows(recipient_id, read)


async def perform(
    operation: Operation, exchange: Exchange, instance: Instance, parameters: Parameters
) -> Streaming:
    """Refuse what cannot be streamed while that can still be said; then stream."""
    if exchange.upgraded:
        check_origin(exchange, instance.settings)
    await instance.authenticate(exchange)
    given = dict(all_parameters(exchange, parameters))
    after = resume_point(exchange, given.pop("last_event_id", None))
    assert operation.model is not None
    wish = from_parameters(operation.model, given)
    if instance.bell.watching >= instance.most_in_flight:
        raise Refused(503, "Service Unavailable", "too many streams are open here")
    database = await instance.database()
    rows: Rows = await looked(
        database, exchange.traceparent, lambda work: operation.handler(wish, Feed(work))
    )
    if exchange.upgraded:
        return Streaming(live(rows, after, instance, database, MESSAGES), status=101)
    return Streaming(live(rows, after, instance, database, EVENTS), _HEADERS)


def resume_point(exchange: Exchange, asked: str | None) -> int:
    """The sequence number that the client saw last: header first, else the parameter, else 0."""
    header = exchange.headers.get("last-event-id") or None  # empty: no id was seen yet
    given = [seen for seen in (header, asked) if seen is not None]
    for seen in given:
        if not (seen.isascii() and seen.isdecimal() and len(seen) < 20 and int(seen) <= MAX_SEQ):
            raise Refused(400, "Bad Request", "Last-Event-ID is no sequence number")
    return int(given[0]) if given else 0


async def live(
    rows: Rows, after: int, instance: Instance, database: Database, framing: Framing
) -> AsyncGenerator[bytes, None]:
    """The frames of one stream. LISTEN comes before the first look, so nothing falls between."""

    async def read(seen: int) -> Sequence[Note]:
        try:
            async with database.unit() as work:
                return await rows.read(work, rows.recipient_id, seen, PAGE)
        except (Unavailable, Conflict):
            return ()  # the next look finds it

    with instance.bell.watch(rows.recipient_id) as watcher:
        if instance.stopping:
            return
        await instance.bell.listen()
        async for frame in frames(read, after, watcher, instance.settings, framing):
            yield frame


async def frames(
    read: Callable[[int], Awaitable[Sequence[Note]]],
    after: int,
    watcher: Watcher,
    settings: Settings,
    framing: Framing = EVENTS,
) -> AsyncGenerator[bytes, None]:
    """Notes as they come, a sign of life when none came for a while, until the watcher ends."""
    now = time.monotonic()
    close_at = now + settings.stream_seconds * random.uniform(0.9, 1.1)
    beat_at = now + settings.stream_heartbeat_seconds
    for frame in framing.first:
        yield frame
    while not watcher.ended and now < close_at:
        notes = await read(after)
        for note in notes:
            after = note.seq
            yield framing.note(note)
        now = time.monotonic()
        if notes:
            beat_at = now + settings.stream_heartbeat_seconds
        elif now >= beat_at:
            beat_at = now + settings.stream_heartbeat_seconds
            for frame in framing.alive:
                yield frame
        if len(notes) < PAGE and not watcher.ended:
            wait = min(settings.stream_poll_seconds, beat_at - now, close_at - now)
            await watcher.wait(max(wait, 0))
            now = time.monotonic()
