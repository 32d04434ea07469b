"""A stream over a WebSocket through the real gateway: woken, cut, resumed, let go, and told why."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from aiohttp import WSMsgType

from tests.eventually import eventually
from tests.runtime.watching import UPGRADE
from tests.system.harness import Embedded, running

EMMY = {"name": "Emmy", "subjects": ["rhetoric"]}
ADA = {"name": "Ada", "grade": 7, "subject": "rhetoric"}


async def test_a_websocket_is_carried_from_zero_to_zero_and_over_a_killed_function() -> None:
    async with (
        running(window=1.0, grace=0.5) as system,
        aiohttp.ClientSession(system.url) as gateway,
    ):
        ada = await told(gateway, "/api/students", ADA)
        events = ada["links"]["events"]
        async with channel(gateway, events) as first:
            assert (await first.receive_json(timeout=20))["event"] == "waiting"
            assert await busy(system)
            emmy = await told(gateway, "/api/tutors", EMMY)
            said = await first.receive_json(timeout=20)
            assert (said["event"], said["data"]["tutor_id"]) == ("matched", emmy["tutor_id"])
            for process in system.named("watch-student"):
                process.kill()
            closed = await asyncio.wait_for(first.receive(), 5)
            assert closed.type in (WSMsgType.CLOSE, WSMsgType.CLOSED)
        async with channel(gateway, f"{events}?last_event_id={said['id'] - 1}") as again:
            assert (await again.receive_json(timeout=20))["id"] == said["id"]
        await eventually(lambda: not system.named("watch-student"), seconds=20)

        foreign = {**UPGRADE, "origin": "https://evil.example"}
        async with gateway.get(events, headers=foreign) as refused:
            assert (refused.status, refused.content_type) == (403, "application/problem+json")
        async with gateway.ws_connect(events, headers={"origin": system.url}) as last:
            assert (await last.receive_json(timeout=20))["id"] == 1
            await last.receive_json(timeout=20)
            ending = asyncio.create_task(system.stop())
            assert (await asyncio.wait_for(last.receive(), 10)).data in (None, 1001)
            await ending


async def told(gateway: aiohttp.ClientSession, path: str, form: dict[str, Any]) -> Any:
    async with gateway.post(path, json=form) as answer:
        assert answer.status == 201, await answer.text()
        return await answer.json()


@asynccontextmanager
async def channel(
    gateway: aiohttp.ClientSession, path: str
) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    async with gateway.ws_connect(path, protocols=("learnflow.v1",)) as opened:
        assert opened.protocol == "learnflow.v1"
        yield opened


async def busy(system: Embedded) -> bool:
    """Whether the function counts a request for as long as the WebSocket is open."""
    _, shown = await system.control("GET", "/control/ps")
    requests = {one["function"]: one["requests"] for one in shown["functions"]}
    return bool(requests["watch-student"] == 1)
