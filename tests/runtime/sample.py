"""Small operations of every kind, for tests of the adapter itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from db.connection import Conflict, Unavailable
from db.unit_of_work import Duplicate, Unit
from eventing.events import StudentRegistered, StudentWithdrawn
from learnflow.runtime import (
    Changed,
    Created,
    Done,
    Feed,
    Found,
    NotFound,
    Refused,
    Rows,
    StaleVersion,
    UnknownId,
    Wish,
    command,
    query,
    reaction,
    stream,
)
from learnflow.runtime.fields import Grade, IfMatch, PersonName, ResourceId, SubjectCode, Times

heard: list[Any] = []
"""What the handlers of this module were given, newest last."""


class RegisterPupil(Wish):
    name: PersonName
    grade: Grade
    subject: SubjectCode
    times: Times = ()


class LooseNote(BaseModel):
    """A model that forgot to be strict; the runtime is strict with it all the same."""

    stars: int


class ChangePupil(Wish):
    pupil_id: ResourceId
    grade: Grade


class MovePupil(Wish):
    pupil_id: ResourceId
    grade: Grade
    version: IfMatch


class RemovePupil(Wish):
    pupil_id: ResourceId
    version: IfMatch


class OnePupil(Wish):
    pupil_id: ResourceId


class SomePupils(Wish):
    available: bool | None = None
    grade: Grade | None = None
    limit: int = 20


@command("POST /api/pupils", RegisterPupil, database="students", creates="pupil")
async def register_pupil(wish: RegisterPupil, work: Unit) -> Created:
    """Remembers nothing, so it needs no database."""
    heard.append(wish)
    return Created("p1", 1)


@command("POST /api/notes", LooseNote, database="students")
async def note_loosely(wish: LooseNote, work: Unit) -> Done:
    return Done()


@command("PUT /api/pupils/{pupil_id}", ChangePupil, database="students")
async def change_pupil(wish: ChangePupil, work: Unit) -> Changed:
    heard.append(wish)
    return Changed(wish.pupil_id, 7)


@command("PUT /api/pupils/{pupil_id}/grade", MovePupil, database="students")
async def move_pupil(wish: MovePupil, work: Unit) -> Changed:
    """Every pupil here has version 3."""
    heard.append(wish)
    if not wish.version.admits(3):
        raise StaleVersion("pupil")
    return Changed(wish.pupil_id, 4)


@command("DELETE /api/pupils/{pupil_id}", RemovePupil, database="students")
async def remove_pupil(wish: RemovePupil, work: Unit) -> Done:
    if not wish.version.admits(3):
        raise StaleVersion("pupil")
    return Done()


@command("DELETE /api/pupils/{pupil_id}", OnePupil, database="students")
async def withdraw_pupil(wish: OnePupil, work: Unit) -> Done:
    match wish.pupil_id:
        case "unknown":
            raise NotFound("pupil")
        case "busy":
            raise Refused(409, "Still booked", "free the slots first", booked=3)
        case "broken":
            raise RuntimeError(f"a fault that quotes {wish.pupil_id}")
        case "away":
            raise Unavailable("away")
        case "clash":
            heard.append(wish)
            raise Conflict
    return Done()


@query("GET /api/pupils", SomePupils, database="students")
async def list_pupils(wish: SomePupils, work: Unit) -> Found:
    return Found({"pupils": [], "wish": wish})


@query("GET /api/pupils/{pupil_id}, GET /api/pupils", OnePupil, database="students")
async def find_pupil(wish: OnePupil, work: Unit) -> Found:
    return Found({"pupil_id": wish.pupil_id}, etag='"v3"')


@reaction(StudentRegistered, StudentWithdrawn, database="students")
async def hear_pupil(event: StudentRegistered | StudentWithdrawn, work: Unit) -> None:
    heard.append((event, work.traceparent))
    match event.student_id:
        case "unknown":
            raise UnknownId("student")
        case "missing":
            raise NotFound("student")
        case "broken":
            raise RuntimeError("a fault")
        case "away":
            raise Unavailable("away")
    raise Duplicate


@reaction(StudentRegistered, database="students")
async def echo_pupil(event: StudentRegistered, work: Unit) -> None:
    """Says one fact for each time it runs: only the inbox keeps it from saying two."""
    work.say(StudentWithdrawn(student_id=event.student_id, version=event.version))


@dataclass(frozen=True)
class Said:
    seq: int
    kind: str = "matched"
    data_json: str = "{}"


async def three_notes(work: Unit, recipient_id: str, after: int, limit: int) -> Sequence[Said]:
    return [Said(seq) for seq in (1, 2, 3) if seq > after][:limit]


@stream("GET /api/pupils/{pupil_id}/events", OnePupil, database="students")
async def watch_pupil(wish: OnePupil, feed: Feed) -> Rows:
    if wish.pupil_id == "unknown":
        raise NotFound("pupil")
    return feed.rows(wish.pupil_id, three_notes)
