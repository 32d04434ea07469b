"""A tutor's stream: whom they teach, and who was given to somebody else."""

import asyncio
from typing import Any

from db.unit_of_work import Database
from learnflow.runtime.app import Application, application
from learnflow.runtime.load import load_function
from learnflow.settings import Settings
from tests.eventually import eventually
from tests.runtime.calling import JSON, call
from tests.runtime.test_with_database import FUNCTIONS

BOOK = "SELECT outcome FROM book_slot('s1', $1, $2, $3, $4)"


def app(target: str, database: Database) -> Application:
    settings = Settings(stream_seconds=60, stream_poll_seconds=60)
    return application(load_function(FUNCTIONS, target).operation, settings, database=database)


async def registered(tutors: Database) -> str:
    body = b'{"name":"Emmy","subjects":["physics"]}'
    answer = await call(app("register_tutor", tutors), "POST", headers=JSON, body=body)
    tutor_id: str = answer.json["tutor_id"]
    return tutor_id


async def booked(tutors: Database, *round_: Any) -> None:
    async with tutors.unit() as work:
        await work.call(BOOK, *round_)
        await work.commit()


async def test_a_tutor_is_told_of_a_student_booked_and_of_one_released(tutors: Database) -> None:
    tutor_id = await registered(tutors)
    await booked(tutors, 1, "matched", "m1", tutor_id)
    await booked(tutors, 2, "closed", None, None)
    watching, frames = app("watch_tutor", tutors), list[bytes]()
    path = f"/api/tutors/{tutor_id}/events"
    stream = asyncio.create_task(call(watching, "GET", path, patient=True, seen=frames))

    assert await eventually(lambda: frames[1:])
    told = b"".join(frames)
    assert told.index(b"id: 1\nevent: matched\n") < told.index(b"id: 2\nevent: released\n")
    await watching.instance.close()
    await stream


async def test_a_stream_for_an_unknown_tutor_is_not_found(tutors: Database) -> None:
    watching = app("watch_tutor", tutors)

    assert (await call(watching, "GET", "/api/tutors/nobody/events")).status == 404
