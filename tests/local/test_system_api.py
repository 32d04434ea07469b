"""/system/api over real sockets: what it exposes, how it streams, and whom it refuses."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from learnflow.local import ports, system_api
from learnflow.local.gateway import Gateway
from learnflow.local.system_api import CAN, EXPOSED, SystemApi
from tests.eventually import eventually
from tests.local.controlled import World, say
from tests.local.fakes import message
from tests.local.test_gateway import raw

JSON = {"content-type": "application/json"}
FAULT = {"function": "hello", "kind": "slow", "seconds": 0.5}


@pytest.fixture
async def http(world: World) -> AsyncIterator[aiohttp.ClientSession]:
    """A client of a gateway before the world's control API."""
    bound, gateway = ports.bind(0), Gateway(world.pool, system=SystemApi(world.path))
    await gateway.start(bound.socket)
    async with aiohttp.ClientSession(f"http://127.0.0.1:{bound.port}") as session:
        yield session
    await gateway.stop(0.2)


async def asked(
    http: aiohttp.ClientSession, method: str, path: str, **given: Any
) -> tuple[int, Any]:
    async with http.request(method, f"/system/api/{path}", **given) as response:
        return response.status, await response.json()


@pytest.mark.parametrize(
    ("path", "control"),
    [
        ("functions", "ps"),
        ("events?limit=1&key=k", "events?limit=1&key=k"),
        ("events/e-1", "events/e-1"),
        ("events/nothing", "events/nothing"),
        ("traces/last", "traces/last"),
        ("dead-letters", "dead-letters"),
        ("dead-letters/7", "dead-letters/7"),
        ("faults", "faults"),
        ("flow", "flow"),
    ],
)
async def test_it_answers_what_the_control_api_answers(
    http: aiohttp.ClientSession,
    api: aiohttp.ClientSession,
    world: World,
    path: str,
    control: str,
) -> None:
    await say(api, world, message("e-1"))
    async with api.get(f"/control/{control}") as expected, http.get(f"/system/api/{path}") as found:
        assert (found.status, found.content_type) == (expected.status, expected.content_type)
        assert (await found.json()).keys() == (await expected.json()).keys()


async def test_faults_are_set_and_cleared_and_refusals_come_through(
    http: aiohttp.ClientSession, world: World
) -> None:
    assert (await asked(http, "POST", "faults", json=FAULT))[0] == 201
    assert [one.kind for one in world.pool.faults.on()] == ["slow"]
    status, said = await asked(http, "POST", "faults", json={**FAULT, "function": "nobody"})
    assert (status, said["detail"]) == (404, "there is no function nobody")
    assert (await asked(http, "POST", "faults/clear", json={}))[0] == 200
    assert world.pool.faults.on() == []


async def test_a_dead_letter_is_replayed(
    http: aiohttp.ClientSession, api: aiohttp.ClientSession, world: World
) -> None:
    world.functions.script = [422, 204]
    await say(api, world, message("e-1"))

    async def letters() -> list[dict[str, Any]]:
        return list((await asked(http, "GET", "dead-letters"))[1]["dead_letters"])

    (letter,) = await eventually(letters)
    path = f"dead-letters/{letter['offset']}/replay"
    assert (await asked(http, "POST", path, json={}))[0] == 200
    assert world.functions.ids() == ["e-1", "e-1"]


async def test_the_tail_streams_each_line_as_it_comes_with_heartbeats_between(
    http: aiohttp.ClientSession,
    api: aiohttp.ClientSession,
    world: World,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(system_api, "HEARTBEAT_SECONDS", 0.05)
    async with asyncio.timeout(5), http.get("/system/api/events/tail") as tail:
        assert tail.content_type == "application/jsonl"
        assert await tail.content.readline() == b"\n"
        await say(api, world, message("e-1"))
        while (line := await tail.content.readline()) == b"\n":
            continue
        assert json.loads(line)["event"]["event_id"] == "e-1"
    await eventually(lambda: world.control.feed.followers == 0)


@pytest.mark.parametrize(
    "path",
    [
        "stop",
        "publish",
        "export",
        "logs",
        "ps",
        "urls",
        "send",
        "events/replay/..",
        "events/../stop",
        "events/%2e%2e",
        "events/",
        "dead-letters/../stop",
        "functions/x",
        "",
    ],
)
async def test_what_is_not_exposed_is_not_there(
    http: aiohttp.ClientSession, world: World, path: str
) -> None:
    answer = await raw(http, f"GET /system/api/{path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 404"), answer
    assert b"/system/api/functions" in answer
    post = f"POST /system/api/{path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json"
    answer = await raw(http, f"{post}\r\nContent-Length: 2\r\n\r\n{{}}".encode())
    assert answer.startswith((b"HTTP/1.1 404", b"HTTP/1.1 405")), answer
    assert not world.stopped


async def test_methods_are_those_of_the_table(http: aiohttp.ClientSession) -> None:
    async with http.options("/system/api/faults") as response:
        assert (response.status, response.headers["allow"]) == (204, "GET, POST, HEAD, OPTIONS")
    async with http.put("/system/api/faults", json={}) as response:
        assert (response.status, response.headers["allow"]) == (405, "GET, POST, HEAD, OPTIONS")
    async with http.get("/system/api/zero") as response:
        assert (response.status, response.headers["allow"]) == (405, "POST, OPTIONS")
    async with http.head("/system/api/functions") as response:
        assert (response.status, await response.read()) == (200, b"")
        assert int(response.headers["content-length"]) > 10
    async with asyncio.timeout(2), http.head("/system/api/events/tail") as response:
        assert response.status == 200


async def test_a_long_body_is_refused(http: aiohttp.ClientSession) -> None:
    status, _ = await asked(http, "POST", "faults", data=b" " * 70_000, headers=JSON)
    assert status == 413


FOREIGN = [
    ({"host": "evil.example"}, "Host header"),
    ({"host": "localhost.evil.example"}, "Host header"),
    ({"host": "evil@localhost"}, "Host header"),
    ({"host": "evillocalhost"}, "Host header"),
    ({"host": "192.0.2.1:8080"}, "Host header"),
    ({"host": "localhost:x"}, "Host header"),
    ({"origin": "http://evil.example"}, "another website"),
    ({"origin": "null"}, "another website"),
    ({"origin": "http://localhost:1"}, "another website"),
    ({"origin": "https://localhost:8080", "host": "localhost:8080"}, "another website"),
    ({"sec-fetch-site": "cross-site"}, "another website"),
    ({"sec-fetch-site": "same-site"}, "another website"),
]


@pytest.mark.parametrize(("headers", "why"), FOREIGN, ids=[str(one) for one, _ in FOREIGN])
async def test_another_website_can_neither_change_nor_look_and_is_told_why(
    http: aiohttp.ClientSession, world: World, headers: dict[str, str], why: str
) -> None:
    for method, path in (("POST", "faults"), ("GET", "functions"), ("OPTIONS", "faults")):
        body = {"data": json.dumps(FAULT)} if method == "POST" else {}
        status, said = await asked(http, method, path, headers={**JSON, **headers}, **body)
        assert (status, why in said["detail"]) == (403, True), said
    assert world.pool.faults.on() == []


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""]
)
async def test_a_form_of_another_website_changes_nothing(
    http: aiohttp.ClientSession, world: World, kind: str
) -> None:
    headers = {"content-type": kind}
    status, said = await asked(
        http, "POST", "faults", data=json.dumps(FAULT).encode(), headers=headers
    )
    assert (status, "application/json" in said["detail"]) == (403, True)
    assert world.pool.faults.on() == []


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "[::1]", "learnflow.localhost"])
async def test_the_page_s_own_requests_pass_by_each_name_of_this_machine(
    http: aiohttp.ClientSession, name: str
) -> None:
    host = f"{name}:8080"
    headers = {"host": host, "origin": f"http://{host}", "sec-fetch-site": "same-origin"}
    assert (await asked(http, "POST", "faults/clear", headers={**JSON, **headers}, data="{}"))[
        0
    ] == 200


async def test_two_hosts_are_none(http: aiohttp.ClientSession) -> None:
    lines = b"GET /system/api/functions HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n"
    assert (await raw(http, lines)).split()[1] in (b"400", b"403")


async def test_no_answer_gives_other_websites_leave_to_read_it(http: aiohttp.ClientSession) -> None:
    asking = {"access-control-request-method": "POST", "origin": f"{http._base_url}".rstrip("/")}
    for method, path in (("GET", "functions"), ("OPTIONS", "burst"), ("GET", "nothing")):
        async with http.request(method, f"/system/api/{path}", headers=asking) as response:
            assert [name for name in response.headers if name.lower().startswith("access-")] == []
            assert response.headers["cross-origin-resource-policy"] == "same-origin"
            assert response.headers["cache-control"] == "no-store"


async def test_the_configuration_tells_where_functions_and_the_system_are(
    http: aiohttp.ClientSession,
) -> None:
    async with http.get("/config.json") as response:
        config = await response.json()
    assert config["functions"] == {"hello": ""}
    assert config["system"] == {"url": "/system/api", "can": list(CAN)}
    assert config["live"] == ["sse", "websocket"]
    async with http.get("/config.json", headers={"host": "evil.example"}) as response:
        assert (await response.json())["system"] is None


async def test_while_the_runner_stops_it_says_so(sockets: Path, world: World) -> None:
    bound = ports.bind(0)
    gateway = Gateway(world.pool, system=SystemApi(sockets / "nobody.sock"))
    await gateway.start(bound.socket)
    async with aiohttp.ClientSession(f"http://127.0.0.1:{bound.port}") as session:
        status, said = await asked(session, "GET", "functions")
    await gateway.stop(0.1)
    assert (status, "starting or stopping" in said["detail"]) == (503, True)


async def test_a_stop_does_not_wait_for_who_looks(world: World) -> None:
    bound, gateway = ports.bind(0), Gateway(world.pool, system=SystemApi(world.path))
    await gateway.start(bound.socket)
    async with (
        aiohttp.ClientSession(f"http://127.0.0.1:{bound.port}") as session,
        session.get("/system/api/events/tail") as tail,
    ):
        async with asyncio.timeout(2):
            await gateway.stop(grace=30)
        with pytest.raises(aiohttp.ClientError):
            await tail.read()


def test_every_ability_has_its_path() -> None:
    said = {"letters": "dead-letters"}
    assert {said.get(one, one) for one in CAN} <= {path.partition("/")[0] for path in EXPOSED}
