"""After the story: one match explained, then its tutor declines and the next one is booked."""

import asyncio
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import aiohttp

from learnflow.demo.following import ANSWER_SECONDS

PATIENCE_SECONDS: Final = 5.0
LEAST: Final = 0.05
"""A difference in score that is worth a word."""
_PAUSE: Final = 0.005
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Encore:
    """One match as `GET /api/matches/…` explains it, and what a decline led to.

    `next_tutor` is None when nobody else could teach the student, who waits then; `next_ms` runs
    from sending the decline to reading the answer that names the next tutor, or waiting.
    """

    student: str
    subject: str
    tutor: str
    runner_up: str
    explained: Row
    next_tutor: str | None
    next_ms: float


class Api:
    """What the encore asks of the gateway."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session
        self._limit = aiohttp.ClientTimeout(total=ANSWER_SECONDS)

    async def get(self, path: str) -> Row | None:
        """The answer, or None when it is not 200, or none came in time."""
        try:
            async with self._session.get(path, timeout=self._limit) as response:
                return await response.json() if response.status == 200 else None
        except (aiohttp.ClientError, TimeoutError):
            return None

    async def decline(self, match_id: str) -> bool:
        """Whether the tutor's no was taken, as far as is known."""
        path, body = f"/api/matches/{match_id}/response", {"response": "decline"}
        try:
            async with self._session.post(path, json=body, timeout=self._limit) as response:
                return response.status == 204
        except (aiohttp.ClientError, TimeoutError):
            return False

    async def tutor_name(self, tutor_id: str) -> str:
        """A tutor's name; the id when nobody is registered under it any more."""
        found = await self.get(f"/api/tutors/{tutor_id}")
        return str(found["name"]) if found else tutor_id


async def encore(api: Api, students: Iterable[Row]) -> Encore | None:
    """Explain the first match that a part of the score decided, and let its tutor decline.

    `students` are rows of `GET /api/students/…` with a match. None when there is no such match, or
    somebody else changed it meanwhile.
    """
    for student in students:
        match = student["match"]
        explained = await api.get(f"/api/matches/{match['match_id']}")
        if not (explained and explained["filters"] and _decided(explained["runner_up"])):
            continue
        began = time.monotonic()
        if not await api.decline(match["match_id"]):
            return None
        later = await _after(api, student)
        taken = time.monotonic() - began
        if later is None:
            return None
        now = later["match"]
        return Encore(
            student=student["name"],
            subject=student["subject"],
            tutor=await api.tutor_name(match["tutor_id"]),
            runner_up=await api.tutor_name(explained["runner_up"]["tutor_id"]),
            explained=explained,
            next_tutor=await api.tutor_name(now["tutor_id"]) if now else None,
            next_ms=taken * 1000,
        )
    return None


def _decided(runner_up: Row | None) -> bool:
    """Whether there was another candidate, and a part with a number put the chosen one ahead."""
    return bool(
        runner_up and any(abs(part["value"] or 0) >= LEAST for part in runner_up["decided_by"])
    )


async def _after(api: Api, before: Row) -> Row | None:
    """The student once the match is another, or none; None when patience ends."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        found = await api.get(f"/api/students/{before['student_id']}")
        now = found["match"] if found else before["match"]
        if now is None or now["match_id"] != before["match"]["match_id"]:
            return found
        await asyncio.sleep(_PAUSE)
    return None
