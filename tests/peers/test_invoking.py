"""match_student's question to list_tutors goes through a real daprd, or is not asked at all."""

import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from aiohttp import web

from db.unit_of_work import Database
from learnflow.ranking import asking
from learnflow.runtime.app import application
from learnflow.runtime.load import load_function
from learnflow.settings import Settings
from tests.peers.apps import Handler, answering, serving
from tests.peers.broker import Broker, Sidecar
from tests.peers.conftest import need
from tests.postgres import Databases

pytestmark = pytest.mark.parametrize("broker", ["4.1.1"], indirect=True)
ADD = """
INSERT INTO tutors (tutor_id, name, subjects, capacity, available)
VALUES ('{}', 'A Name', '{{{}}}', 2, true)
"""


def endpoint(port: int) -> dict[str, Any]:
    """list-tutors as the cluster's HTTPEndpoint names it, here at a port of this machine."""
    return {
        **{"apiVersion": "dapr.io/v1alpha1", "kind": "HTTPEndpoint"},
        "metadata": {"name": asking.ENDPOINT},
        "spec": {"baseUrl": f"http://127.0.0.1:{port}"},
    }


def resiliency(seconds: float) -> dict[str, Any]:
    """The cluster's policy with another time-out."""
    return {
        **{"apiVersion": "dapr.io/v1alpha1", "kind": "Resiliency"},
        "metadata": {"name": "asking"},
        "spec": {
            "policies": {"timeouts": {"cold": f"{seconds:g}s"}},
            "targets": {"apps": {asking.ENDPOINT: {"timeout": "cold"}}},
        },
    }


@asynccontextmanager
async def invoking(
    broker: Broker, folder: Path, port: int, *documents: dict[str, Any]
) -> AsyncIterator[Sidecar]:
    """match_student's daprd, which knows list-tutors at a port."""
    need("daprd")
    daprd = Sidecar(broker, folder, endpoint(port), *documents, app_id="match-student")
    await daprd.start()
    try:
        yield daprd
    finally:
        daprd.close()


async def test_the_tutors_of_tutors_db_come_back_as_snapshots_without_their_names(
    broker: Broker, ground: Path, databases: Databases, tutors: Database
) -> None:
    async with tutors.unit() as work:
        for number, subject in ((1, "mathematics"), (2, "physics")):
            await work.read(ADD.format(f"t-{number}", subject) + " RETURNING tutor_id")
        await work.commit()
    settings = Settings()
    function = load_function(settings.functions, "list_tutors")
    app = application(function.operation, settings, database=tutors)
    async with (
        serving(app) as port,
        invoking(broker, ground / uuid4().hex, port) as daprd,
    ):
        (found,) = await asking.tutors(daprd.port, "mathematics", 7)
    assert (found.tutor_id, found.capacity, found.available) == ("t-1", 2, True)
    assert "A Name" not in found.model_dump_json()


async def late(_: web.Request) -> web.StreamResponse:
    """Answers when nobody waits any more."""
    import asyncio

    await asyncio.sleep(4)
    return web.json_response({"tutors": [], "next": None})


async def broken(_: web.Request) -> web.StreamResponse:
    """Answers something else."""
    return web.Response(text=json.dumps({"tutors": [{"tutor_id": 1}]}))


@pytest.mark.parametrize("handler", [late, broken], ids=["late", "broken"])
async def test_no_good_answer_is_none_and_matching_goes_on(
    broker: Broker, ground: Path, handler: Handler
) -> None:
    async with (
        answering(handler) as port,
        invoking(broker, ground / uuid4().hex, port, resiliency(0.3)) as daprd,
    ):
        began = time.monotonic()
        assert await asking.tutors(daprd.port, "mathematics", 7) == []
        assert time.monotonic() - began < 3, "the policy's time-out did not apply"
