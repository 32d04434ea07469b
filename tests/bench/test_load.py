"""The loads themselves, against a server whose answers are known."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import TypeVar

import pytest
import uvloop

from bench.connection import send
from bench.figures import Invalid
from bench.pace import Pace

REQUEST = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}"
FINE = b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}"
EMPTY = b"HTTP/1.1 204 No Content\r\n\r\n"
REFUSED = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"
T = TypeVar("T")
Loops = Callable[[], asyncio.AbstractEventLoop]


class Server:
    """Answers every request with the next of its answers, after a pause."""

    def __init__(self, *answers: bytes, pause: float = 0.0) -> None:
        self.answers = itertools.cycle(answers)
        self.pause = pause
        self.requests = 0

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[int]:
        """The port, for the time of the block."""
        connected: list[asyncio.Task[None]] = []

        def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            connected.append(asyncio.create_task(self._answer(reader, writer)))

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        try:
            yield server.sockets[0].getsockname()[1]
            await asyncio.gather(*connected)
        finally:
            server.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                await reader.readuntil(b"{}")
                self.requests += 1
                await asyncio.sleep(self.pause)
                writer.write(next(self.answers))
        writer.close()


def with_server(
    server: Server,
    work: Callable[[int], Coroutine[None, None, T]],
    loop: Loops = asyncio.new_event_loop,
) -> T:
    async def run() -> T:
        async with server.serving() as port:
            return await asyncio.wait_for(work(port), 10)

    with asyncio.Runner(loop_factory=loop) as runner:
        return runner.run(run())


@pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_a_closed_loop_sends_every_request_once_on_either_loop(loop: Loops) -> None:
    server = Server(FINE, EMPTY)
    outcome = with_server(server, lambda port: send(port, iter([REQUEST] * 50), 4), loop)
    assert len(outcome.seconds) == server.requests == 50


def test_a_refusal_makes_a_closed_loop_invalid() -> None:
    server = Server(FINE, REFUSED)
    with pytest.raises(Invalid, match="5 of 10"):
        with_server(server, lambda port: send(port, iter([REQUEST] * 10), 1))


def test_an_open_loop_counts_the_time_a_request_had_to_wait() -> None:
    """200 requests a second on a server that takes 50 ms over each: all overlap, none is held."""
    server = Server(FINE, pause=0.05)
    pace: list[Pace] = []

    def run(port: int) -> Coroutine[None, None, list[float]]:
        pace.append(Pace(port, REQUEST))
        return pace[0].run(200, 0.5)

    seconds = with_server(server, run)
    assert len(seconds) == server.requests == 100
    assert min(seconds) >= 0.045
    assert pace[0].failed == 0


def test_a_stall_shows_in_every_request_that_was_due_meanwhile() -> None:
    """One connection, 20 ms each, due every 10 ms: the last has waited for all before it."""
    server = Server(FINE, pause=0.02)

    def run(port: int) -> Coroutine[None, None, list[float]]:
        return Pace(port, REQUEST, most=1).run(100, 0.3)

    seconds = with_server(server, run)
    assert len(seconds) == 30
    assert seconds[-1] > 0.25
    assert seconds[-1] > 3 * seconds[0]


def test_an_open_loop_counts_refusals() -> None:
    server = Server(FINE, REFUSED)
    pace: list[Pace] = []

    def run(port: int) -> Coroutine[None, None, list[float]]:
        pace.append(Pace(port, REQUEST))
        return pace[0].run(200, 0.1)

    with_server(server, run)
    assert pace[0].failed == 10
