"""Students and tutors as HTTP clients: keys, patience, and a log of what was meant and answered."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Final, Literal, Self

import aiohttp

from tests.protocol.rows import Registration

Kind = Literal["students", "tutors"]
SUBJECTS: Final = ("mathematics", "physics", "english")
ATTEMPT_SECONDS: Final = 15.0
PATIENCE: Final = 90.0
AGAIN: Final = frozenset({409, 429})


@dataclass
class Intent:
    """One line of the request log; `status` and `id` stay None while nobody answered."""

    mark: str
    kind: Kind
    method: str
    status: int | None = None
    id: str | None = None
    statuses: list[int | str] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)
    answered: float | None = None


class People:
    """Sends commands to one gateway until each is answered, with the same key each time."""

    def __init__(self, url: str, seed: int = 0, patience: float = PATIENCE) -> None:
        self.chance = random.Random(seed)
        self.log: list[Intent] = []
        self._url, self._patience = url, patience
        self._session = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=ATTEMPT_SECONDS),
            connector=aiohttp.TCPConnector(limit=0),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        await self._session.close()

    async def student(self, mark: str, **wish: Any) -> Intent:
        """Register a student whose name is the mark."""
        wish = {"grade": 7, "subject": "mathematics", **wish}
        return await self._send(Intent(mark, "students", "POST"), {"name": mark, **wish})

    async def student_without_key(self, mark: str) -> Intent:
        """Ask once and without a key: nobody may ask again for us."""
        intent = Intent(mark, "students", "POST")
        self.log.append(intent)
        wish = {"name": mark, "grade": 7, "subject": "mathematics"}
        await self._once(intent, f"{self._url}/api/students", {}, wish)
        return intent

    async def tutor(self, mark: str, **offer: Any) -> Intent:
        """Register a tutor."""
        offer = {"subjects": ["mathematics"], **offer}
        return await self._send(Intent(mark, "tutors", "POST"), {"name": mark, **offer})

    async def some_student(self, number: int) -> Intent:
        """A student with wishes of chance."""
        wish: dict[str, Any] = {"grade": self.chance.choice((4, 9))}
        if self.chance.random() < 0.3:
            wish["languages"] = [self.chance.choice(("en", "de"))]
        return await self.student(f"pupil {number}", subject=self._subjects(1)[0], **wish)

    async def some_tutor(self, number: int) -> Intent:
        """A tutor with an offer of chance."""
        offer: dict[str, Any] = {
            "subjects": self._subjects(self.chance.choice((1, 2))),
            "grade_max": self.chance.choice((6, 12, 12)),
            "capacity": self.chance.randint(2, 8),
        }
        return await self.tutor(f"tutor {number}", **offer)

    async def withdraw(self, kind: Kind) -> None:
        """Somebody who is registered leaves; nobody, while nobody is."""
        gone = {one.mark for one in self.log if one.method == "DELETE"}
        known = [one for one in self.registered(kind) if f"-{one.mark}" not in gone]
        if known:
            chosen = self.chance.choice(known)
            leaving = Intent(f"-{chosen.mark}", kind, "DELETE", id=chosen.id)
            await self._send(leaving, None, f"/{chosen.id}")

    def registered(self, kind: Kind) -> list[Intent]:
        """Who got an id."""
        return [one for one in self.log if (one.kind, one.method) == (kind, "POST") and one.id]

    def registrations(self) -> list[Registration]:
        """Every student's attempt, as the checker wants it."""
        attempts = [one for one in self.log if (one.kind, one.method) == ("students", "POST")]
        return [Registration(one.mark, one.id) for one in attempts]

    def unanswered(self) -> list[Intent]:
        """What got no success in all the time there was."""
        return [one for one in self.log if one.status is None or one.status >= 300]

    async def _send(self, intent: Intent, body: Any, path: str = "") -> Intent:
        self.log.append(intent)
        url = f"{self._url}/api/{intent.kind}{path}"
        headers = {"Idempotency-Key": f"{intent.method}:{intent.mark}".replace(" ", "_")}
        pause = 0.1
        while time.monotonic() - intent.began < self._patience:
            if await self._once(intent, url, headers, body):
                break
            await asyncio.sleep(pause)
            pause = min(pause * 2, 1.0)
        return intent

    async def _once(self, intent: Intent, url: str, headers: dict[str, str], body: Any) -> bool:
        try:
            async with self._session.request(
                intent.method, url, headers=headers, json=body
            ) as response:
                intent.statuses.append(response.status)
                if response.status >= 500 or response.status in AGAIN:
                    return False
                if intent.method == "POST" and response.status == 201:
                    intent.id = (await response.json())[f"{intent.kind[:-1]}_id"]
        except (aiohttp.ClientError, TimeoutError) as error:
            intent.statuses.append(type(error).__name__)
            return False
        intent.status, intent.answered = intent.statuses[-1], time.monotonic()  # type: ignore[assignment]
        return True

    def _subjects(self, count: int) -> list[str]:
        return self.chance.sample(SUBJECTS, count)


Action = Callable[[], Awaitable[object]]


def crowd(people: People, students: int, tutors: int, change: Action | None = None) -> list[Action]:
    """What a crowd does: registrations, and among them all else; a third of the tutors come late.

    `change` changes some tutor's capacity; there is no command for it yet.
    """
    early, late = range(tutors * 2 // 3), range(tutors * 2 // 3, tutors)
    rest: list[Action] = [_tutor(people, number) for number in early]
    rest += [lambda: people.withdraw("students") for _ in range(students // 10)]
    rest += [lambda: people.withdraw("tutors") for _ in range(tutors // 8)]
    rest += [change] * (tutors // 4) if change else []
    actions = [_student(people, number) for number in range(students)] + rest
    people.chance.shuffle(actions)
    return actions + [_tutor(people, number) for number in late]


async def at_rate(actions: Iterable[Action], rate: float) -> None:
    """Begin so many actions a second, whether or not the earlier ones were answered; await all."""
    begun = []
    for action in actions:
        begun.append(asyncio.ensure_future(action()))
        await asyncio.sleep(1 / rate)
    await asyncio.gather(*begun)


def _student(people: People, number: int) -> Action:
    return lambda: people.some_student(number)


def _tutor(people: People, number: int) -> Action:
    return lambda: people.some_tutor(number)
