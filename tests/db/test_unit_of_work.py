"""One unit of work: together or not at all, in one round trip where it can be."""

import asyncio

import asyncpg
import pytest

from db.connection import Conflict, Unavailable
from db.unit_of_work import Database, Duplicate, RolledBack, Unit
from eventing.events import StudentWithdrawn
from tests.db.sessions import Task, two
from tests.eventually import eventually
from tests.postgres import Databases

ADD = "INSERT INTO students (student_id, name, grade, subject) VALUES ($1, 'Ada', 7, 'physics')"
RENAME = "UPDATE students SET name = $2 WHERE student_id = $1"
COUNT = """SELECT (SELECT count(*) FROM students) AS students,
    (SELECT count(*) FROM outbox) AS outbox, (SELECT count(*) FROM inbox) AS inbox"""
FACT = StudentWithdrawn(student_id="s1", version=1)


async def counted(database: Database) -> tuple[int, int, int]:
    """Rows of students, outbox and inbox."""
    async with database.unit() as work:
        students, outbox, inbox = (await work.read(COUNT))[0]
        return students, outbox, inbox


async def pid(work: Unit) -> int:
    """The backend that serves this unit."""
    found: int = (await work.read("SELECT pg_backend_pid()"))[0][0]
    return found


async def test_a_unit_that_only_writes_is_one_statement(students: Database) -> None:
    sent: list[str] = []
    async with students.connections.lease() as connection:
        connection.add_query_logger(lambda record: sent.append(record.query))
    async with students.unit() as work:
        work.write(ADD, "s1")
        work.write(ADD, "s2")
        work.say(FACT)
        work.say(FACT)
        await work.commit()
    assert await counted(students) == (2, 2, 0)
    assert [query[:4] for query in sent if query != COUNT and "pg_notify" not in query] == ["WITH"]


async def test_what_is_not_committed_never_was(students: Database) -> None:
    async with students.unit() as work:
        await work.call(ADD, "s1")
        work.say(FACT)

    async def fail() -> None:
        async with students.unit() as work:
            work.heard("c", "s", "e")
            await work.call(ADD, "s2")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert await counted(students) == (0, 0, 0)


async def test_one_deferred_write_that_fails_undoes_all_of_them(students: Database) -> None:
    async with students.unit() as work:
        await work.call(ADD, "s1")
        work.write(ADD, "s2")
        work.say(FACT)
        work.write(ADD, "s1")
        with pytest.raises(asyncpg.UniqueViolationError):
            await work.commit()
    assert await counted(students) == (0, 0, 0)


async def test_calls_and_deferred_writes_are_one_transaction(students: Database) -> None:
    async with students.unit() as work:
        work.heard("c", "s", "e")
        await work.call(ADD, "s1")
        work.write(RENAME, "s1", "Grace")
        work.say(FACT)
        assert await counted(students) == (0, 0, 0)
        await work.commit()
    assert await counted(students) == (1, 1, 1)
    async with students.unit() as work:
        assert (await work.read("SELECT name FROM students"))[0]["name"] == "Grace"


async def test_a_fault_that_a_handler_swallows_is_not_committed_as_success(
    students: Database,
) -> None:
    async with students.unit() as work:
        await work.call(ADD, "s1")
        with pytest.raises(asyncpg.UniqueViolationError):
            await work.call(ADD, "s1")
        with pytest.raises(RolledBack):
            await work.commit()
    assert await counted(students) == (0, 0, 0)


async def test_an_event_heard_before_is_a_duplicate(students: Database) -> None:
    for student, consumer in (("s1", "notify"), ("s2", "other")):
        async with students.unit() as work:
            work.heard(consumer, "learnflow/tutors", "e1")
            work.write(ADD, student)
            await work.commit()
    async with students.unit() as work:
        work.heard("notify", "learnflow/tutors", "e1")
        work.write(ADD, "s3")
        with pytest.raises(Duplicate):
            await work.commit()
    assert await counted(students) == (2, 0, 2)


async def test_twins_heard_at_once_are_applied_once(students: Database) -> None:
    async def hear() -> None:
        async with students.unit() as work:
            work.heard("notify", "learnflow/tutors", "e1")
            work.say(FACT)
            await work.commit()

    outcomes = await asyncio.gather(*(hear() for _ in range(6)), return_exceptions=True)
    assert [type(o) for o in outcomes if o is not None] == [Duplicate] * 5
    assert await counted(students) == (0, 1, 1)


async def test_a_cancelled_call_ends_its_connection_and_the_next_gets_another(
    databases: Databases, students: Database
) -> None:
    serving: list[int] = []

    async def slow() -> None:
        async with students.unit() as work:
            serving.append(await pid(work))
            await work.call("SELECT pg_sleep(4)")

    task = asyncio.create_task(slow())
    await eventually(lambda: serving)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with students.unit() as work:
        assert await pid(work) not in serving
        alive = "SELECT 1 FROM pg_stat_activity WHERE pid = $1 AND state <> 'active'"
        assert await work.read(alive, serving[0]) == []


async def test_a_closed_connection_is_replaced(databases: Databases, students: Database) -> None:
    await students.open()
    async with students.connections.lease() as connection:
        killed = connection
    admin = await asyncpg.connect(databases.admin)
    await admin.execute("SELECT pg_terminate_backend($1)", killed.get_server_pid())
    await admin.close()
    await eventually(killed.is_closed)
    assert await counted(students) == (0, 0, 0)


async def test_the_connection_used_last_is_used_next(students: Database) -> None:
    async with students.unit() as one, students.unit() as other:
        await pid(one)
        last = await pid(other)
        await one.abandon()
    async with students.unit() as work:
        assert await pid(work) == last


async def test_two_transactions_in_each_others_way_are_a_conflict(
    databases: Databases, students: Database
) -> None:
    async with two(databases.superuser("students")) as (one, _):
        await one.rows("SET deadlock_timeout = '9s'")  # the unit's own, 1 s, ends first
        await one.connection.executemany(ADD, [("s1",), ("s2",)])
        await one.begin()
        await one.rows(RENAME, "s1", "x")

        async def cross() -> None:
            async with students.unit() as work:
                await work.call(RENAME, "s2", "y")
                waiting.append(one.start(RENAME, "s2", "x"))
                await work.call(RENAME, "s1", "y")

        waiting: list[Task] = []
        with pytest.raises(Conflict, match="Deadlock"):
            await cross()
        await waiting[0]


async def test_a_serialisation_failure_is_a_conflict(students: Database) -> None:
    with pytest.raises(Conflict):
        async with students.unit() as work:
            await work.call("DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '40001'; END $$")


@pytest.mark.parametrize("code", ["57P01", "57014", "55P03", "53300", "25006", "08006", "XX000"])
async def test_a_server_in_trouble_is_unavailable(students: Database, code: str) -> None:
    with pytest.raises(Unavailable):
        async with students.unit() as work:
            await work.call(f"DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '{code}'; END $$")


async def test_no_server_is_unavailable_and_keeps_no_place(databases: Databases) -> None:
    nowhere = Database("students", "postgresql://a@/b?host=/nowhere", size=1)
    for _ in range(3):
        with pytest.raises(Unavailable):
            await nowhere.open()


async def test_a_database_that_is_not_ours_is_unavailable(databases: Databases) -> None:
    away = databases.dsn("students").replace(databases.name("students"), "absent_db")
    with pytest.raises(Unavailable):
        await Database("students", away).open()
