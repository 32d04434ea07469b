"""NOTIFY leaves after the commit, never before, and many become one."""

import asyncpg

from db.notifier import NOTIFICATIONS, OUTBOX
from db.unit_of_work import Database
from eventing.events import StudentWithdrawn
from tests.eventually import eventually
from tests.postgres import Databases

FACT = StudentWithdrawn(student_id="s1", version=1)


class Ear:
    """What a listener heard."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, str]] = []

    async def listen(self, dsn: str) -> asyncpg.Connection:
        """A connection that listens to both channels."""
        connection = await asyncpg.connect(dsn)
        for channel in (OUTBOX, NOTIFICATIONS):
            await connection.add_listener(channel, self._hear)
        return connection

    def _hear(self, _connection: object, _pid: int, channel: str, payload: object) -> None:
        self.heard.append((channel, str(payload)))


async def test_a_signal_follows_the_commit_and_never_comes_before(
    databases: Databases, students: Database
) -> None:
    ear = Ear()
    connection = await ear.listen(databases.dsn("students"))
    async with students.unit() as work:
        await work.call("SELECT 1")
        work.say(FACT)
        work.tell("s1")
        await students.notifier.close()
        await connection.fetch("SELECT 1")
        assert ear.heard == []
        await work.commit()
    await eventually(lambda: sorted(ear.heard) == [(NOTIFICATIONS, "s1"), (OUTBOX, "")])
    await connection.close()


async def test_what_is_rolled_back_signals_nothing(
    databases: Databases, students: Database
) -> None:
    ear = Ear()
    connection = await ear.listen(databases.dsn("students"))
    async with students.unit() as work:
        work.say(FACT)
        work.tell("s1")
    await students.notifier.close()
    await connection.fetch("SELECT 1")
    assert ear.heard == []
    await connection.close()


async def test_many_signals_leave_as_few(databases: Databases, students: Database) -> None:
    ear = Ear()
    connection = await ear.listen(databases.dsn("students"))
    for number in range(100):
        students.notifier.signal(OUTBOX)
        students.notifier.signal(NOTIFICATIONS, f"s{number % 2}")
    await students.notifier.close()
    await eventually(lambda: len(set(ear.heard)) == 3)
    await connection.fetch("SELECT 1")
    assert len(ear.heard) == 3
    await connection.close()


async def test_a_signal_that_cannot_leave_is_lost_in_silence() -> None:
    nowhere = Database("students", "postgresql://a@/b?host=/nowhere")
    nowhere.notifier.signal(OUTBOX)
    await nowhere.close()
