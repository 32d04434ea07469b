"""Registering over HTTP from the bench itself: tutors to be found, students one by one."""

import asyncio
import time
from typing import Final

import aiohttp

from bench.figures import Invalid

SUBJECTS: Final = (
    *("mathematics", "english", "physics", "computer-science", "german", "french"),
    *("biology", "spanish", "chemistry", "geography", "history", "economics"),
)
"""As many as a tutoring centre has; each tutor teaches two of them."""
_AT_ONCE: Final = 64
_SECONDS: Final = 30.0


class Client:
    """Sends registrations to one gateway."""

    def __init__(self, url: str) -> None:
        self._students = 0
        self._session = aiohttp.ClientSession(
            url,
            connector=aiohttp.TCPConnector(limit=_AT_ONCE),
            timeout=aiohttp.ClientTimeout(total=_SECONDS),
        )

    async def student(self) -> str:
        """Register a student; the id. Raises Invalid when refused."""
        self._students += 1
        subject = SUBJECTS[self._students % len(SUBJECTS)]
        body = {"name": "Ada Lovelace", "grade": 7, "subject": subject}
        return await self._post("/api/students", body, "student_id")

    async def tutors(self, count: int) -> None:
        """Register tutors with 50 places each."""
        for number in range(count):
            first = number % len(SUBJECTS)
            taught = [SUBJECTS[first], SUBJECTS[(first + 5) % len(SUBJECTS)]]
            body = {"name": "Emmy Noether", "subjects": taught, "capacity": 50}
            await self._post("/api/tutors", body, "tutor_id")

    async def burst(self, count: int) -> list[str]:
        """So many students as fast as they are accepted."""
        return list(await asyncio.gather(*(self.student() for _ in range(count))))

    async def open_loop(self, rate: float, seconds: float) -> list[str]:
        """Students at a constant rate, whether or not earlier ones were answered."""
        began = time.monotonic()
        sent: list[asyncio.Task[str]] = []
        for number in range(round(rate * seconds)):
            await asyncio.sleep(max(0.0, began + number / rate - time.monotonic()))
            sent.append(asyncio.create_task(self.student()))
        return list(await asyncio.gather(*sent))

    async def _post(self, path: str, body: object, key: str) -> str:
        async with self._session.post(path, json=body) as response:
            if response.status != 201:
                raise Invalid(f"{path} answered {response.status}: {await response.text()}")
            created: str = (await response.json())[key]
            return created

    async def __aenter__(self) -> "Client":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()
