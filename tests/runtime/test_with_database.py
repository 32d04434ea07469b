"""What the adapter promises about rows, against a real database."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from db.idempotency import IdempotencyKey
from db.unit_of_work import Database
from learnflow.runtime.app import Application, application
from learnflow.runtime.load import load_function
from learnflow.settings import Settings
from tests.eventually import eventually
from tests.runtime.calling import JSON, Answer, call
from tests.runtime.sample import echo_pupil

FUNCTIONS = Path(__file__).parents[2] / "functions"
BO = b'{"name":"Bo","grade":7,"subject":"Physics"}'
BO_OTHERWISE = b'{"subject":"Physics", "grade":7, "name":" Bo "}'
MATCHED = {
    "content-type": "application/json",
    "ce-specversion": "1.0",
    "ce-source": "learnflow/tutors",
    "ce-type": "org.learnflow.tutor.matched.v1",
}


def app(target: str, database: Database, **settings: Any) -> Application:
    operation = load_function(FUNCTIONS, target).operation
    return application(operation, Settings(**settings), database=database)


async def register(database: Database, body: bytes = BO, **headers: str) -> Answer:
    sent = {**JSON, **headers}
    return await call(app("register_student", database), "POST", headers=sent, body=body)


async def registered(database: Database) -> str:
    student_id: str = (await register(database)).json["student_id"]
    return student_id


async def rows(database: Database, sql: str, *args: Any) -> list[Any]:
    async with database.unit() as work:
        return await work.read(sql, *args)


async def matched(database: Database, student_id: str, round_: int = 1) -> Answer:
    """Deliver tutor.matched of a round; the event's id is the round's."""
    body = {"student_id": student_id, "round": round_, "match_id": f"m{round_}", "tutor_id": "t1"}
    return await call(
        app("notify_student", database),
        "POST",
        headers={**MATCHED, "ce-id": f"{student_id}-{round_}"},
        body=json.dumps(body).encode(),
    )


async def test_the_same_key_and_payload_get_the_first_answer_again(
    students: Database,
) -> None:
    key = {"idempotency-key": "again"}
    first = await register(students, BO, **key)
    second = await register(students, BO_OTHERWISE, **key)

    assert first.status == 201
    assert second == first


async def test_the_same_key_sent_at_once_is_done_once(students: Database) -> None:
    key = {"idempotency-key": "at-once"}
    answers = await asyncio.gather(*(register(students, BO, **key) for _ in range(6)))

    assert len({answer.body for answer in answers}) == 1
    assert {answer.status for answer in answers} == {201}


async def test_the_same_key_with_another_payload_is_refused(students: Database) -> None:
    key = {"idempotency-key": "other"}
    await register(students, BO, **key)
    answer = await register(students, BO.replace(b"7", b"8"), **key)

    assert (answer.status, answer.json["title"]) == (422, "Key reused")


async def test_a_key_that_is_in_flight_for_two_seconds_is_a_conflict(
    students: Database,
) -> None:
    key = IdempotencyKey("POST /api/students", "anonymous", "held", "some payload")
    async with students.unit() as work:
        await work.claim(key)
        answer = await register(students, BO, **{"idempotency-key": "held"})

    assert (answer.status, answer.json["title"]) == (409, "Key in flight")


async def test_the_trace_of_a_request_goes_into_the_outbox(students: Database) -> None:
    trace = "c" * 32
    answer = await register(students, BO, traceparent=f"00-{trace}-{'d' * 16}-01")
    sql = "SELECT traceparent FROM outbox WHERE key = $1"
    found = await rows(students, sql, answer.json["student_id"])

    assert found[0]["traceparent"].startswith(f"00-{trace}-")


async def test_an_event_delivered_three_times_is_applied_once(students: Database) -> None:
    student_id = await registered(students)
    answers = [await matched(students, student_id) for _ in range(3)]
    sql = "SELECT * FROM notifications WHERE recipient_id = $1"

    assert {(answer.status, answer.body) for answer in answers} == {(204, b"")}
    assert len(await rows(students, sql, student_id)) == 1


@pytest.mark.parametrize("at_once", [False, True])
async def test_the_inbox_lets_an_event_through_once(students: Database, at_once: bool) -> None:
    echo = application(echo_pupil.operation, Settings(), database=students)
    headers = {**MATCHED, "ce-type": "org.learnflow.student.registered.v1", "ce-id": "e-1"}
    body = b'{"student_id":"s1","version":1,"grade":7,"subject":"physics"}'
    deliveries = [call(echo, "POST", headers=headers, body=body) for _ in range(4)]
    if at_once:
        answers = await asyncio.gather(*deliveries)
    else:
        answers = [await delivery for delivery in deliveries]

    assert {answer.status for answer in answers} == {204}
    assert len(await rows(students, "SELECT * FROM outbox")) == 1


async def test_an_event_about_an_unknown_student_is_a_permanent_fault(
    students: Database,
) -> None:
    assert (await matched(students, "nobody")).status == 422


async def test_a_stream_for_an_unknown_student_is_not_found(students: Database) -> None:
    watch = app("watch_student", students)

    assert (await call(watch, "GET", "/api/students/nobody/events")).status == 404


@pytest.fixture
async def watching(students: Database) -> AsyncIterator[Application]:
    """A stream that only a signal wakes: it would look by itself in a minute."""
    watching = app("watch_student", students, stream_seconds=60, stream_poll_seconds=60)
    yield watching
    await watching.instance.close()


async def listeners(database: Database) -> list[Any]:
    sql = "SELECT pid FROM pg_stat_activity WHERE query ILIKE 'LISTEN%' AND datname = $1"
    name = await rows(database, "SELECT current_database()")
    return await rows(database, sql, name[0][0])


async def opened(watching: Application, student_id: str, database: Database) -> list[bytes]:
    """Frames of a stream that is listening, as they come."""
    frames: list[bytes] = []
    path = f"/api/students/{student_id}/events"
    stream = asyncio.create_task(call(watching, "GET", path, patient=True, seen=frames))

    async def listens() -> bool:
        return bool(await listeners(database))

    heard: bool = await eventually(listens)
    assert heard
    await eventually(lambda: frames)
    assert not stream.done()
    return frames


async def test_a_notification_reaches_an_open_stream_by_its_signal(
    students: Database, watching: Application
) -> None:
    student_id = await registered(students)
    frames = await opened(watching, student_id, students)
    await matched(students, student_id)

    assert await eventually(lambda: frames[1:])
    assert frames[1].startswith(b"id: 1\nevent: matched\n")


async def test_a_stream_hears_again_after_its_connection_was_killed(
    students: Database, watching: Application
) -> None:
    student_id = await registered(students)
    frames = await opened(watching, student_id, students)
    first = (await listeners(students))[0][0]
    await rows(students, "SELECT pg_terminate_backend($1)", first)
    await matched(students, student_id)

    assert await eventually(lambda: frames[1:])


async def test_streams_of_one_instance_share_one_listening_connection(
    students: Database, watching: Application
) -> None:
    ids = [await registered(students) for _ in range(3)]
    streams = [await opened(watching, student_id, students) for student_id in ids]
    await matched(students, ids[1])

    assert await eventually(lambda: streams[1][1:])
    assert len(await listeners(students)) == 1
    assert [len(frames) for frames in streams] == [1, 2, 1]


async def test_a_stream_that_comes_back_is_told_only_what_it_missed(
    students: Database, watching: Application
) -> None:
    student_id = await registered(students)
    for round_ in (1, 2, 3):
        await matched(students, student_id, round_)
    frames: list[bytes] = []
    path = f"/api/students/{student_id}/events?last_event_id=2"
    stream = asyncio.create_task(call(watching, "GET", path, patient=True, seen=frames))

    assert await eventually(lambda: frames[1:])
    assert [frame.partition(b"\n")[0] for frame in frames] == [b"retry: 2000", b"id: 3"]
    assert not stream.done()
