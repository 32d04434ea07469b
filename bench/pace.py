"""`python -m bench.pace PORT RATE SECONDS`: an open loop, in a process of its own.

Requests leave when they are due, whether or not earlier ones were answered, and their time counts
from then: a server that stalls cannot hide it by holding the load back. One JSON line at the end.
"""

import asyncio
import json
import selectors
import sys
import time
from collections import deque
from dataclasses import asdict, dataclass
from typing import Final, cast

from bench.connection import STUDENT, length_of, post
from bench.figures import Invalid, percentile
from bench.load import pinned
from bench.processes import answer_of

MOST: Final = 256
"""Connections; a request that is due while all are busy waits, and its time runs."""
_BUSIEST: Final = 0.8
_MARGIN: Final = 20.0


@dataclass(frozen=True, slots=True)
class Paced:
    """One open loop's outcome: milliseconds from when each request was due to its answer."""

    requests: int
    failed: int
    p50_ms: float
    p99_ms: float
    p999_ms: float
    busy: float
    """Share of one core that the load itself took: beyond 0.8 it would measure itself."""


class Pace:
    """Sends one request at a constant rate over as many connections as that takes."""

    def __init__(self, port: int, request: bytes, most: int = MOST) -> None:
        self.request = request
        self.seconds: list[float] = []
        self.failed = 0
        self._port, self._most = port, most
        self._wanted = 0
        self._waiting: deque[float] = deque()
        self._idle: list[_Stream] = []
        self._streams: list[_Stream] = []
        self._opening: set[asyncio.Task[None]] = set()
        self._all_answered = asyncio.Event()

    async def run(self, rate: float, seconds: float) -> list[float]:
        """Seconds from when each request was due to its answer; refusals count as failed."""
        self._wanted = round(rate * seconds)
        began = time.perf_counter()
        for number in range(self._wanted):
            due = began + number / rate
            if (pause := due - time.perf_counter()) > 0:
                await asyncio.sleep(pause)
            self._send(due)
        await asyncio.wait_for(self._all_answered.wait(), _MARGIN)
        for stream in self._streams:
            stream.transport.close()
        return self.seconds

    def opened(self, stream: "_Stream") -> None:
        """A connection is there."""
        self._streams.append(stream)
        self._next(stream)

    def answered(self, stream: "_Stream", due: float, *, well: bool) -> None:
        """Count an answer; its connection takes the request that waited longest."""
        self.seconds.append(time.perf_counter() - due)
        self.failed += not well
        if len(self.seconds) == self._wanted:
            self._all_answered.set()
        self._next(stream)

    def lost(self, stream: "_Stream", due: float | None) -> None:
        """A connection is gone; the request on it, if any, has failed."""
        self._streams.remove(stream)
        if stream in self._idle:
            self._idle.remove(stream)
        if due is not None:
            self.seconds.append(time.perf_counter() - due)
            self.failed += 1
            if len(self.seconds) == self._wanted:
                self._all_answered.set()

    def _send(self, due: float) -> None:
        if self._idle:
            self._idle.pop().send(due)
            return
        self._waiting.append(due)
        if len(self._streams) + len(self._opening) < self._most:
            task = asyncio.create_task(self._open())
            self._opening.add(task)
            task.add_done_callback(self._opening.discard)

    async def _open(self) -> None:
        loop = asyncio.get_running_loop()
        await loop.create_connection(lambda: _Stream(self), "127.0.0.1", self._port)

    def _next(self, stream: "_Stream") -> None:
        if self._waiting:
            stream.send(self._waiting.popleft())
        else:
            self._idle.append(stream)


class _Stream(asyncio.Protocol):
    """One connection with at most one request on it."""

    transport: asyncio.Transport

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._due: float | None = None
        self._answer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop's is no subclass
        self._pace.opened(self)

    def send(self, due: float) -> None:
        self._due = due
        self.transport.write(self._pace.request)

    def data_received(self, data: bytes) -> None:
        self._answer += data
        head, end, body = self._answer.partition(b"\r\n\r\n")
        if not end or len(body) < length_of(head) or self._due is None:
            return
        due, self._due, self._answer = self._due, None, b""
        self._pace.answered(self, due, well=head.startswith(b"HTTP/1.1 2"))

    def connection_lost(self, exc: Exception | None) -> None:
        self._pace.lost(self, self._due)


async def paced(port: int, rate: float, seconds: float) -> Paced:
    """Register students at a constant rate. Raises Invalid on a refusal, or a load too heavy."""
    command = (sys.executable, "-m", "bench.pace", str(port), str(rate), str(seconds))
    found = Paced(**await answer_of(*pinned(), *command, seconds=seconds + 2 * _MARGIN))
    if found.failed:
        raise Invalid(f"{found.failed} of {found.requests} requests failed at {rate:.0f}/s")
    if found.busy > _BUSIEST:
        raise Invalid(f"the load itself took {found.busy:.0%} of its core at {rate:.0f}/s")
    return found


async def _main(port: int, rate: float, seconds: float) -> None:
    pace = Pace(port, post("/api/students", STUDENT))
    began, used = time.perf_counter(), time.process_time()
    times = await pace.run(rate, seconds)
    busy = (time.process_time() - used) / (time.perf_counter() - began)
    p50, p99, p999 = (percentile(times, share) * 1000 for share in (0.5, 0.99, 0.999))
    print(json.dumps(asdict(Paced(len(times), pace.failed, p50, p99, p999, busy))))


def _precise() -> asyncio.AbstractEventLoop:
    """A loop that wakes to the microsecond; epoll's and uvloop's timers know milliseconds only."""
    return asyncio.SelectorEventLoop(selectors.SelectSelector())


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=_precise) as _runner:
        _runner.run(_main(int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3])))
