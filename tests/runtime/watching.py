"""A stream over a real server and a real client, in both framings: what a client can see of it."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

import aiohttp
from aiohttp import WSMsgType

from db.unit_of_work import Database, Unit
from learnflow.runtime import Feed, NotFound, Rows, stream
from learnflow.runtime.app import Application, application
from learnflow.runtime.authentication import Authenticate, open_to_all
from learnflow.runtime.operation import Function
from learnflow.runtime.serve import Draining, _server
from learnflow.settings import Settings
from tests.runtime.calling import NOWHERE
from tests.runtime.sample import OnePupil, Said

Wire = Literal["events", "websocket"]
PATH = "/api/pupils/p1/events"
Item = tuple[int, str, Any]


@dataclass
class Book:
    """The notes of one pupil, in memory; `taken` counts what was read of them."""

    notes: list[Said] = field(default_factory=list)
    taken: int = 0
    broken: bool = False

    def write(self, count: int, data: str = "{}") -> None:
        """Add notes at the end."""
        first = len(self.notes) + 1
        self.notes += [Said(seq, "matched", data) for seq in range(first, first + count)]

    async def read(self, work: Unit, recipient_id: str, after: int, limit: int) -> Sequence[Said]:
        if self.broken:
            raise RuntimeError("a fault")
        found = self.notes[after : after + limit]
        self.taken += len(found)
        return found

    def watched(self) -> Function:
        """The function that streams these notes."""

        @stream("GET /api/pupils/{pupil_id}/events", OnePupil, database="students")
        async def watch_pupil(wish: OnePupil, feed: Feed) -> Rows:
            if wish.pupil_id == "unknown":
                raise NotFound("pupil")
            return feed.rows(wish.pupil_id, self.read)

        return watch_pupil


@dataclass
class Served:
    """An application behind our server; `stop` is what SIGTERM does."""

    app: Application
    server: Draining
    url: str
    serving: "asyncio.Task[None]"

    def ring(self) -> None:
        """There is news."""
        self.app.instance.bell.ring()

    def sigterm(self) -> None:
        """Begin to stop."""
        self.server._stop()

    async def ended(self) -> None:
        """Return when it has stopped by itself."""
        await asyncio.wait_for(self.serving, 10)


@asynccontextmanager
async def served(
    function: Function, *, authenticate: Authenticate = open_to_all, port: int = 0, **settings: Any
) -> AsyncIterator[Served]:
    """A function behind our own server on a port of this machine."""
    database = Database("students", NOWHERE)
    chosen = Settings(**{"stream_poll_seconds": 0.05, **settings})
    app = application(function.operation, chosen, database=database, authenticate=authenticate)
    listener = socket.create_server(("127.0.0.1", port))
    server = _server(app, chosen)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    one = Served(app, server, f"http://127.0.0.1:{listener.getsockname()[1]}", task)
    try:
        yield one
    finally:
        one.sigterm()
        await one.ended()


class Turned(Exception):
    """The stream was refused with this answer."""

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        super().__init__(status)
        self.status, self.headers, self.problem = status, headers, json.loads(body)


class Listener:
    """One open stream, read item by item."""

    def __init__(self, wire: Wire, connection: Any) -> None:
        self.wire, self.connection = wire, connection

    async def items(self, count: int) -> list[Item]:
        """The next items, in order. Raises EOFError when the stream ends before."""
        async with asyncio.timeout(10):
            return [await self.item() for _ in range(count)]

    async def item(self) -> Item:
        """The next item. Raises EOFError at the end."""
        if self.wire == "websocket":
            message = await self.connection.receive()
            if message.type is not WSMsgType.TEXT:
                raise EOFError
            said = json.loads(message.data)
            return said["id"], said["event"], said["data"]
        found: dict[str, str] = {}
        while raw := await self.connection.content.readline():
            line = raw.decode().rstrip("\n")
            if line:
                name, _, value = line.partition(": ")
                found[name] = value
            elif "data" in found:
                return int(found["id"]), found["event"], json.loads(found["data"])
        raise EOFError

    async def end(self) -> int | None:
        """Read to the end: how it was closed, where the wire has a word for it."""
        async with asyncio.timeout(10):
            while True:
                try:
                    await self.item()
                except EOFError:
                    return self.connection.close_code if self.wire == "websocket" else None


@asynccontextmanager
async def listening(
    wire: Wire, url: str, path: str = PATH, headers: Mapping[str, str] | None = None, **extra: Any
) -> AsyncIterator[Listener]:
    """Open a stream, and cut the connection at the end. Raises Turned when it is refused."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as session:
        if wire == "events":
            async with session.get(url + path, headers=headers) as response:
                if response.status != 200:
                    raise Turned(response.status, response.headers, await response.read())
                yield Listener(wire, response)
                response.close()
            return
        try:
            channel = await session.ws_connect(url + path, headers=headers, **extra)
        except aiohttp.WSServerHandshakeError:  # it keeps the body to itself
            async with session.get(url + path, headers={**UPGRADE, **(headers or {})}) as response:
                raise Turned(response.status, response.headers, await response.read()) from None
        yield Listener(wire, channel)


UPGRADE = {
    "connection": "Upgrade",
    "upgrade": "websocket",
    "sec-websocket-version": "13",
    "sec-websocket-key": "MDEyMzQ1Njc4OWFiY2RlZg==",
}
