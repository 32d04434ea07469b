"""What functions really answer, over real databases, is what the document says they answer."""

import json
from collections.abc import Mapping

import jsonschema_rs
import pytest

from db.notes import read_notes
from tests.contracts.caller import ALL, Caller, disagreements, has_a_test_that_calls
from tests.contracts.published import document, faults
from tests.flow.world import World
from tests.runtime.calling import Answer

SILENT = {n for n, said in ALL.items() if "text/event-stream" in str(said.good)}
"""Streams, whose items are looked at in a test of their own."""
ELSEWHERE = {name for name in ALL if has_a_test_that_calls(name)}
"""What a test of its own asks, and holds against the document."""
STUDENT = {"name": "Ada", "grade": 7, "subject": "physics"}
TUTOR = {"name": "Emmy", "subjects": ["physics"], "capacity": 2}
OFFER = {"available": True, "capacity": 4, "times": []}
PROBLEM = document()["components"]["schemas"]["Problem"]


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
    assert ask.well == {
        (n, s) for n, said in ALL.items() for s in said.good if n not in SILENT | ELSEWHERE
    }


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
