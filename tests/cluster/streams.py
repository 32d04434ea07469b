"""A browser's stream of a student, through the ingress and queue-proxy: as server-sent events and
as a WebSocket, resumed where it was cut, and for ten minutes."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

from aiohttp import ClientSession, ClientTimeout, WSMsgType

from tests.cluster import node
from tests.cluster.acting import acting
from tests.cluster.calling import ANSWER, call
from tests.cluster.story import address, one_match, registered

LONGEST_GAP: Final = 30.0
"""Seconds: two heartbeats."""
LIFE: Final = (486.0, 594.0)
"""540 s, give or take 10 %."""
NOTHING: Final = (-1, "")
Note = tuple[int, str]
"""The sequence number and kind of a notification; NOTHING for a sign of life."""


@dataclass
class Heard:
    """What came over all connections: notes in their order, how long each connection lived."""

    notes: list[Note] = field(default_factory=list)
    lives: list[float] = field(default_factory=list)
    gap: float = 0.0

    @property
    def last(self) -> int:
        """What a client says when it comes back; 0 when nothing was seen."""
        return self.notes[-1][0] if self.notes else 0


async def events(session: ClientSession, path: str, after: int) -> AsyncIterator[Note]:
    """The notes of one connection of server-sent events."""
    headers = {"host": _host(), "last-event-id": str(after)}
    seq = after
    async with session.get(node.EXTERNAL + path, headers=headers) as answer:
        if answer.status != 200:
            raise node.Refused(f"watch-student answered {answer.status}")
        async for line in answer.content:
            name, _, value = line.decode().strip().partition(": ")
            if name == "id":
                seq = int(value)
            elif name == "event":
                yield seq, value
            else:
                yield NOTHING


async def messages(session: ClientSession, path: str, after: int) -> AsyncIterator[Note]:
    """The notes of one WebSocket; it must end with the code that says: come back."""
    address = f"{node.EXTERNAL}{path}?last_event_id={after}"
    async with session.ws_connect(address, headers={"host": _host()}, autoping=False) as socket:
        async for each in socket:
            if each.type == WSMsgType.TEXT:
                said = json.loads(each.data)
                yield said["id"], said["event"]
            elif each.type == WSMsgType.PING:
                await socket.pong(each.data)
                yield NOTHING
        if socket.close_code not in (1000, 1001):
            raise node.Refused(f"the WebSocket was closed with {socket.close_code}")


Wire = Callable[[ClientSession, str, int], AsyncIterator[Note]]
WIRES: Final[dict[str, Wire]] = {"server-sent events": events, "WebSocket": messages}


async def listen(wire: Wire, path: str, heard: Heard, seconds: float, kind: str = "") -> None:
    """One connection, until the function closes it, time is up, or a note of that kind came."""
    began = last = time.monotonic()
    async with ClientSession(timeout=ClientTimeout(total=None, sock_read=60)) as session:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                async for note in wire(session, path, heard.last):
                    now = time.monotonic()
                    heard.gap, last = max(heard.gap, now - last), now
                    if note != NOTHING:
                        heard.notes.append(note)
                    if kind and note[1] == kind:
                        break
    heard.lives.append(time.monotonic() - began)


async def resumed(wire: Wire) -> tuple[list[Note], list[Note]]:
    """A student is matched, the stream is cut, the tutor declines: what the first connection heard,
    and what the second, which says where the first one ended."""
    async with acting():
        told = await one_match()
        path, match = told["events"], told["match"]["match_id"]
        heard = Heard()
        await listen(wire, path, heard, 60, "matched")
        first = [*heard.notes]
        said = {"response": "decline"}
        answer = await call("respond-to-match", "POST", f"/api/matches/{match}/response", said)
        if answer.status not in (200, 204):
            raise node.Refused(f"respond-to-match: {answer.status} {answer.body}")
        await listen(wire, path, heard, 90, "waiting")
        return first, heard.notes[len(first) :]


async def lives(seconds: float) -> str:
    """Watch a student for so long by both wires, coming back when the function closes; what was
    seen. Raises Refused when one is cut short, falls silent or says something twice."""
    student = {"name": "Ada", "subject": "streams", "grade": 7}
    async with address() as url, ClientSession(url, timeout=ANSWER) as session:
        path = (await registered(session, "/api/students", student))["links"]["events"]
    watched = [_watch(name, wire, path, seconds) for name, wire in WIRES.items()]
    return "\n".join(await asyncio.gather(*watched))


async def _watch(name: str, wire: Wire, path: str, seconds: float) -> str:
    heard, until = Heard(), time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        await listen(wire, path, heard, left)
    shown = ", then ".join(f"{each:.0f} s" for each in heard.lives)
    said = f"{name}: lived for {shown}; never silent for more than {heard.gap:.0f} s"
    if heard.gap > LONGEST_GAP:
        raise node.Refused(f"too long a silence: {said}")
    if any(not LIFE[0] <= each <= LIFE[1] for each in heard.lives[:-1]):
        raise node.Refused(f"cut short: {said}")
    if len(set(heard.notes)) < len(heard.notes):
        raise node.Refused(f"heard twice: {heard.notes}; {said}")
    return said


def _host() -> str:
    service: dict[str, Any] = node.found("ksvc", "watch-student", "-n", node.NAMESPACE)
    return urlsplit(str(service["status"]["url"])).netloc
