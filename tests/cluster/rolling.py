"""Relays replaced one after another while students register: none is lost, none told twice."""

import asyncio
import time
import uuid
from collections import Counter
from dataclasses import dataclass
from typing import Any, Final

import asyncpg

from tests.cluster import node
from tests.cluster.acting import acting
from tests.cluster.calling import call
from tests.cluster.story import dsn

RELAYS: Final = 2
ROLLED_SECONDS: Final = 240.0
TOLD_SECONDS: Final = 240.0
AT_ONCE: Final = 2
_TOLD: Final = """
SELECT recipient_id, count(*) FROM notifications WHERE recipient_id = ANY($1) GROUP BY 1
"""
_PUBLISHED: Final = "SELECT count(*) FROM outbox WHERE key = ANY($1) AND published_at IS NULL"


@dataclass(frozen=True, slots=True)
class Rolled:
    """What became of it: students, how often each was told, pods before and after, what waits."""

    students: int
    told: Counter[int]
    replaced: bool
    unpublished: int


async def rolled(least: int = 40) -> Rolled:
    """Two relays, restarted while students register, so many of them at least. Raises Refused."""
    node.kubectl("scale", "deployment/relay", "-n", node.NAMESPACE, f"--replicas={RELAYS}")
    try:
        await asyncio.to_thread(_settled)
        before = _relays()
        async with acting():
            node.kubectl("rollout", "restart", "deployment/relay", "-n", node.NAMESPACE)
            over = asyncio.create_task(asyncio.to_thread(_settled))
            students = await _registered(least, over)
            await over
            told = await _told(students)
        replaced = not before & _relays() and len(before) == RELAYS
        return Rolled(len(students), told, replaced, await _waiting(students))
    finally:
        node.kubectl("scale", "deployment/relay", "-n", node.NAMESPACE, "--replicas=1")


async def _registered(least: int, over: asyncio.Task[None]) -> list[str]:
    """Students of a subject that nobody teaches, until the relays are replaced: all will wait."""
    subject, found = f"subject-{uuid.uuid4().hex[:8]}", list[str]()

    async def some() -> None:
        while len(found) < least or not over.done():
            wish = {"name": "Ada", "subject": subject, "grade": 7}
            answer = await call("register-student", "POST", "/api/students", wish)
            if answer.status != 201:
                raise node.Refused(f"register-student: {answer.status} {answer.body}")
            found.append(answer.json()["student_id"])

    await asyncio.gather(*(some() for _ in range(AT_ONCE)))
    return found


async def _told(students: list[str]) -> Counter[int]:
    """How many were told how often, once all were or time is up."""
    connection = await asyncpg.connect(dsn("students"))
    try:
        deadline = time.monotonic() + TOLD_SECONDS
        rows = await connection.fetch(_TOLD, students)
        while len(rows) < len(students) and time.monotonic() < deadline:
            await asyncio.sleep(1)
            rows = await connection.fetch(_TOLD, students)
        return Counter(row[1] for row in rows)
    finally:
        await connection.close()


async def _waiting(students: list[str]) -> int:
    connection = await asyncpg.connect(dsn("students"))
    try:
        waiting: int = await connection.fetchval(_PUBLISHED, students)
        return waiting
    finally:
        await connection.close()


def _settled() -> None:
    def all_there() -> bool:
        found: dict[str, Any] = node.found("deployment", "relay", "-n", node.NAMESPACE)
        status = found["status"]
        seen = status.get("observedGeneration") == found["metadata"]["generation"]
        counts = ("replicas", "updatedReplicas", "availableReplicas")
        return seen and all(status.get(each) == RELAYS for each in counts)

    node.wait("two relays", all_there, ROLLED_SECONDS)


def _relays() -> set[str]:
    pods = node.items("pods", selector="learnflow.org/role=relay")
    there = [each["metadata"] for each in pods if "deletionTimestamp" not in each["metadata"]]
    return {each["name"] for each in there}
