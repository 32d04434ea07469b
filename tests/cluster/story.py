"""The main job on the cluster: a centre's registrations through the functions' URLs."""

import asyncio
import base64
import re
import time
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

from aiohttp import ClientError, ClientSession

from db.roles import database_of
from learnflow.cluster.gateway import Paths, gateway
from learnflow.cluster.telling import PATIENCE_SECONDS
from learnflow.demo.examples import load
from learnflow.demo.result import Result
from learnflow.demo.story import Running, Story
from learnflow.manifests import read_system
from tests.cluster import node
from tests.cluster.acting import acting
from tests.cluster.calling import ANSWER
from tests.cluster.deploy import ROOT, Said

STARTED_SECONDS: Final = 240.0
"""A cold start on a machine that has much else to do."""


def urls() -> dict[str, str]:
    """Each function's own URL, as Knative tells it."""
    return {each["metadata"]["name"]: each["status"]["url"] for each in node.items("ksvc")}


def dsn(short: str) -> str:
    """A database's address as this machine reaches it, as its superuser."""
    held = node.found("secret", f"{short}-db-superuser", "-n", node.NAMESPACE)["data"]["url"]
    address = node.found("service", f"{short}-db-rw", "-n", node.NAMESPACE)["spec"]["clusterIP"]
    url = base64.b64decode(held).decode().replace(f"{short}-db-rw", address)
    return re.sub("[^/]+$", database_of(short), url)


@asynccontextmanager
async def address() -> AsyncIterator[str]:
    """One address for all functions' REST paths."""
    async with gateway(Paths(read_system(ROOT).functions), urls(), node.EXTERNAL) as url:
        yield url


def _nobody() -> Sequence[Mapping[str, Any]]:
    return ()


async def main_job() -> tuple[Result, list[dict[str, Any]]]:
    """Register the examples, follow them to their end, audit; with the dispatchers' own view."""
    async with address() as url, acting() as carrier:
        running = Running(url, dsn, _nobody)
        result = await Story(
            running, load(), Said(), time.monotonic(), patience=PATIENCE_SECONDS
        ).tell()
        return result, carrier.document() if carrier else []


async def one_match(seconds: float = 120) -> dict[str, Any]:
    """A tutor and a student of one new subject, until the student is told; what they are told.

    Raises Refused with the last that was told.
    """
    subject = f"subject-{uuid.uuid4().hex[:8]}"
    async with address() as url, acting(), ClientSession(url, timeout=ANSWER) as session:
        tutor = await registered(session, "/api/tutors", {"name": "Grace", "subjects": [subject]})
        wish = {"name": "Ada", "subject": subject, "grade": 7}
        student = await registered(session, "/api/students", wish)
        deadline = time.monotonic() + seconds
        told: dict[str, Any] = {}
        while told.get("state") != "matched" or not told.get("notified_at"):
            if time.monotonic() > deadline:
                raise node.Refused(f"not matched and told within {seconds:g} s: {told}")
            await asyncio.sleep(0.2)
            async with session.get(student["links"]["self"]) as answer:
                told = await answer.json() if answer.status == 200 else told
        return {**told, "wanted": tutor["tutor_id"], "events": student["links"]["events"]}


async def registered(session: ClientSession, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """What is answered, asked again with the same key while a cold start takes too long."""
    headers = {"idempotency-key": uuid.uuid4().hex}
    deadline = time.monotonic() + STARTED_SECONDS
    while True:
        said = "no answer in time"
        try:
            async with session.post(path, json=body, headers=headers) as answer:
                said = f"{answer.status} {await answer.text()}"
                if answer.status in (200, 201):
                    made: dict[str, Any] = await answer.json()
                    return made
                if answer.status < 500 and answer.status != 409:  # it still runs
                    raise node.Refused(f"{path}: {said}")
        except (ClientError, TimeoutError):
            pass
        if time.monotonic() > deadline:
            raise node.Refused(f"{path}: {said}")
        await asyncio.sleep(1)
