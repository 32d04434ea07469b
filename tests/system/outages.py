"""Long outages: each in a system of its own, all at once and beside the other tests.

They mostly wait. What they find comes as a result that a test reads at the end.
"""

import asyncio
import signal
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import asyncpg
import psutil

from db.roles import database_of
from tests.protocol.checker import Violation
from tests.system.harness import Embedded, running
from tests.system.people import People, at_rate, crowd
from tests.system.verdict import at_rest, change_some_tutor, wrongs

POSTGRES_SECONDS: Final = 90.0
RELAY_SECONDS: Final = 60.0
DATABASE_SECONDS: Final = 120.0
PATIENCE: Final = 240.0
STUDENTS: Final = 300
TUTORS: Final = 40
FIRST: Final = 60
"""Actions before the outage begins."""
SETTLING: Final = 200.0
PENDING: Final = "SELECT count(*) FROM students WHERE state = 'pending'"


@dataclass(frozen=True)
class Outcome:
    """What became of a system: promises broken, and how much waited when the outage ended."""

    broken: list[Violation | str]
    waited: int
    registered: int


Outage = Callable[[Embedded], AbstractAsyncContextManager[None]]


async def experiment(outage: Outage, seconds: float, waiting: Callable[..., Any]) -> Outcome:
    """Registrations before, during and after an outage; then the verdict."""
    options = {"window": None, "grace": None}
    async with running(**options) as system, People(system.url, 5, PATIENCE) as people:
        actions = crowd(people, STUDENTS, TUTORS, partial(change_some_tutor, system, people, 240))
        await at_rate(actions[:FIRST], 15)
        rate = len(actions[FIRST:]) / (seconds * 1.05)
        async with outage(system):
            load = asyncio.create_task(at_rate(actions[FIRST:], rate))
            await asyncio.sleep(seconds)
            waited = await waiting(system, people)
        await load
        await at_rest(system, SETTLING)
        return Outcome(await wrongs(system, people), waited, len(people.registered("students")))


@asynccontextmanager
async def stopped(processes: Iterable[psutil.Process]) -> AsyncIterator[None]:
    """SIGSTOP, and SIGCONT at the end."""
    held = list(processes)
    for process in held:
        process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        for process in held:
            with suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGCONT)


@asynccontextmanager
async def out_of_reach(system: Embedded) -> AsyncIterator[None]:
    """matching_db lets nobody in and throws out who is in."""
    name = database_of("matching")
    admin = await asyncpg.connect(system.dsn("postgres"))
    try:
        await admin.execute(f"ALTER DATABASE {name} CONNECTION LIMIT 0")
        await admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name
        )
        yield
        await admin.execute(f"ALTER DATABASE {name} CONNECTION LIMIT -1")
    finally:
        await admin.close()


async def unanswered(system: Embedded, people: People) -> int:
    """How many requests wait for their answer."""
    return len(people.unanswered())


async def unpublished(system: Embedded, people: People) -> int:
    """How many facts wait for the relay."""
    return await _count(system, "SELECT count(*) FROM outbox WHERE published_at IS NULL")


async def pending(system: Embedded, people: People) -> int:
    """How many students wait for their first word."""
    return await _count(system, PENDING)


async def _count(system: Embedded, sql: str) -> int:
    connection = await asyncpg.connect(system.dsn("students"))
    try:
        return int(await connection.fetchval(sql))
    finally:
        await connection.close()


def experiments() -> dict[str, Coroutine[Any, Any, Outcome]]:
    """All of them, not yet begun."""
    return {
        "postgres": experiment(lambda s: stopped(s.postgres()), POSTGRES_SECONDS, unanswered),
        "relay": experiment(lambda s: stopped(s.named("relay")), RELAY_SECONDS, unpublished),
        "matching": experiment(out_of_reach, DATABASE_SECONDS, pending),
    }


class Background:
    """An event loop in a thread, with the experiments as its tasks."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="outages")
        self._thread.start()
        self.outcomes: dict[str, Future[Outcome]] = {
            name: asyncio.run_coroutine_threadsafe(work, self._loop)
            for name, work in experiments().items()
        }

    def end(self) -> None:
        """Cancel what still runs, whose systems are then removed, and end the thread."""
        for outcome in self.outcomes.values():
            outcome.cancel()
        asyncio.run_coroutine_threadsafe(_others(), self._loop).result(60)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(60)
        self._loop.close()


async def _others() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    if others:
        await asyncio.wait(others, timeout=50)
