"""The runner's own HTTP client against servers that answer byte by byte as told."""

import asyncio
import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import uvloop
from multidict import CIMultiDict

from learnflow.local.http_answer import Broken
from learnflow.local.http_client import Client
from tests.eventually import eventually

HELLO = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\nx-one: a\r\nX-One: b\r\n\r\nhello"
CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"


class Server:
    """Answers each request on its socket with the next of `says`, the last for ever."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.says: list[bytes] = [HELLO]
        self.pieces = 0
        self.close_after = False
        self.hold: asyncio.Event | None = None
        self.asked: list[bytes] = []
        self.connections = 0
        self.open: set[asyncio.StreamWriter] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        self.connections += 1
        self.open.add(writer)
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = [line for line in head.lower().split(b"\r\n") if b"content-length" in line]
                body = await reader.readexactly(int(length[0].split(b":")[1])) if length else b""
                self.asked.append(head + body)
                await self._say(writer, self.says.pop(0) if len(self.says) > 1 else self.says[0])
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self.open.discard(writer)
            writer.close()

    async def _say(self, writer: asyncio.StreamWriter, said: bytes) -> None:
        size = self.pieces or len(said) or 1
        for start in range(0, len(said), size):
            writer.write(said[start : start + size])
            await writer.drain()
            if self.pieces:
                await asyncio.sleep(0)
        if self.hold is not None:
            await self.hold.wait()
        if self.close_after:
            raise ConnectionError


@pytest.fixture(params=[asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Callable[..., None]:
    """Run a test in either kind of loop: the runner uses uvloop."""

    def runs(work: Callable[[Server, Client], object]) -> None:
        async def whole() -> None:
            folder = Path(tempfile.mkdtemp(prefix="lf-", dir="/tmp"))
            server = Server(folder / "s")
            listening = await asyncio.start_unix_server(server.serve, server.path)
            client = Client(str(server.path), 0.05)
            try:
                await asyncio.wait_for(work(server, client), 10)  # type: ignore[arg-type]
            finally:
                client.close()
                listening.close()
                for writer in list(server.open):
                    writer.transport.abort()
                shutil.rmtree(folder, ignore_errors=True)

        with asyncio.Runner(loop_factory=request.param) as runner:
            runner.run(whole())

    return runs


async def get(client: Client, method: str = "GET", body: bytes = b"", **headers: str) -> bytes:
    return await (await client.request(method, "/x?y=1", headers, body)).read()


@pytest.mark.parametrize("pieces", [0, 1, 3])
@pytest.mark.parametrize(
    "said",
    [HELLO, CHUNKED, b"HTTP/1.1 100 Continue\r\n\r\n" + HELLO],
    ids=["length", "chunks", "100"],
)
def test_answers_in_any_pieces_are_whole_and_the_connection_goes_on(
    run: Callable[..., None], said: bytes, pieces: int
) -> None:
    async def work(server: Server, client: Client) -> None:
        server.says, server.pieces = [said], pieces
        for _ in range(3):
            assert await get(client) == b"hello"
        assert server.connections == 1

    run(work)


def test_the_request_is_what_was_asked(run: Callable[..., None]) -> None:
    async def work(server: Server, client: Client) -> None:
        headers: Mapping[str, str] = CIMultiDict(
            [("Host", "h"), ("X-A", "1"), ("X-A", "é"), ("Content-Length", "999")]
        )
        response = await client.request("POST", "/x?y=1#z", headers, b"body")
        assert (response.status, response.content_length) == (200, 5)
        assert response.headers.getall("X-ONE") == ["a", "b"]
        await get(client)
        await get(client, "DELETE")
        await get(client, "POST")
        assert server.asked == [
            b"POST /x?y=1 HTTP/1.1\r\nHost: h\r\nX-A: 1\r\nX-A: \xc3\xa9\r\n"
            b"content-length: 4\r\n\r\nbody",
            b"GET /x?y=1 HTTP/1.1\r\nhost: function\r\n\r\n",
            b"DELETE /x?y=1 HTTP/1.1\r\nhost: function\r\n\r\n",
            b"POST /x?y=1 HTTP/1.1\r\nhost: function\r\ncontent-length: 0\r\n\r\n",
        ]

    run(work)


@pytest.mark.parametrize("value", ["a\r\nx-evil: 1", "a\nb", "a\0b", "a\rb"])
def test_a_header_that_would_be_two_is_refused(run: Callable[..., None], value: str) -> None:
    async def work(server: Server, client: Client) -> None:
        with pytest.raises(ValueError, match="control character"):
            await get(client, x=value)
        assert server.connections == 0

    run(work)


def test_head_and_no_content_have_no_body_whatever_their_length_says(
    run: Callable[..., None],
) -> None:
    async def work(server: Server, client: Client) -> None:
        server.says = [HELLO.removesuffix(b"hello"), b"HTTP/1.1 204 No Content\r\n\r\n", HELLO]
        head = await client.request("HEAD", "/", {}, b"")
        assert (head.content_length, await head.read()) == (5, b"")
        assert await get(client) == b""
        assert await get(client) == b"hello"
        assert server.connections == 1

    run(work)


def test_an_answer_without_a_length_ends_with_its_connection(run: Callable[..., None]) -> None:
    async def work(server: Server, client: Client) -> None:
        server.says, server.close_after = [b"HTTP/1.1 200 OK\r\n\r\nhello"], True
        assert await get(client) == b"hello"
        assert await get(client) == b"hello"
        assert server.connections == 2

    run(work)


def test_an_answer_that_breaks_off_is_broken(run: Callable[..., None]) -> None:
    async def work(server: Server, client: Client) -> None:
        server.close_after = True
        for cut in (b"", HELLO[:20], HELLO[:-2], CHUNKED[:-5], b"no HTTP at all\r\n\r\n"):
            server.says = [cut]
            with pytest.raises(Broken) as broken:
                await get(client)
            assert not broken.value.unread
        server.says = [HELLO]
        assert await get(client) == b"hello"

    run(work)


def test_what_is_not_read_makes_the_sender_wait_and_all_of_it_comes(
    run: Callable[..., None],
) -> None:
    async def work(server: Server, client: Client) -> None:
        big = bytes(range(256)) * 40_000
        server.says = [b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(big) + big]
        response = await client.request("GET", "/", {}, b"")
        for _ in range(500):  # long enough for all of it, if nothing made the sender wait
            await asyncio.sleep(0)
        held = len(await response.content.readany())
        assert 0 < held < 2_000_000
        assert held + len(await response.read()) == len(big)
        assert response.content.at_eof()
        assert await get(client) == big
        assert server.connections == 1

    run(work)


def test_a_caller_that_gives_up_breaks_its_connection_only(run: Callable[..., None]) -> None:
    async def work(server: Server, client: Client) -> None:
        server.says, server.hold = [b""], asyncio.Event()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await get(client)
        server.hold.set()
        server.says = [HELLO[:-2], HELLO]
        response = await client.request("GET", "/", {}, b"")
        response.close()
        assert await get(client) == b"hello"
        assert server.connections == 3
        await eventually(lambda: len(server.open) == 1)

    run(work)


def test_idle_connections_end_after_a_while_and_an_ended_one_is_not_used(
    run: Callable[..., None],
) -> None:
    async def work(server: Server, client: Client) -> None:
        await asyncio.gather(get(client), get(client))
        assert server.connections == 2
        await eventually(lambda: not server.open)
        assert await get(client) == b"hello"
        for writer in list(server.open):
            writer.transport.abort()
        await eventually(lambda: not server.open)
        assert await get(client) == b"hello"

    run(work)


def test_nobody_listening_is_an_os_error_and_closing_breaks_what_is_open(
    run: Callable[..., None],
) -> None:
    async def work(server: Server, client: Client) -> None:
        server.says = [b""]
        asking = asyncio.create_task(get(client))
        await eventually(lambda: server.connections == 1)
        client.close()
        with pytest.raises(Broken):
            await asking
        with pytest.raises(FileNotFoundError):
            await Client(f"{server.path}-not", 1).request("GET", "/", {}, b"")

    run(work)
