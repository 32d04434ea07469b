"""What the gateway remembers of requests, says of their trace, and never keeps."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import aiohttp
import pytest
from aiohttp import web

from learnflow.local import ports
from learnflow.local.gateway import Gateway
from learnflow.local.pool import Pool
from learnflow.local.requests import Passed, Requests
from learnflow.local.spans import told, trace_and_span
from tests.local.fakes import FakeStarter, function, route

TRACE: Final = "ab" * 16
SPAN: Final = "cd" * 8
OWN: Final = f"00-{TRACE}-{'ef' * 8}-01"
STUDENT: Final = "5f1c0de0" * 4
FUNCTIONS: Final = (
    function("register-student", routes=(route("POST /api/students"),)),
    function("find-student", routes=(route("GET /api/students/{id}"),)),
)


class Answering:
    """A function that keeps the headers it got and answers like ours."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.headers = {
            "Server-Timing": 'function;dur=2.500, sql;dur=1.250;desc="3"',
            "traceresponse": OWN,
            "Location": f"/api/students/{STUDENT}",
        }

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        self.seen.append(request.headers["traceparent"])
        await request.content.read()
        return web.Response(status=201, headers=self.headers)


@dataclass(frozen=True)
class Served:
    """A gateway's address, and what it remembers."""

    requests: Requests
    url: str


@pytest.fixture
def answering() -> Answering:
    return Answering()


@pytest.fixture
async def starter(sockets: Path, answering: Answering) -> FakeStarter:
    return FakeStarter(sockets, answering)


@pytest.fixture
async def gateway(starter: FakeStarter) -> AsyncIterator[Served]:
    pool = Pool({one.name: one for one in FUNCTIONS}, starter)
    await pool.start()
    made = Gateway(pool)
    bound = ports.bind(0)
    await made.start(bound.socket)
    yield Served(made.requests, f"http://127.0.0.1:{bound.port}")
    await made.stop(0.2)
    await pool.stop(0.2)


async def ask(gateway: Served, method: str, path: str, **given: Any) -> aiohttp.ClientResponse:
    async with (
        aiohttp.ClientSession(gateway.url) as http,
        http.request(method, path, **given) as response,
    ):
        await response.read()
        return response


async def test_a_request_is_remembered_with_its_times_and_without_its_words(
    gateway: Served, answering: Answering
) -> None:
    body = {"name": "Zaphod Beeblebrox"}
    await ask(gateway, "POST", "/api/students?name=Zaphod", json=body, headers={"X-Who": "Zaphod"})
    (passed,) = gateway.requests
    assert (passed.method, passed.path, passed.status) == ("POST", "/api/students", 201)
    assert (passed.function, passed.resource) == ("register-student", STUDENT)
    assert passed.cold_start_ms is not None
    assert passed.began_ms is not None
    assert passed.ms is not None
    assert 0 < passed.cold_start_ms <= passed.began_ms + 1
    assert passed.began_ms <= passed.ms
    assert passed.told is not None
    assert (passed.told.sql_ms, passed.told.statements) == (1.25, 3)
    assert "Zaphod" not in str(passed.document())


async def test_the_callers_trace_goes_on_to_the_function(
    gateway: Served, answering: Answering
) -> None:
    sent = {"traceparent": f"00-{TRACE}-{SPAN}-01"}
    answer = await ask(gateway, "POST", "/api/students", headers=sent)
    (passed,) = gateway.requests
    assert (passed.trace_id, passed.parent) == (TRACE, SPAN)
    assert trace_and_span(answering.seen[0]) == (TRACE, passed.span)
    assert answer.headers.getall("traceresponse") == [OWN]


@pytest.mark.parametrize("sent", [None, "", f"00-{'0' * 32}-{SPAN}-01", "nonsense"])
async def test_a_request_without_a_trace_gets_one(
    gateway: Served, answering: Answering, sent: str | None
) -> None:
    headers = {} if sent is None else {"traceparent": sent}
    await ask(gateway, "POST", "/api/students", headers=headers)
    (passed,) = gateway.requests
    assert passed.parent is None
    assert trace_and_span(answering.seen[0]) == (passed.trace_id, passed.span)


async def test_the_gateways_own_refusal_tells_its_trace_in_header_and_document(
    gateway: Served, starter: FakeStarter
) -> None:
    starter.failures = 9
    answer = await ask(gateway, "POST", "/api/students")
    (passed,) = gateway.requests
    assert (answer.status, passed.status) == (503, 503)
    assert trace_and_span(answer.headers["traceresponse"])[0] == passed.trace_id
    assert (await answer.json())["trace_id"] == passed.trace_id


async def test_what_goes_to_no_function_is_not_remembered(gateway: Served) -> None:
    for path in ("/", "/healthz", "/nothing/here"):
        await ask(gateway, "GET", path)
    assert list(gateway.requests) == []


def test_only_the_newest_requests_are_kept() -> None:
    requests = Requests(limit=3)
    for number in range(5):
        requests.begin("GET", f"/{number}", "f", None)
    assert [one.path for one in requests] == ["/2", "/3", "/4"]


def test_the_last_change_is_no_look() -> None:
    requests = Requests()
    assert requests.last_change() is None
    change = requests.begin("DELETE", "/api/students/x", "withdraw-student", None)
    for method in ("GET", "HEAD"):
        requests.begin(method, "/api/students/x", "find-student", None)
    assert requests.last_change() is change


@pytest.mark.parametrize(
    ("target", "shown"),
    [
        (f"/api/students/{STUDENT}?name=Max", f"/api/students/{STUDENT}"),
        ("/api/students/Max%20Mustermann", "/api/students/…"),
        ("/api/students/max@example.org", "/api/students/…"),
        (f"/api/{'x' * 65}", "/api/…"),
    ],
)
def test_a_part_of_a_path_that_is_no_id_is_not_kept(target: str, shown: str) -> None:
    assert Requests().begin("GET", target, "find-student", None).path == shown


def test_a_request_is_about_the_ids_in_its_path_and_what_it_made() -> None:
    passed = Requests().begin("GET", f"/api/students/{STUDENT}", "find-student", None)
    made = replace(passed, path="/api/students", resource=STUDENT)
    for one in (passed, made):
        assert one.is_about(STUDENT[:6])
        assert not one.is_about("stud")  # a word, no id
        assert not one.is_about("7777")


@pytest.mark.parametrize("header", ["", "cache;desc=hit", "function;dur=x", "db;dur=1.0"])
def test_timings_of_another_host_tell_nothing(header: str) -> None:
    found = told({"server-timing": header})
    assert found is not None
    assert (found.function_ms, found.sql_ms, found.statements, found.span) == (0, 0, 0, None)
    assert not found.duplicate
    assert told({}) is None


def test_a_request_in_flight_has_no_end() -> None:
    passed: Passed = Requests().begin("GET", "/api/students", "list", None)
    assert (passed.status, passed.ms, passed.told) == (None, None, None)
