"""`python -m bench.client URL SECONDS CONNECTIONS`: a closed loop over plain asyncio streams.

Used where wrk is not installed; it sends what post.lua sends and prints the same JSON line.
"""

import asyncio
import json
import sys
import time
from urllib.parse import urlsplit

import uvloop

from bench.figures import percentile

BODY = b'{"name":"Ada Lovelace","grade":7,"subject":"mathematics"}'


class Loop(asyncio.Protocol):
    """One connection: sends, waits for the whole answer, sends again."""

    def __init__(self, request: bytes, until: float, times: list[float]) -> None:
        self.failed = 0
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._request, self._until, self._times = request, until, times
        self._answer = b""
        self._sent = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._send()

    def data_received(self, data: bytes) -> None:
        """Count an answer that is whole."""
        self._answer += data
        head, end, body = self._answer.partition(b"\r\n\r\n")
        if not end or len(body) < _length(head):
            return
        self._times.append(time.perf_counter() - self._sent)
        self.failed += not head.startswith(b"HTTP/1.1 2")
        self._answer = b""
        if time.perf_counter() < self._until:
            self._send()
        else:
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Ended by us, or broken: then it counts as failed."""
        self.failed += exc is not None or time.perf_counter() < self._until
        self.ended.set_result(None)

    def _send(self) -> None:
        self._sent = time.perf_counter()
        self._transport.write(self._request)


def _length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line[15:])
    return 0


async def main(url: str, seconds: float, connections: int) -> None:
    """Run the loops and print the outcome."""
    parts = urlsplit(url)
    request = (
        f"POST {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(BODY)}\r\n\r\n"
    ).encode() + BODY
    times: list[float] = []
    began = time.perf_counter()
    loop = asyncio.get_running_loop()
    loops = [
        (
            await loop.create_connection(
                lambda: Loop(request, began + seconds, times), parts.hostname, parts.port
            )
        )[1]
        for _ in range(connections)
    ]
    await asyncio.gather(*(one.ended for one in loops))
    outcome = {
        "requests": len(times),
        "seconds": time.perf_counter() - began,
        "failed": sum(one.failed for one in loops),
        "p50_ms": percentile(times, 0.5) * 1000,
        "p99_ms": percentile(times, 0.99) * 1000,
    }
    print(json.dumps(outcome))


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], float(sys.argv[2]), int(sys.argv[3])))
