"""What is only so of WebSockets: who may open one, what a client may say, how it is closed."""

import asyncio
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import aiohttp
import pytest
from aiohttp import WSMsgType

from learnflow.runtime.sockets import SUBPROTOCOL
from learnflow.runtime.streams import message
from learnflow.runtime.upgraded import Socket
from tests.eventually import eventually
from tests.runtime.calling import app_of
from tests.runtime.sample import Said, find_pupil, watch_pupil
from tests.runtime.watching import PATH, UPGRADE, Book, Turned, listening, served

FRONT = "https://learn.example"
HOUR: dict[str, Any] = {"stream_heartbeat_seconds": 3600, "stream_poll_seconds": 3600}


@pytest.fixture
def book() -> Book:
    made = Book()
    made.write(1)
    return made


def test_a_note_is_one_json_text() -> None:
    assert message(Said(7, "matched", '{"a":1}')) == b'{"id":7,"event":"matched","data":{"a":1}}'


@pytest.mark.parametrize(
    "headers",
    [{}, {"Origin": FRONT}, {"Origin": "http://learn.test:80", "Host": "learn.test:80"}],
    ids=["a program", "the front end", "a page of the same host"],
)
async def test_who_may_open_one(book: Book, headers: Mapping[str, str]) -> None:
    async with (
        served(book.watched(), cors_origins=(FRONT,)) as one,
        listening("websocket", one.url, headers=headers) as heard,
    ):
        assert await heard.items(1)


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "https://learn.example.evil", "://", "http://[::1"]
)
async def test_a_foreign_page_is_refused_before_it_is_accepted(book: Book, origin: str) -> None:
    async with served(book.watched(), cors_origins=(FRONT,)) as one:
        with pytest.raises(Turned) as caught:
            async with listening("websocket", one.url, headers={"Origin": origin}):
                pass
    assert caught.value.status == 403
    assert caught.value.headers["content-type"] == "application/problem+json"
    assert origin not in str(caught.value.problem)
    assert book.taken == 0


async def test_a_page_without_an_origin_is_no_page_of_a_host_without_a_name(book: Book) -> None:
    nameless = {"Origin": "null", "Host": ""}
    async with served(book.watched()) as one:
        with pytest.raises(Turned) as caught:
            async with listening("websocket", one.url, headers=nameless):
                pass
    assert caught.value.status == 403


async def test_the_subprotocol_is_spoken_when_it_is_offered(book: Book) -> None:
    offered: dict[str, Any] = {"protocols": ("other", SUBPROTOCOL)}
    async with (
        served(book.watched()) as one,
        listening("websocket", one.url, **offered) as heard,
        listening("websocket", one.url) as plain,
    ):
        assert (heard.connection.protocol, plain.connection.protocol) == (SUBPROTOCOL, None)


@pytest.mark.parametrize(("sent", "code"), [("hello", 1008), (b"hello", 1003), ("x" * 2_000, 1009)])
async def test_a_client_that_speaks_is_closed(book: Book, sent: str | bytes, code: int) -> None:
    async with (
        served(book.watched(), **HOUR) as one,
        listening("websocket", one.url) as heard,
    ):
        await heard.items(1)
        send = heard.connection.send_str if isinstance(sent, str) else heard.connection.send_bytes
        await send(sent)
        assert await heard.end() == code
        await eventually(lambda: one.app.instance.bell.watching == 0, seconds=1)


async def test_after_a_close_there_is_nobody_to_send_to(book: Book) -> None:
    async with served(book.watched(), **HOUR) as one, listening("websocket", one.url) as heard:
        await heard.items(1)
        (connection,) = one.server.server_state.connections
        assert isinstance(connection, Socket)
        connection.close_sent = True  # as after a message too large, while an item is on its way
        with pytest.raises(OSError, match=r"^$"):
            await connection.send({"type": "websocket.send", "text": "{}"})


async def test_it_pings_each_heartbeat_and_stays_while_that_is_answered(book: Book) -> None:
    times: dict[str, Any] = {"stream_heartbeat_seconds": 0.1, "stream_poll_seconds": 3600}
    async with (
        served(book.watched(), **times) as one,
        listening("websocket", one.url, autoping=False) as heard,
    ):
        await heard.items(1)
        for _ in range(4):
            ping = await asyncio.wait_for(heard.connection.receive(), 5)
            assert ping.type is WSMsgType.PING
            await heard.connection.pong(ping.data)
        assert one.app.instance.bell.watching == 1


async def test_who_answers_no_ping_is_cut(book: Book) -> None:
    times: dict[str, Any] = {"stream_heartbeat_seconds": 0.1, "stream_poll_seconds": 3600}
    async with (
        served(book.watched(), **times) as one,
        listening("websocket", one.url, autoping=False) as heard,
    ):
        await heard.items(1)
        await eventually(lambda: one.app.instance.bell.watching == 0)


async def test_who_reads_nothing_is_cut_and_its_place_is_free(book: Book) -> None:
    book.write(2_000, '{"long": "%s"}' % ("x" * 16_000))
    async with (
        served(book.watched(), stream_heartbeat_seconds=0.2) as one,
        listening("websocket", one.url) as heard,
    ):
        await heard.items(1)
        await eventually(lambda: one.app.instance.bell.watching == 0)
        assert book.taken < 1_500
        assert not one.server.server_state.connections


async def test_a_fault_of_ours_is_said_and_logged(
    book: Book, capsys: pytest.CaptureFixture[str]
) -> None:
    async with served(book.watched(), **HOUR) as one, listening("websocket", one.url) as heard:
        await heard.items(1)
        book.broken = True
        one.ring()
        assert await heard.end() == 1011
    assert '"errors":["RuntimeError"]' in capsys.readouterr().out


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"sec-websocket-version": "12"}, 426),
        ({"sec-websocket-key": None}, 400),
        ({"host": "ü"}, 400),
        ({"host": "xn--\u00e9"}, 400),
    ],
)
async def test_a_handshake_that_is_none_is_refused(
    book: Book, changed: dict[str, Any], status: int
) -> None:
    asked = {name: value for name, value in {**UPGRADE, **changed}.items() if value is not None}
    async with (
        served(book.watched()) as one,
        aiohttp.ClientSession() as session,
        session.get(one.url + PATH, headers=asked) as response,
    ):
        assert response.status == status
    assert book.taken == 0


async def test_a_function_that_streams_nothing_answers_as_ever() -> None:
    async with served(find_pupil) as one, aiohttp.ClientSession() as session:
        path = "/api/pupils/p1"
        async with session.get(one.url + path, headers=UPGRADE) as response:
            assert (await response.json())["pupil_id"] == "p1"


async def test_a_server_that_cannot_say_why_says_at_least_no() -> None:
    told: list[Any] = []

    async def send(said: Any) -> None:
        told.append(said)

    async def receive() -> dict[str, str]:
        return {"type": "websocket.connect"}

    scope = {
        "type": "websocket",
        "path": "/api/pupils/unknown/events",
        "query_string": b"",
        "headers": [],
    }
    await app_of(watch_pupil)(scope, receive, send)

    assert told == [{"type": "websocket.close", "code": 1008}]


ASKED = """
import sys
from learnflow.runtime.load import load_function
from learnflow.runtime.serve import _server
from learnflow.runtime.app import application
from learnflow.settings import Settings

settings = Settings.read()
operation = load_function(settings.functions, settings.function_target).operation
_server(application(operation, settings), settings).config.load()
print(sorted({"wsproto", "h11", "learnflow.runtime.sockets"} & set(sys.modules)))
"""


@pytest.mark.parametrize("target", ["register_student", "watch_student"])
def test_nobody_imports_websockets_before_one_is_asked_for(target: str) -> None:
    address = "postgresql://nobody@127.0.0.1:1/nothing"
    environment = {"FUNCTION_TARGET": target, "LEARNFLOW_STUDENTS_DATABASE_URL": address}
    done = subprocess.run(
        [sys.executable, "-c", ASKED], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
