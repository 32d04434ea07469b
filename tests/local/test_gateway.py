"""The gateway over real sockets: routing, headers, bodies, streams, WebSockets, refusals, ports."""

import asyncio
import contextlib
import io
import os
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from learnflow.local import ports
from learnflow.local.faults import Switch
from learnflow.local.gateway import Gateway
from learnflow.local.pool import Pool
from learnflow.local.routes import Routes, Target, Unknown
from tests.eventually import eventually
from tests.local.fakes import FakeStarter, function, route
from tests.runtime.watching import UPGRADE

FUNCTIONS = (
    function("register-student", routes=(route("POST /api/students"),)),
    function("find-student", routes=(route("GET /api/students/{id}"), route("GET /api/students"))),
    function("withdraw-student", routes=(route("DELETE /api/students/{id}"),)),
    function("watch-student", routes=(route("GET /api/students/{id}/events"),), timeout=0.4),
    function("match-student", cluster_local=True),
)


class Echo:
    """A function that says what it got; some paths do more."""

    def __init__(self) -> None:
        self.streams = 0
        self.first_chunk_came = asyncio.Event()

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.headers.get("upgrade") == "websocket":
            return await self.talk(request)
        if request.path.endswith("/events"):
            return await self.stream(request)
        body = await request.content.read()
        response = web.json_response(
            {
                "method": request.method,
                "path": request.raw_path,
                "headers": {name.lower(): value for name, value in request.headers.items()},
                "bytes": len(body),
            },
            headers={"X-Own": "yes", "Keep-Alive": "timeout=5"},
        )
        response.headers.add("Set-Cookie", "a=1")
        response.headers.add("Set-Cookie", "b=2")
        return response

    async def stream(self, request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await response.prepare(request)
        self.streams += 1
        try:
            await response.write(b"data: 1\n\n")
            await self.first_chunk_came.wait()
            await response.write(b"data: 2\n\n")
            await asyncio.sleep(60)
        finally:
            self.streams -= 1
        return response

    async def talk(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.path.endswith("/refused"):
            said = {"Content-Type": "application/problem+json", "Retry-After": "7"}
            return web.Response(status=403, body=b'{"status": 403}', headers=said)
        channel = web.WebSocketResponse(protocols=("feed",))
        await channel.prepare(request)
        async for message in channel:
            if message.data == "bye":
                await channel.close(code=4001)
            else:
                await channel.send_str(f"heard {message.data}")
        return channel


@pytest.fixture
def echo() -> Echo:
    return Echo()


@pytest.fixture
async def pool(sockets: Path, echo: Echo) -> AsyncIterator[Pool]:
    running = Pool({one.name: one for one in FUNCTIONS}, FakeStarter(sockets, echo))
    await running.start()
    yield running
    await running.stop(grace=0.2)


@pytest.fixture
async def gateway(pool: Pool) -> Gateway:
    return Gateway(pool)


@pytest.fixture
async def http(gateway: Gateway) -> AsyncIterator[aiohttp.ClientSession]:
    bound = ports.bind(0)
    await gateway.start(bound.socket)
    async with aiohttp.ClientSession(f"http://127.0.0.1:{bound.port}") as session:
        yield session
    await gateway.stop(0.2)


@pytest.mark.parametrize(
    ("line", "name", "path"),
    [
        ("POST /api/students", "register-student", "/api/students"),
        ("GET /api/students?student_id=7", "find-student", "/api/students?student_id=7"),
        ("GET /api/students/7", "find-student", "/api/students/7"),
        ("HEAD /api/students/7", "find-student", "/api/students/7"),
        ("DELETE /api/students/7/", None, None),
        ("GET /api/students/7/events", "watch-student", "/api/students/7/events"),
        ("POST /register-student", "register-student", "/"),
        ("POST /register-student?a=%20b", "register-student", "/?a=%20b"),
        ("GET /find-student/deeper/%2F", "find-student", "/deeper/%2F"),
        ("OPTIONS /api/students", "register-student", "/api/students"),
        ("GET /api/students//events", None, None),
        ("GET /nowhere", None, None),
    ],
)
def test_requests_find_their_function(line: str, name: str | None, path: str | None) -> None:
    method, target = line.split(" ")
    found = Routes({one.name: one for one in FUNCTIONS}).find(method, target, "localhost:8080")
    if name is None:
        assert isinstance(found, Unknown)
    else:
        assert isinstance(found, Target)
        assert (found.function.name, found.path) == (name, path)


def test_a_host_name_is_a_function_with_all_its_paths() -> None:
    routes = Routes({one.name: one for one in FUNCTIONS})
    found = routes.find("GET", "/healthz?x", "Find-Student.learnflow.localhost:8080")
    assert isinstance(found, Target)
    assert (found.function.name, found.path) == ("find-student", "/healthz?x")


def test_a_preflight_goes_to_the_function_it_asks_about() -> None:
    routes = Routes({one.name: one for one in FUNCTIONS})
    found = routes.find("OPTIONS", "/api/students/7", None, "DELETE")
    assert isinstance(found, Target)
    assert found.function.name == "withdraw-student"


def test_a_path_takes_what_all_its_functions_take() -> None:
    routes = Routes({one.name: one for one in FUNCTIONS})
    assert routes.methods("/api/students/7?x", None) == ("DELETE", "GET", "HEAD", "OPTIONS")
    assert routes.methods("/find-student/", None) == ()
    assert routes.methods("/api/students/7", "find-student.learnflow.localhost") == ()


async def test_a_wrong_method_names_the_right_ones(http: aiohttp.ClientSession) -> None:
    async with http.put("/api/students/7") as response:
        assert (response.status, response.headers["allow"]) == (405, "DELETE, GET")


async def test_an_unknown_path_names_what_is_near(http: aiohttp.ClientSession) -> None:
    async with http.get("/api/student") as response:
        assert response.status == 404
        assert response.content_type == "application/problem+json"
        assert "/api/students" in (await response.json())["nearest"]


@pytest.mark.parametrize(
    ("path", "host"), [("/match-student", None), ("/", "match-student.learnflow.localhost")]
)
async def test_a_cluster_local_function_is_hidden_and_says_why(
    http: aiohttp.ClientSession, path: str, host: str | None
) -> None:
    async with http.post(path, headers={"host": host} if host else {}) as response:
        assert response.status == 404
        assert "on Knative too" in (await response.json())["detail"]


async def test_requests_and_responses_pass_with_their_headers(http: aiohttp.ClientSession) -> None:
    sent = {"Connection": "x-hop", "X-Hop": "1", "X-Forwarded-For": "10.0.0.1", "TE": "trailers"}
    async with http.post("/api/students", data=b"12345", headers=sent) as response:
        said = await response.json()
        cookies = response.headers.getall("set-cookie")
        assert "keep-alive" not in response.headers
    headers = said["headers"]
    assert (said["method"], said["path"], said["bytes"]) == ("POST", "/api/students", 5)
    assert cookies == ["a=1", "b=2"]
    assert headers["x-forwarded-for"] == "10.0.0.1, 127.0.0.1"
    assert headers["x-forwarded-proto"] == "http"
    assert headers["x-forwarded-host"] == headers["host"]
    assert len(headers["x-request-id"]) == 36
    assert headers["content-length"] == "5"
    assert not {"x-hop", "te", "connection"} & headers.keys()


async def test_a_head_request_keeps_the_length(http: aiohttp.ClientSession) -> None:
    async with http.head("/api/students/7") as response:
        assert response.status == 200
        assert int(response.headers["content-length"]) > 100


@pytest.mark.parametrize("size", [0, 70_000, 3_000_000])
async def test_bodies_of_any_length_arrive(http: aiohttp.ClientSession, size: int) -> None:
    async with http.post("/api/students", data=io.BytesIO(b"x" * size)) as response:
        assert (await response.json())["bytes"] == size


async def test_a_chunked_body_arrives(http: aiohttp.ClientSession) -> None:
    async with http.post("/api/students", data=chunks(20, 1000)) as response:
        assert (await response.json())["bytes"] == 20_000


async def chunks(count: int, size: int) -> AsyncIterator[bytes]:
    for _ in range(count):
        yield b"x" * size


async def test_a_body_past_ten_mebibytes_is_refused_and_harms_nobody(
    http: aiohttp.ClientSession, pool: Pool
) -> None:
    async with http.post("/api/students", data=chunks(120, 100_000)) as response:
        assert response.status == 413
    async with http.post("/api/students", data=b"ok") as response:
        assert response.status == 200
    assert pool.revisions["register-student"].fleet.starts == 1


async def raw(http: aiohttp.ClientSession, request: bytes) -> bytes:
    base = http._base_url
    assert base is not None
    reader, writer = await asyncio.open_connection(base.host, base.port)
    writer.write(request)
    answer = await asyncio.wait_for(reader.read(4096), 5)
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()
    return answer


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"GET /find-student/\xff\xfe HTTP/1.1\r\nHost: a\r\n\r\n", (200, 400)),
        (b"GET /find-student HTTP/1.1\r\nHost: a\r\nX: \xff\xfe\r\n\r\n", (200, 400)),
        (b"GET http://a/find-student?x=1 HTTP/1.1\r\nHost: a\r\n\r\n", (200,)),
        (b"GET //evil/ HTTP/1.1\r\nHost: a\r\n\r\n", (404,)),
        (b"GET /../../etc HTTP/1.1\r\nHost: a\r\n\r\n", (404,)),
        (b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", (404, 400)),
        (b"POST /api/students HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", (400,)),
        (b"nonsense\r\n\r\n", (400,)),
    ],
)
async def test_no_input_makes_a_5xx(
    http: aiohttp.ClientSession, request_bytes: bytes, status: tuple[int, ...]
) -> None:
    answer = await raw(http, request_bytes)
    assert int(answer.split(b" ")[1]) in status


async def test_expect_continue_is_answered(http: aiohttp.ClientSession) -> None:
    head = (
        b"POST /api/students HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n"
    )
    answer = await raw(http, head + b"\r\n")
    assert answer.startswith(b"HTTP/1.1 100 Continue")


async def test_a_stream_passes_unbuffered_and_is_cut_at_the_timeout(
    http: aiohttp.ClientSession, echo: Echo, pool: Pool
) -> None:
    async with http.get("/api/students/7/events") as response:
        assert await response.content.readline() == b"data: 1\n"
        echo.first_chunk_came.set()
        assert pool.document()[3]["requests"] == 1
        with pytest.raises(aiohttp.ClientError):
            await response.content.read()
    await eventually(lambda: pool.document()[3]["requests"] == 0)


async def test_a_watcher_who_leaves_ends_the_stream(
    http: aiohttp.ClientSession, echo: Echo, pool: Pool
) -> None:
    response = await http.get("/api/students/7/events")
    await response.content.readline()
    assert echo.streams == 1
    response.close()
    await eventually(lambda: pool.document()[3]["requests"] == 0, seconds=0.3)


async def test_a_stop_does_not_wait_for_streams(
    http: aiohttp.ClientSession, gateway: Gateway, pool: Pool
) -> None:
    response = await http.get("/api/students/7/events")
    await response.content.readline()
    async with http.ws_connect("/find-student/feed") as channel:
        async with asyncio.timeout(1):
            await gateway.stop(grace=30)
        message = await channel.receive()
    assert message.type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED)
    response.close()
    await eventually(lambda: pool.document()[3]["requests"] == 0)


async def test_websockets_pass_both_ways_with_protocol_and_close_code(
    http: aiohttp.ClientSession, pool: Pool
) -> None:
    async with http.ws_connect("/find-student/feed", protocols=("feed",)) as channel:
        assert channel.protocol == "feed"
        await channel.send_str("one")
        assert await channel.receive_str() == "heard one"
        assert pool.document()[1]["requests"] == 1
        await channel.send_str("bye")
        assert (await channel.receive()).data == 4001
    await eventually(lambda: pool.document()[1]["requests"] == 0)


async def test_a_websocket_that_the_function_refuses_is_answered_in_its_own_words(
    http: aiohttp.ClientSession, pool: Pool
) -> None:
    async with http.get("/find-student/refused", headers=UPGRADE) as response:
        assert (response.status, await response.json(content_type=None)) == (403, {"status": 403})
        assert response.headers["content-type"] == "application/problem+json"
        assert response.headers["retry-after"] == "7"
    await eventually(lambda: pool.document()[1]["requests"] == 0)


async def test_fault_switches_act_on_websockets_too(
    http: aiohttp.ClientSession, pool: Pool
) -> None:
    pool.faults.set(Switch("find-student", "fail", status=500, left=1))
    pool.faults.set(Switch("find-student", "drop", left=1))
    async with http.get("/find-student/feed", headers=UPGRADE) as response:
        assert (response.status, "fault switch" in await response.text()) == (500, True)
    pool.faults.set(Switch("find-student", "drop", left=2))  # aiohttp asks again
    with pytest.raises(aiohttp.ClientError):
        await http.ws_connect("/find-student/feed")
    async with http.ws_connect("/find-student/feed") as channel:
        await channel.send_str("one")
        assert await channel.receive_str() == "heard one"


async def test_a_websocket_whose_instance_ends_is_closed_and_the_next_goes_to_another(
    http: aiohttp.ClientSession, pool: Pool
) -> None:
    async with http.ws_connect("/find-student/feed") as channel:
        await channel.send_str("one")
        await channel.receive_str()
        pool.revisions["find-student"].renew()
        await pool.revisions["find-student"].fleet.upstreams[0].close()
        assert (await asyncio.wait_for(channel.receive(), 5)).type is aiohttp.WSMsgType.CLOSE
    await pool.revisions["find-student"].fleet.upstreams[-1].close()  # and nobody knows yet
    asyncio.get_running_loop().call_later(0.02, pool.revisions["find-student"].renew)
    async with http.ws_connect("/find-student/feed") as channel:
        await channel.send_str("two")
        assert await channel.receive_str() == "heard two"


async def test_a_websocket_is_cut_where_knative_cuts_it(http: aiohttp.ClientSession) -> None:
    async with http.ws_connect("/watch-student/feed") as channel:
        message = await asyncio.wait_for(channel.receive(), 5)
        assert message.type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED)


async def test_the_index_lists_functions_for_programs_and_people(
    http: aiohttp.ClientSession,
) -> None:
    async with http.get("/") as response:
        names = [entry["function"] for entry in (await response.json())["functions"]]
        assert names == [one.name for one in FUNCTIONS]
    async with http.get("/", headers={"accept": "text/html"}) as response:
        assert "POST /api/students" in await response.text()
    async with http.get("/healthz") as response:
        assert await response.json() == {"status": "ok"}


async def test_a_function_that_does_not_start_is_a_503_with_its_last_words(
    sockets: Path, echo: Echo
) -> None:
    starter = FakeStarter(sockets, echo)
    starter.failures = 100
    pool = Pool({"f": function("f")}, starter, tail=lambda _: ["ImportError: no"])
    bound, gateway = ports.bind(0), Gateway(pool)
    await gateway.start(bound.socket)
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{bound.port}/f") as response,
    ):
        problem = await response.json()
    await gateway.stop(0.1)
    await pool.stop(0.1)
    assert (response.status, response.headers["retry-after"]) == (503, "1")
    assert problem["log"] == ["ImportError: no"]


def test_a_clash_of_ports_names_the_owner() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        bound = ports.bind(port)
    bound.socket.close()
    assert bound.port > port
    assert bound.message is not None
    assert bound.message.startswith(f"Port {port} is used by PID {os.getpid()} (")
    assert bound.message.endswith(f"); using {bound.port}.")


def test_a_free_port_is_taken_silently() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    bound = ports.bind(port)
    bound.socket.close()
    assert (bound.port, bound.message) == (port, None)
