"""One HTTP/1.1 connection that costs next to nothing: the load must not be what is measured."""

import asyncio
import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, cast

from bench.figures import Invalid

STUDENT: Final = {"name": "Ada Lovelace", "grade": 7, "subject": "mathematics"}


@dataclass
class Outcome:
    """What was answered: seconds each, statuses that were no 2xx, and the bodies if wanted."""

    seconds: list[float] = field(default_factory=list)
    failed: int = 0
    bodies: list[bytes] | None = None


class Connection(asyncio.Protocol):
    """Sends a request, waits for the whole answer, sends the next, until there is none."""

    def __init__(self, requests: Iterator[bytes], outcome: Outcome) -> None:
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._requests, self._outcome = requests, outcome
        self._answer = b""
        self._sent = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is no subclass
        self._send()

    def data_received(self, data: bytes) -> None:
        """Count an answer that is whole."""
        self._answer += data
        head, end, body = self._answer.partition(b"\r\n\r\n")
        if not end or len(body) < length_of(head):
            return
        self._outcome.seconds.append(time.perf_counter() - self._sent)
        self._outcome.failed += not head.startswith(b"HTTP/1.1 2")
        if self._outcome.bodies is not None:
            self._outcome.bodies.append(body)
        self._answer = b""
        self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        """Ended by us; if it broke under a request, that one failed."""
        self._outcome.failed += self._sent > 0
        if not self.ended.done():
            self.ended.set_result(None)

    def _send(self) -> None:
        request = next(self._requests, None)
        if request is None:
            self._sent = 0.0
            self._transport.close()
        else:
            self._sent = time.perf_counter()
            self._transport.write(request)


def post(path: str, body: Any) -> bytes:
    """A POST of JSON."""
    return request(path, {"Content-Type": "application/json"}, json.dumps(body).encode())


def request(path: str, headers: Mapping[str, str], body: bytes) -> bytes:
    """A POST of these bytes."""
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    length = f"Content-Length: {len(body)}"
    return f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{lines}{length}\r\n\r\n".encode() + body


async def send(
    port: int, requests: Iterator[bytes], connections: int, *, bodies: bool = False
) -> Outcome:
    """Send all requests over so many connections. Raises Invalid when one was not answered 2xx."""
    outcome = Outcome(bodies=[] if bodies else None)
    loop = asyncio.get_running_loop()
    opened = [
        await loop.create_connection(lambda: Connection(requests, outcome), "127.0.0.1", port)
        for _ in range(connections)
    ]
    await asyncio.gather(*(one.ended for _, one in opened))
    if outcome.failed:
        raise Invalid(f"{outcome.failed} of {len(outcome.seconds)} requests failed")
    return outcome


def length_of(head: bytes) -> int:
    """The Content-Length in an answer's head; 0 where there is none."""
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line[15:])
    return 0
