"""What becomes of each student, as the API tells it, until nothing more is to come."""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any, Final

import aiohttp

from learnflow.demo.eligibility import Row, eligible

AT_ONCE: Final = 8
MAX_IN_ROUND: Final = 24
"""Students asked about in one round, oldest first: following must not be the load."""
ANSWER_SECONDS: Final = 20.0


class Following:
    """Asks for students, oldest first, until each is settled.

    Settled is a student who was told of a match, or told to wait while no tutor with a free place
    may teach them (protocol R2: nobody waits while an eligible tutor has one).
    """

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self.found: dict[str, Mapping[str, Any]] = {}
        self.open: dict[str, Row] = {}
        self._wishes: dict[str, Row] = {}
        self._session = session

    def add(self, student_id: str, wish: Row) -> None:
        """Follow a student who was accepted with this wish."""
        self._wishes[student_id] = self.open[student_id] = wish

    def reopen(self) -> None:
        """Follow those who wait once more, for tutors have come."""
        self.open |= {each: self._wishes[each] for each in self.in_state("waiting")}

    def in_state(self, state: str) -> list[str]:
        """The students last seen in a state."""
        return [each for each, row in self.found.items() if row["state"] == state]

    @property
    def told(self) -> int:
        """How many students were told something."""
        return sum(row.get("notified_at") is not None for row in self.found.values())

    async def look(self) -> None:
        """One round: the oldest few that are not settled."""
        asked = list(self.open)[:MAX_IN_ROUND]
        turn = asyncio.Semaphore(AT_ONCE)
        await asyncio.gather(*(self._ask(each, turn) for each in asked))
        waiting = [each for each in asked if self.found.get(each, {}).get("state") == "waiting"]
        for each in asked:
            row = self.found.get(each)
            if row and row["state"] in ("matched", "closed") and row.get("notified_at"):
                self.open.pop(each)
        for each in waiting:
            if self.found[each].get("notified_at") and not await self._teachable(each):
                self.open.pop(each)

    async def _ask(self, student_id: str, turn: asyncio.Semaphore) -> None:
        async with turn:
            row = await self._get(f"/api/students/{student_id}", {})
        if row is not None:
            self.found[student_id] = row

    async def _teachable(self, student_id: str) -> bool:
        """Whether a tutor with a free place may teach this student; unknown counts as yes."""
        wish = self._wishes[student_id]
        query = {"available": "true", "subject": wish["subject"], "grade": str(wish["grade"])}
        answer = await self._get("/api/tutors", {**query, "limit": "100"})
        return answer is None or _any_eligible(wish, answer["tutors"])

    async def _get(self, path: str, query: Mapping[str, str]) -> Any:
        """The answer, or None when it was not 200: the next round asks again."""
        limit = aiohttp.ClientTimeout(total=ANSWER_SECONDS)
        try:
            async with self._session.get(path, params=query, timeout=limit) as response:
                return await response.json() if response.status == 200 else None
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
            return None


def _any_eligible(wish: Row, tutors: Iterable[Row]) -> bool:
    return any(eligible(wish, tutor) for tutor in tutors)
