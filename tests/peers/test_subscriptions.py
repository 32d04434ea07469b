"""A daprd subscription feeds a function: SUCCESS, DROP and RETRY mean what they say."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from db.unit_of_work import Database
from eventing.dapr_publish import DaprPubSub
from eventing.envelope import Envelope, structured_json
from eventing.publish import Message
from learnflow.runtime.app import application
from learnflow.runtime.load import load_function
from learnflow.settings import Settings
from tests.eventually import eventually
from tests.peers.apps import serving
from tests.peers.broker import Broker, Sidecar
from tests.peers.conftest import need
from tests.postgres import Databases

pytestmark = pytest.mark.parametrize("broker", ["4.1.1"], indirect=True)
TOPIC = "tutor.registered"
TUTOR = {"tutor_id": "t-1", "version": 1, "subjects": ["mathematics"], "capacity": 2}
KNOWN = "SELECT tutor_id FROM tutors"


def subscription() -> dict[str, Any]:
    """index_tutor hears tutor.registered; what it drops goes to the dead letters."""
    return {
        **{"apiVersion": "dapr.io/v2alpha1", "kind": "Subscription"},
        "metadata": {"name": "index-tutor"},
        "spec": {
            **{"pubsubname": "kafka-pubsub", "topic": TOPIC, "deadLetterTopic": "dead.letter"},
            "routes": {"default": "/"},
        },
        "scopes": ["index-tutor"],
    }


def resiliency() -> dict[str, Any]:
    """The cluster's rules for deliveries, with shorter waits."""
    return {
        **{"apiVersion": "dapr.io/v1alpha1", "kind": "Resiliency"},
        "metadata": {"name": "delivery"},
        "spec": {
            "policies": {
                "retries": {"delivery": {"policy": "constant", "duration": "2s", "maxRetries": 7}}
            },
            "targets": {"components": {"kafka-pubsub": {"inbound": {"retry": "delivery"}}}},
        },
    }


def overheard(app: Any, said: list[bytes]) -> Any:
    """The application, whose answers to deliveries are kept."""

    async def heard(scope: Any, receive: Any, send: Any) -> None:
        async def telling(message: Any) -> None:
            if scope.get("method") == "POST" and message.get("body"):
                said.append(message["body"])
            await send(message)

        await app(scope, receive, telling)

    return heard


def statuses(said: list[bytes]) -> list[str]:
    """What daprd was told to do."""
    return [json.loads(one)["status"] for one in said]


def message(data: dict[str, Any]) -> Message:
    """A tutor.registered of its own."""
    event = Envelope(
        id=uuid4().hex,
        source="learnflow/tutors",
        type="org.learnflow.tutor.registered.v1",
        subject="t-1",
        data=json.dumps(data).encode(),
        extensions={"partitionkey": "t-1"},
    )
    return Message(TOPIC, "t-1", structured_json(event))


@asynccontextmanager
async def fed(
    broker: Broker, folder: Path, database: Database, said: list[bytes]
) -> AsyncIterator[Sidecar]:
    """index_tutor behind a daprd of its own that subscribes; `said` gets its answers."""
    settings = Settings()
    function = load_function(settings.functions, "index_tutor")
    app = application(function.operation, settings, database=database)
    documents = (subscription(), resiliency())
    async with serving(overheard(app, said)) as port:
        daprd = Sidecar(broker, folder, *documents, app_id="index-tutor", app_port=port)
        await daprd.start()
        try:
            yield daprd
        finally:
            daprd.close()


async def tutors(databases: Databases) -> list[str]:
    """Whom the index knows."""
    database = Database("matching", databases.dsn("matching"))
    try:
        async with database.unit() as work:
            return [row[0] for row in await work.read(KNOWN)]
    finally:
        await database.close()


async def test_a_delivered_event_is_applied_once_and_its_offset_goes_on(
    broker: Broker, ground: Path, databases: Databases, matching: Database
) -> None:
    need("daprd")
    said: list[bytes] = []
    async with fed(broker, ground / uuid4().hex, matching, said) as daprd:
        good = message({**TUTOR, "available": True})
        async with DaprPubSub(daprd.port) as bus:
            assert await bus.publish([good, good]) == [None, None]

        async def known() -> bool:
            return await tutors(databases) == ["t-1"]

        await eventually(known, 15, 0.1, daprd.log())
        await eventually(lambda: statuses(said) == ["SUCCESS"] * 2)
        end = broker.ends(TOPIC)
        await eventually(lambda: broker.committed("index-tutor", TOPIC) == end, 15, 0.3)


async def test_what_no_function_can_take_is_dropped_into_the_dead_letters(
    broker: Broker, ground: Path, matching: Database, databases: Databases
) -> None:
    need("daprd")
    said: list[bytes] = []
    async with fed(broker, ground / uuid4().hex, matching, said) as daprd:
        bad = message({"tutor_id": "t-1"})
        async with DaprPubSub(daprd.port) as bus:
            await bus.publish([bad])
        wanted = json.loads(bad.envelope)["id"]

        def dropped() -> bool:
            return wanted in broker.events("dead.letter")

        await eventually(dropped, 15, 0.3, daprd.log())
        assert statuses(said) == ["DROP"]


async def test_what_may_succeed_later_is_tried_again_until_it_does(
    broker: Broker, ground: Path, databases: Databases
) -> None:
    need("daprd")
    away = Database("matching", "postgresql://nobody@127.0.0.1:1/nothing")
    calls: list[int] = []
    said: list[bytes] = []
    asked = away.unit

    def counted(*given: Any, **named: Any) -> Any:
        calls.append(1)
        if len(calls) > 2:
            return back.unit(*given, **named)
        return asked(*given, **named)

    back = Database("matching", databases.dsn("matching"))
    away.unit = counted  # type: ignore[method-assign]
    try:
        async with fed(broker, ground / uuid4().hex, away, said) as daprd:
            sent = message({**TUTOR, "tutor_id": "t-2", "available": True})
            async with DaprPubSub(daprd.port) as bus:
                await bus.publish([sent])

            async def known() -> bool:
                return "t-2" in await tutors(databases)

            await eventually(known, 20, 0.2, daprd.log())
            assert statuses(said) == ["RETRY", "RETRY", "SUCCESS"]
            assert json.loads(sent.envelope)["id"] not in broker.events("dead.letter")
    finally:
        await back.close()
