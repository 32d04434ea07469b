"""Registering over HTTP from the bench itself: tutors to be found, students in some rhythm."""

import asyncio
import itertools
import json
import time
from collections.abc import Iterator
from typing import Final

from bench.connection import post, send

SUBJECTS: Final = (
    *("mathematics", "english", "physics", "computer-science", "german", "french"),
    *("biology", "spanish", "chemistry", "geography", "history", "economics"),
)
"""As many as a tutoring centre has; each tutor teaches two of them."""
_AT_ONCE: Final = 64
_SECONDS: Final = 60.0


class Client:
    """Sends registrations to one gateway; each is answered 201, or Invalid is raised."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._requests = (
            post("/api/students", {"name": "Ada Lovelace", "grade": 7, "subject": subject})
            for subject in itertools.cycle(SUBJECTS)
        )

    async def tutors(self, count: int) -> None:
        """Register tutors with 50 places each."""
        await asyncio.wait_for(send(self._port, _tutors(count), 1), _SECONDS)

    async def student(self) -> str:
        """Register one student; the id."""
        return (await self.burst(1))[0]

    async def burst(self, count: int) -> list[str]:
        """Register so many students as fast as they are accepted; their ids."""
        requests = itertools.islice(self._requests, count)
        sending = send(self._port, requests, min(count, _AT_ONCE), bodies=True)
        outcome = await asyncio.wait_for(sending, _SECONDS)
        return [json.loads(body)["student_id"] for body in outcome.bodies or ()]

    async def open_loop(self, rate: float, seconds: float) -> list[str]:
        """Students at a constant rate, whether or not earlier ones were answered."""
        began = time.monotonic()
        sent: list[asyncio.Task[str]] = []
        for number in range(round(rate * seconds)):
            await asyncio.sleep(max(0.0, began + number / rate - time.monotonic()))
            sent.append(asyncio.create_task(self.student()))
        return list(await asyncio.gather(*sent))


def _tutors(count: int) -> Iterator[bytes]:
    for number in range(count):
        first = number % len(SUBJECTS)
        taught = [SUBJECTS[first], SUBJECTS[(first + 5) % len(SUBJECTS)]]
        body = {"name": "Emmy Noether", "subjects": taught, "capacity": 50}
        yield post("/api/tutors", body)
