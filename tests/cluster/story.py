"""The main job on the cluster: a centre's registrations through the functions' URLs."""

import asyncio
import base64
import re
import time
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import ClientSession

from db.roles import database_of
from learnflow.cluster.gateway import Paths, gateway
from learnflow.demo.examples import load
from learnflow.demo.result import Result
from learnflow.demo.story import Running, Story
from learnflow.manifests import read_system
from tests.cluster import node
from tests.cluster.calling import ANSWER
from tests.cluster.deploy import ROOT
from tests.cluster.events import carried


class Said:
    """What the story tells while it runs, line by line."""

    def now(self, text: str) -> None:
        """Passing: not kept."""

    def line(self, state: str, stage: str, detail: str) -> None:
        """A line that stays."""
        print(f"  {state:5} {stage:14} {detail}", flush=True)


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
    """Register the examples, follow them to their end, audit; with the dispatcher's own view."""
    async with address() as url, carried() as (dispatcher, _):
        running = Running(url, dsn, _nobody)
        result = await Story(running, load(), Said(), time.monotonic()).tell()
        return result, dispatcher.document()


async def one_match(seconds: float = 60) -> dict[str, Any]:
    """A tutor and a student of one new subject, until the student is told; what they are told.

    Raises Refused with the last that was told.
    """
    subject = f"subject-{uuid.uuid4().hex[:8]}"
    async with address() as url, carried(), ClientSession(url, timeout=ANSWER) as session:
        tutor = await _post(session, "/api/tutors", {"name": "Grace", "subjects": [subject]})
        wish = {"name": "Ada", "subject": subject, "grade": 7}
        student = await _post(session, "/api/students", wish)
        deadline = time.monotonic() + seconds
        told: dict[str, Any] = {}
        while told.get("state") != "matched" or not told.get("notified_at"):
            if time.monotonic() > deadline:
                raise node.Refused(f"not matched and told within {seconds:g} s: {told}")
            await asyncio.sleep(0.2)
            async with session.get(student["links"]["self"]) as answer:
                told = await answer.json()
        return {**told, "wanted": tutor["tutor_id"]}


async def _post(session: ClientSession, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
    async with session.post(path, json=body) as answer:
        if answer.status != 201:
            raise node.Refused(f"{path}: {answer.status} {await answer.text()}")
        made: dict[str, Any] = await answer.json()
        return made
