"""Calling functions as the world and as the cluster do, and waiting for them to be at zero."""

import asyncio
import json
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from aiohttp import ClientSession, ClientTimeout

from tests.cluster import node

ANSWER: Final = ClientTimeout(total=60)
ZERO_SECONDS: Final = 150.0
"""The window, the grace of scale-to-zero, and a slow machine."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, and after how many seconds."""

    status: int
    body: str
    seconds: float

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


async def call(
    function: str, method: str = "GET", path: str = "/", body: Mapping[str, Any] | None = None
) -> Answer:
    """Ask a function at its own URL, as Knative tells it."""
    url = node.found("ksvc", function, "-n", node.NAMESPACE)["status"]["url"]
    return await _ask(node.EXTERNAL, method, path, {"host": urlsplit(url).netloc}, body)


async def tell(function: str, kind: str, data: Mapping[str, Any], key: str) -> Answer:
    """Give a function an event, as a KafkaSource does; for those inside the cluster too."""
    headers = {
        "host": f"{function}.{node.NAMESPACE}.svc.cluster.local",
        "ce-specversion": "1.0",
        "ce-id": str(uuid.uuid4()),
        "ce-source": "tests/cluster",
        "ce-type": kind,
        "ce-subject": key,
        "ce-partitionkey": key,
    }
    return await _ask(node.INTERNAL, "POST", "/", headers, data)


async def _ask(
    door: str, method: str, path: str, headers: Mapping[str, str], body: Mapping[str, Any] | None
) -> Answer:
    began = time.monotonic()
    async with (
        ClientSession(timeout=ANSWER) as session,
        session.request(method, door + path, headers=headers, json=body) as answer,
    ):
        return Answer(answer.status, await answer.text(), time.monotonic() - began)


async def at_zero(*functions: str) -> float:
    """Wait until none of them has an instance; the seconds that took."""

    def gone() -> bool:
        return not any(node.pods(each) for each in functions)

    return await asyncio.to_thread(node.wait, f"{', '.join(functions)} at zero", gone, ZERO_SECONDS)
