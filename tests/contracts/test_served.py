"""GET /openapi.json at the gateway is the file in docs/, whatever functions run."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from learnflow.contracts.published import OPENAPI
from learnflow.local import openapi_page, ports
from learnflow.local.gateway import Gateway
from learnflow.local.pool import Pool
from tests.local.conftest import sockets
from tests.local.fakes import FakeStarter, function
from tests.local.test_gateway import Echo

__all__ = ["sockets"]


@pytest.fixture
async def http(sockets: Path) -> AsyncIterator[aiohttp.ClientSession]:
    pool = Pool({"hello": function()}, FakeStarter(sockets, Echo()))
    await pool.start()
    gateway, bound = Gateway(pool), ports.bind(0)
    await gateway.start(bound.socket)
    async with aiohttp.ClientSession(f"http://127.0.0.1:{bound.port}") as session:
        yield session
    await gateway.stop(0.2)
    await pool.stop(grace=0.2)


async def test_the_document_is_served_as_it_lies(http: aiohttp.ClientSession) -> None:
    async with http.get("/openapi.json?pretty=1") as answer:
        assert (answer.status, answer.content_type) == (200, "application/json")
        assert await answer.read() == OPENAPI.read_bytes()


async def test_head_says_how_long_it_is_and_options_what_can_be_done(
    http: aiohttp.ClientSession,
) -> None:
    async with http.head("/openapi.json") as answer:
        assert answer.status == 200
        assert answer.headers["content-length"] == str(OPENAPI.stat().st_size)
        assert await answer.read() == b""
    async with http.options("/openapi.json") as answer:
        assert (answer.status, answer.headers["allow"]) == (204, "GET, HEAD, OPTIONS")


async def test_it_cannot_be_changed_from_outside(http: aiohttp.ClientSession) -> None:
    async with http.put("/openapi.json", data=b"{}") as answer:
        assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD, OPTIONS")
        assert answer.content_type == "application/problem+json"


async def test_a_missing_document_is_said_with_what_to_do(
    http: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(openapi_page, "OPENAPI", tmp_path / "none.json")
    async with http.get("/openapi.json") as answer:
        assert answer.status == 404
        assert "make contracts" in json.loads(await answer.read())["detail"]
