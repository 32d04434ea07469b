"""What functions really answer, over real databases, is what the document says they answer."""

import json
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import jsonschema_rs
import pytest

from db.notes import read_notes
from learnflow.runtime.app import application
from learnflow.settings import Settings
from tests.contracts.published import Described, document, faults, operations, resolved
from tests.flow.world import World
from tests.runtime.calling import JSON, Answer, call

ALL = {said.id: said for said in operations()}
SILENT = {"watch_student", "watch_tutor"}
"""Streams, whose items are looked at in a test of their own."""
STUDENT = {"name": "Ada", "grade": 7, "subject": "physics"}
TUTOR = {"name": "Emmy", "subjects": ["physics"], "capacity": 2}
OFFER = {"available": True, "capacity": 4, "times": []}
SAID_OF_HEADERS = {"etag", "location", "retry-after", "server-timing", "traceresponse"}
PROBLEM = document()["components"]["schemas"]["Problem"]


class Caller:
    """Calls operations of the document, and holds every answer against it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.well: set[tuple[str, str]] = set()
        """Which operations went well, and with which status."""

    async def __call__(
        self,
        name: str,
        body: Any = None,
        *,
        headers: Mapping[str, str] | None = None,
        query: str = "",
        raw: bytes | None = None,
        ids: Mapping[str, str] = MappingProxyType({}),
    ) -> Answer:
        """One call; fails when the answer is not as described."""
        said = ALL[name]
        operation = self.world.operations[name.removesuffix("_by_query")]
        database = self.world.open[operation.database or ""]
        app = application(operation, Settings(), database=database)
        sent = raw if raw is not None else b"" if body is None else json.dumps(body).encode()
        path = re.sub(r"\{(\w+)\}", lambda found: ids[found[1]], said.path) + query
        all_headers = {**(JSON if sent else {}), **(headers or {})}
        answer = await call(app, said.method, path, headers=all_headers, body=sent)
        assert disagreements(said, answer) == []
        if str(answer.status) in said.good:
            self.well.add((name, str(answer.status)))
        return answer


def disagreements(said: Described, answer: Answer) -> list[str]:
    """Where an answer is not what the document says."""
    described = said.said["responses"].get(str(answer.status))
    if described is None:
        return [f"{said.id} answered {answer.status}, which is not described"]
    described = resolved(described)
    names = {name.lower() for name in described["headers"]}
    found = [f"header {name}" for name in answer.headers if name in SAID_OF_HEADERS - names]
    for name, header in described["headers"].items():
        value = answer.headers.get(name.lower())
        if value is None and name not in ("Server-Timing", "traceresponse"):
            found.append(f"no header {name}")
        elif value is not None and resolved(header)["schema"]["type"] == "string":
            found += faults(resolved(header)["schema"], value)
    if not described.get("content"):
        return found + (["a body"] if answer.body else [])
    ((media, content),) = described["content"].items()
    if answer.headers["content-type"].split(";")[0] != media:
        found.append(f"media {answer.headers['content-type']}")
    return found + faults(content["schema"], answer.json, closed=answer.status < 300)


@pytest.fixture
def ask(world: World) -> Caller:
    return Caller(world)


async def test_a_whole_story_is_answered_as_described(world: World, ask: Caller) -> None:
    tutor = await registered(ask, "tutor")
    full = (ALL["register_tutor"].body or {})["examples"]["whole"]["value"]
    await ask("register_tutor", full, headers={"idempotency-key": "k1"})
    student = await registered(ask, "student")
    assert (await ask("find_student", ids=student)).json["match"] is None
    await world.settle()
    seen = await ask("find_student_by_query", query=f"?student_id={student['student_id']}")
    tagged = {"if-match": seen.headers["etag"]}
    await ask("update_student", {**STUDENT, "goals": ["exam"]}, headers=tagged, ids=student)
    await world.settle()
    match = await match_of(ask, student)
    await ask("explain_match", ids=match)
    page = await ask("list_tutors", query="?available=true&subject=physics&limit=1")
    following = await ask("list_tutors", query=f"?limit=1&cursor={page.json['next']}")
    assert following.status == 200
    tagged = {"if-match": (await ask("find_tutor", ids=tutor)).headers["etag"]}
    await ask("change_availability", OFFER, headers=tagged, ids=tutor)
    await ask("respond_to_match", {"response": "accept"}, ids=match)
    await world.settle()
    await ask("rate_match", {"stars": 5}, ids=match)
    await world.settle()
    await ask("explain_match", ids=match)
    await ask("withdraw_student", ids=student)
    await ask("withdraw_tutor", ids=tutor)
    assert ask.well == {(n, s) for n, said in ALL.items() for s in said.good if n not in SILENT}


async def test_what_a_state_does_not_allow_is_refused_as_described(
    world: World, ask: Caller
) -> None:
    tutor = await registered(ask, "tutor")
    student, _ = await registered(ask, "student"), await registered(ask, "student")
    await world.settle()
    match = await match_of(ask, student)
    few = {**OFFER, "capacity": 1}
    answer = await ask("change_availability", few, headers={"if-match": "*"}, ids=tutor)
    assert (answer.status, answer.json["booked"]) == (409, 2)
    for stars, status in ((5, 204), (5, 204), (4, 409)):
        assert (await ask("rate_match", {"stars": stars}, ids=match)).status == status
    for said, status in (("accept", 204), ("decline", 409), ("end", 204), ("accept", 409)):
        assert (await ask("respond_to_match", {"response": said}, ids=match)).status == status
    await world.settle()
    answer = await ask("update_student", STUDENT, headers={"if-match": "*"}, ids=student)
    assert answer.status == 409


async def registered(ask: Caller, kind: str) -> dict[str, str]:
    """The id of a new student or tutor."""
    made = (await ask(f"register_{kind}", STUDENT if kind == "student" else TUTOR)).json
    return {f"{kind}_id": made[f"{kind}_id"]}


async def match_of(ask: Caller, student: Mapping[str, str]) -> dict[str, str]:
    """The id of a student's match."""
    return {"match_id": (await ask("find_student", ids=student)).json["match"]["match_id"]}


@pytest.mark.parametrize("name", [n for n, said in ALL.items() if said.parameters("path")])
async def test_an_unknown_id_is_refused_as_described(ask: Caller, name: str) -> None:
    said = ALL[name]
    body = said.body and said.body["examples"]["whole"]["value"]
    headers = {"if-match": "*"} if "If-Match" in said.parameters("header") else {}
    ids = dict.fromkeys(said.parameters("path"), "nobody")
    assert (await ask(name, body, headers=headers, ids=ids)).status == 404
    assert (await ask(name, body, headers=headers, query="?a=1&a=2", ids=ids)).status == 400
    assert (await ask(name, body, headers=headers, query="?no_such=1", ids=ids)).status == 422


@pytest.mark.parametrize("name", [n for n, said in ALL.items() if said.body])
async def test_a_bad_body_is_refused_as_described(ask: Caller, name: str) -> None:
    said = ALL[name]
    ids = dict.fromkeys(said.parameters("path"), "nobody")
    plain = {"if-match": "*"} if "If-Match" in said.parameters("header") else {}
    tries = [
        (b"{", {}, 400),
        (b"[]", {}, 422),
        (b'{"unknown": 1}', {}, 422),
        (b"{}", {"content-type": "text/plain"}, 415),
        (b" " * 70_000, {}, 413),
    ]
    for raw, headers, status in tries:
        answer = await ask(name, raw=raw, headers={**plain, **headers}, ids=ids)
        assert answer.status == status


@pytest.mark.parametrize(
    "name", [n for n, said in ALL.items() if "If-Match" in said.parameters("header")]
)
async def test_if_match_is_asked_for_as_described(ask: Caller, name: str) -> None:
    kind = "student" if "student_id" in ALL[name].parameters("path") else "tutor"
    ids = await registered(ask, kind)
    body = (ALL[name].body or {})["examples"]["whole"]["value"]
    for headers, status in (({}, 428), ({"if-match": "v1"}, 400), ({"if-match": '"v9"'}, 412)):
        assert (await ask(name, body, headers=headers, ids=ids)).status == status


async def test_a_key_is_refused_as_described(ask: Caller) -> None:
    key = {"idempotency-key": "k1"}
    assert (await ask("register_student", STUDENT, headers=key)).status == 201
    assert (await ask("register_student", {**STUDENT, "grade": 8}, headers=key)).status == 422
    assert (
        await ask("register_student", STUDENT, headers={"idempotency-key": "a b"})
    ).status == 400


async def test_notifications_are_items_of_the_streams(world: World, ask: Caller) -> None:
    tutor, student = await registered(ask, "tutor"), await registered(ask, "student")
    await world.settle()
    for short, recipient in (("students", *student.values()), ("tutors", *tutor.values())):
        (content,) = ALL[f"watch_{short[:-1]}"].good["200"]["content"].values()
        async with world.open[short].unit("") as work:
            notes = await read_notes(work, recipient, 0, 10)
        items = [
            {"id": note.seq, "event": note.kind, "data": json.loads(note.data_json)}
            for note in notes
        ]
        assert items
        assert faults(content["schema"]["contentSchema"], items, closed=True) == []


def test_an_answer_that_is_not_described_is_seen() -> None:
    said = ALL["find_student"]
    headers = {"content-type": "application/json", "etag": '"v1"'}
    strange = Answer(200, headers, b'{"student_id": 7, "surprise": true}')
    assert disagreements(said, Answer(418, {}, b"")) != []
    assert len(disagreements(said, strange)) > 1
    assert "header location" in disagreements(
        said, Answer(200, {"location": "/x", **headers}, b"{}")
    )
    assert not jsonschema_rs.is_valid(PROBLEM, {"title": "no type"})
