"""What daprd is asked, and what its answers mean: against a small server in its place."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from eventing.dapr_publish import DaprPubSub
from eventing.publish import Message, PubSubUnavailable

TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
AWAY = "kafka: client has run out of available brokers to talk to"
LARGE = "kafka server: Message was too large, server rejected it to avoid allocation error"


def message(key: str, topic: str = "said", **fields: Any) -> Message:
    """A message about `key`."""
    return Message(topic, key, json.dumps({"id": key, "specversion": "1.0", **fields}).encode())


@asynccontextmanager
async def daprd(status: int = 204, *failed: tuple[str, str]) -> AsyncIterator[Any]:
    """A bus over a daprd that answers so; what it was asked, by path."""
    asked: dict[str, Any] = {}

    async def answer(request: web.Request) -> web.Response:
        asked[request.path] = await request.json()
        body = {"failedEntries": [{"entryId": n, "error": why} for n, why in failed]}
        return web.json_response(body, status=status) if failed else web.Response(status=status)

    app = web.Application(client_max_size=2**23)
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    try:
        async with DaprPubSub(port) as bus:
            yield bus, asked
    finally:
        await runner.cleanup()


async def test_each_topic_is_one_request_whose_entries_carry_all_they_need() -> None:
    async with daprd() as (bus, asked):
        sent = [message("a", traceparent=TRACE), message("b", "heard"), message("c")]
        assert await bus.publish(sent) == [None] * 3
    first, second = asked["/v1.0-alpha1/publish/bulk/kafka-pubsub/said"]
    assert first["metadata"] == {
        "partitionKey": "a",
        "content-type": "application/cloudevents+json",
    }
    assert first["contentType"] == "application/cloudevents+json"
    assert first["event"]["traceparent"] == TRACE
    assert (first["event"]["traceid"], second["event"]["traceparent"]) == ("", "")
    assert len(asked["/v1.0-alpha1/publish/bulk/kafka-pubsub/heard"]) == 1


async def test_what_kafka_will_never_take_is_refused_with_its_words() -> None:
    async with daprd(500, ("1", LARGE)) as (bus, _):
        assert await bus.publish([message("a"), message("b")]) == [None, LARGE]


@pytest.mark.parametrize("failed", [[("0", AWAY)], [("0", LARGE), ("1", AWAY)], []])
async def test_what_kafka_may_take_later_waits(failed: list[tuple[str, str]]) -> None:
    async with daprd(500, *failed) as (bus, _):
        with pytest.raises(PubSubUnavailable):
            await bus.publish([message("a"), message("b")])
