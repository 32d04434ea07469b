"""Many registrations at once over a bus that repeats, reorders and delivers concurrently."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Final

import asyncpg

from eventing.events import TutorMatched
from learnflow.runtime import Refused
from tests.flow.audit import audit, overbooked
from tests.flow.world import Said, World
from tests.protocol.checker import Violation
from tests.protocol.rows import Registration

Command = Callable[[], Awaitable[None]]
Deliver = Callable[[str, Said], Awaitable[str]]
WINDOW: Final = 100
AT_ONCE: Final = 40
COPIES: Final = 5
SUBJECTS: Final = ("mathematics", "physics", "english")


class Storm:
    """What people do, and the deliveries that follow, all mixed up."""

    def __init__(self, world: World, seed: int, deliver: Deliver | None = None) -> None:
        self.world, self.chance = world, random.Random(seed)
        self._hear = deliver or world.hear
        self.registrations: list[Registration] = []
        self.tutors: list[str] = []
        self.overbooked: list[Violation] = []
        self._waiting: list[tuple[str, Said]] = []

    async def register_student(self, number: int) -> None:
        """A student whose name is the mark."""
        wish: dict[str, Any] = {
            "grade": self.chance.choice((4, 9)),
            "subject": self._subjects(1)[0],
        }
        if self.chance.random() < 0.3:
            wish["languages"] = [self.chance.choice(("en", "de"))]
        created = await self.world.do("register_student", name=f"pupil {number}", **wish)
        self.registrations.append(Registration(f"pupil {number}", created.id))

    async def register_tutor(self) -> None:
        """A tutor with a few slots."""
        offer: dict[str, Any] = {
            "subjects": self._subjects(self.chance.choice((1, 2))),
            "grade_max": self.chance.choice((6, 12, 12)),
            "capacity": self.chance.randint(1, 4),
            "available": self.chance.random() < 0.85,
        }
        if self.chance.random() < 0.3:
            offer["languages"] = [self.chance.choice(("en", "de"))]
        self.tutors.append((await self.world.do("register_tutor", name="Emmy", **offer)).id)

    async def withdraw_student(self) -> None:
        """Somebody leaves."""
        if self.registrations:
            somebody = self.chance.choice(self.registrations).student_id
            await self.world.do("withdraw_student", student_id=somebody)

    async def withdraw_tutor(self) -> None:
        """A tutor leaves; the students are matched anew."""
        if self.tutors:
            await self.world.do("withdraw_tutor", tutor_id=self.chance.choice(self.tutors))

    async def update_student(self) -> None:
        """Somebody wants something else, as far as the version they know is the newest."""
        if not self.registrations:
            return
        somebody = self.chance.choice(self.registrations)
        wish: dict[str, Any] = {
            "grade": self.chance.choice((4, 9)),
            "subject": self._subjects(1)[0],
            "name": somebody.mark,
        }
        with suppress(Refused):
            known = await self.world.do("find_student", student_id=somebody.student_id)
            named = {"student_id": somebody.student_id, "version": known.etag}
            await self.world.do("update_student", **named, **wish)

    async def change_tutor(self) -> None:
        """A tutor's capacity and availability change, not below what is booked."""
        if not self.tutors:
            return
        tutor_id = self.chance.choice(self.tutors)
        offer = {"capacity": self.chance.randint(1, 5), "available": self.chance.random() < 0.8}
        with suppress(Refused):
            known = await self.world.do("find_tutor", tutor_id=tutor_id)
            named = {"tutor_id": tutor_id, "version": known.etag}
            await self.world.do("change_availability", **named, **offer, times=[])

    async def answer_match(self) -> None:
        """A tutor says something to a match, which may be over by now."""
        told = [said.event for said in self.world.log if isinstance(said.event, TutorMatched)]
        if told:
            match_id = self.chance.choice(told[-WINDOW:]).match_id
            response = self.chance.choice(("accept", "accept", "decline", "end"))
            with suppress(Refused):
                await self.world.do("respond_to_match", match_id=match_id, response=response)

    async def run(self, commands: list[Command]) -> None:
        """Commands in order, a few per step; deliveries copied and drawn from a window."""
        while True:
            fresh = await self.world.collect()
            self._waiting += self.world.deliveries(fresh, self.chance, COPIES)
            if not self._waiting and not commands:
                return
            now, commands = commands[:8], commands[8:]
            drawn = [self._deliver(*self._draw()) for _ in range(min(AT_ONCE, len(self._waiting)))]
            await asyncio.gather(self._look(), *(command() for command in now), *drawn)

    async def broken(self) -> list[Violation]:
        """Promises broken, now at rest or at any reading before."""
        dsn = self.world.databases.superuser
        found = await audit(dsn("students"), dsn("tutors"), dsn("matching"), self.registrations)
        return self.overbooked + found

    async def replay(self) -> None:
        """Everything ever said once more, shuffled, to consumers who have forgotten it all."""
        for short in self.world.open:
            connection = await asyncpg.connect(self.world.databases.superuser(short))
            await connection.execute("TRUNCATE inbox")
            await connection.close()
        again = self.world.deliveries(self.world.log)
        self.chance.shuffle(again)
        for start in range(0, len(again), AT_ONCE):
            batch = again[start : start + AT_ONCE]
            await asyncio.gather(*(self._deliver(name, said) for name, said in batch))

    async def _deliver(self, name: str, said: Said) -> None:
        if await self._hear(name, said) == "again":
            self._waiting.append((name, said))

    async def _look(self) -> None:
        self.overbooked += await overbooked(self.world.databases.superuser("tutors"))

    def _draw(self) -> tuple[str, Said]:
        return self._waiting.pop(self.chance.randrange(min(WINDOW, len(self._waiting))))

    def _subjects(self, count: int) -> list[str]:
        return self.chance.sample(SUBJECTS, count)


def plan(storm: Storm, students: int, tutors: int) -> list[Command]:
    """Registrations with everything else going on among them; a third of the tutors come late."""
    rest: list[Command] = [storm.register_tutor for _ in range(tutors)]
    rest += [storm.withdraw_student for _ in range(students // 10)]
    rest += [storm.withdraw_tutor for _ in range(tutors // 6)]
    rest += [storm.change_tutor for _ in range(tutors)]
    rest += [storm.update_student for _ in range(students // 5)]
    rest += [storm.answer_match for _ in range(students // 2)]
    late = [rest.pop(0) for _ in range(tutors // 3)]
    commands: list[Command] = [_student(storm, number) for number in range(students)] + rest
    storm.chance.shuffle(commands)
    return commands + late


def _student(storm: Storm, number: int) -> Command:
    return lambda: storm.register_student(number)


async def contents(world: World) -> dict[str, list[str]]:
    """Every table's rows as text, inboxes apart."""
    found: dict[str, list[str]] = {}
    for short in world.open:
        connection = await asyncpg.connect(world.databases.superuser(short))
        tables = await connection.fetch(
            "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition"
            " AND relnamespace = 'public'::regnamespace AND relname <> 'inbox'"
        )
        for (table,) in tables:
            rows = await connection.fetch(f"SELECT t::text FROM {table} t ORDER BY 1")
            found[f"{short}.{table}"] = [row[0] for row in rows]
        await connection.close()
    return found
