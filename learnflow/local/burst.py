"""A burst: many example students register at once, to see functions wake, share work and end."""

import asyncio
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import cycle, islice
from typing import Any, Final

import aiohttp

from learnflow.demo.examples import Batch, load
from learnflow.demo.sender import CONCURRENCY, Request, Sent, send_one
from learnflow.local.asking import Refused

MOST: Final = 200
LONGEST_SECONDS: Final = 60.0
TUTORS: Final = 20
"""So many come first where no tutor is free: a burst is to end in matches."""


class Bursts:
    """Sends one burst at a time through the gateway; `url` says where that is."""

    def __init__(self, url: Callable[[], str]) -> None:
        self._url = url
        self._running = False
        self._sent = 0

    async def run(self, count: object) -> dict[str, Any]:
        """Register so many, the examples in their order and from the first again. Raises Refused.

        Who has no final answer after LONGEST_SECONDS is `unanswered`.
        """
        if not isinstance(count, int) or isinstance(count, bool) or not 1 <= count <= MOST:
            raise Refused(422, f"count is a number from 1 to {MOST}")
        if self._running:
            raise Refused(409, "a burst is still running; wait for its end")
        self._running = True
        try:
            return await self._run(count)
        finally:
            self._running = False

    async def _run(self, count: int) -> dict[str, Any]:
        examples = await asyncio.to_thread(load)
        burst_id, began = f"burst-{uuid.uuid4().hex[:8]}", time.monotonic()
        until = asyncio.get_running_loop().time() + LONGEST_SECONDS
        patience = aiohttp.ClientTimeout(total=None)  # `until` ends all of it
        async with aiohttp.ClientSession(self._url(), timeout=patience) as session:
            tutors = await _tutors_if_nobody_is_free(session, examples.tutors, burst_id, until)
            students = self._requests(examples.students, burst_id, count)
            answers = await _send(session, examples.students.path, students, until)
        accepted = [one.id for one in answers if one.accepted]
        return {
            "burst_id": burst_id,
            "count": count,
            "accepted": len(accepted),
            "refused": len(answers) - len(accepted),
            "unanswered": count - len(answers),
            "reasons": dict(Counter(str(one.error) for one in answers if not one.accepted)),
            "student_ids": accepted,
            "tutors": tutors,
            "ms": round((time.monotonic() - began) * 1000, 1),
        }

    def _requests(self, students: Batch, burst_id: str, count: int) -> Iterator[Request]:
        for number, body in enumerate(islice(cycle(_lines(students)), self._sent, None), 1):
            if number > count:
                return
            self._sent += 1
            yield Request(number, f"{burst_id}-{number}", body)


async def _tutors_if_nobody_is_free(
    session: aiohttp.ClientSession, tutors: Batch, burst_id: str, until: float
) -> int:
    """Register the first example tutors where nobody could be matched; how many were."""
    if await _somebody_is_free(session, tutors.path, until):
        return 0
    lines = enumerate(_lines(tutors)[:TUTORS], 1)
    requests = (Request(number, f"{burst_id}-tutor-{number}", line) for number, line in lines)
    return sum(one.accepted for one in await _send(session, tutors.path, requests, until))


async def _somebody_is_free(session: aiohttp.ClientSession, path: str, until: float) -> bool:
    """Also when nobody says: the burst is of students."""
    asked = {"available": "true", "limit": "1"}
    with suppress(TimeoutError, aiohttp.ClientError, ValueError):
        async with asyncio.timeout_at(until), session.get(path, params=asked) as response:
            return bool((await response.json()).get("tutors", True))
    return True


async def _send(
    session: aiohttp.ClientSession, path: str, todo: Iterator[Request], until: float
) -> list[Sent]:
    """Who was answered, of all, as long as there is time."""
    answers: list[Sent] = []
    workers = [_work(session, path, todo, answers) for _ in range(CONCURRENCY)]
    with suppress(TimeoutError):
        async with asyncio.timeout_at(until):
            await asyncio.gather(*workers)
    return answers


def _lines(batch: Batch) -> list[bytes]:
    return [line for line in batch.file.read_bytes().splitlines() if line]


async def _work(
    session: aiohttp.ClientSession, path: str, todo: Iterator[Request], answers: list[Sent]
) -> None:
    for request in todo:  # one after the other, so that an end in between keeps what came
        sent = await send_one(session, path, request)
        answers.append(sent)
