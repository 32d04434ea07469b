"""Every function is an ordinary one: the stock functions-framework serves it and answers alike."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from functions_framework.aio import create_asgi_app

from db.unit_of_work import Database
from learnflow.runtime.app import application
from learnflow.runtime.instance import Instance
from learnflow.runtime.load import function_names, load_function
from learnflow.runtime.operation import Operation
from learnflow.settings import Settings
from tests.runtime import sample
from tests.runtime.calling import JSON, NOWHERE, Answer, app_of, call

FOLDER = Path(__file__).parents[2] / "functions"
STUDENT = {"student_id": "s1", "version": 1, "grade": 7, "subject": "physics"}
EVENT = {
    "content-type": "application/json",
    "ce-specversion": "1.0",
    "ce-id": "e-1",
    "ce-source": "learnflow/students",
}
REGISTERED = {**EVENT, "ce-type": "org.learnflow.student.registered.v1"}
ORIGIN = {"origin": "http://localhost:3000"}
Request = tuple[str, str, Mapping[str, str], bytes]
REQUESTS: dict[str, Request] = {
    "a look": ("GET", "/", {}, b""),
    "a look at one": ("GET", "/?student_id=s1", {}, b""),
    "a look from a page": ("GET", "/?tutor_id=t1", ORIGIN, b""),
    "a look at the head": ("HEAD", "/?student_id=s1", {}, b""),
    "a repeated parameter": ("GET", "/?grade=1&grade=2", {}, b""),
    "an unknown parameter": ("GET", "/?what=1", {}, b""),
    "a removal": ("DELETE", "/?student_id=s1", {}, b""),
    "a removal of nothing": ("DELETE", "/", {}, b""),
    "an update": ("PUT", "/?student_id=s1", JSON, b'{"grade":7}'),
    "an update of what is known": (
        "PUT",
        "/?student_id=s1",
        {**JSON, "if-match": '"v1"'},
        b'{"name":"Bo","grade":7,"subject":"physics"}',
    ),
    "an update of no version": ("PUT", "/?student_id=s1", {**JSON, "if-match": "v1"}, b"{}"),
    "a rating": ("POST", "/", JSON, b'{"match_id":"m1","stars":5}'),
    "a student": ("POST", "/", JSON, b'{"name":"Bo","grade":7,"subject":"physics"}'),
    "an availability": (
        "PUT",
        "/?tutor_id=t1",
        {**JSON, "if-match": "*"},
        b'{"available":true,"capacity":2,"times":["mon-16"]}',
    ),
    "an answer to a match": ("POST", "/", JSON, b'{"match_id":"m1","response":"accept"}'),
    "a cursor that is none": ("GET", "/?cursor=abc", {}, b""),
    "a tutor": ("POST", "/", JSON, b'{"name":"Bo","subjects":["physics"]}'),
    "a body that is no JSON": ("POST", "/", JSON, b"{"),
    "a body of another kind": ("POST", "/", {"content-type": "text/plain"}, b"{}"),
    "a body too large": ("POST", "/", JSON, b"x" * 70_000),
    "a key that is none": ("POST", "/", {**JSON, "idempotency-key": "a b"}, b"{}"),
    "an event": ("POST", "/", REGISTERED, json.dumps(STUDENT).encode()),
    "an event to a path": ("POST", "/events", REGISTERED, json.dumps(STUDENT).encode()),
    "an event through Dapr": (
        "POST",
        "/",
        {**REGISTERED, "dapr-api-token": "t"},
        json.dumps(STUDENT).encode(),
    ),
    "an event that is half there": ("POST", "/", REGISTERED, b'{"student_id":"s1"}'),
    "an event of no known type": ("POST", "/", {**EVENT, "ce-type": "x"}, b"{}"),
    "a batch": ("POST", "/", {"content-type": "application/cloudevents-batch+json"}, b"[]"),
    "a preflight": ("OPTIONS", "/", {**ORIGIN, "access-control-request-method": "POST"}, b""),
    "a foreign path": ("GET", "/api/elsewhere", {}, b""),
    "a question of health": ("GET", "/healthz", {}, b""),
}


@pytest.fixture(autouse=True)
def _databases_that_are_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("STUDENTS", "TUTORS", "MATCHING"):
        monkeypatch.setenv(f"LEARNFLOW_{name}_DATABASE_URL", NOWHERE)


def comparable(answer: Answer) -> tuple[int, dict[str, str], Any]:
    """All but the trace, which is new for each request."""
    content = json.loads(answer.body) if answer.body else None
    if isinstance(content, dict):
        content.pop("trace_id", None)
    return answer.status, answer.headers, content


@pytest.mark.parametrize("target", function_names(FOLDER))
async def test_the_stock_framework_answers_like_our_host(target: str) -> None:
    stock = create_asgi_app(target, str(FOLDER / target / "main.py"), "http")  # type: ignore[no-untyped-call]
    ours = app_of(load_function(FOLDER, target))

    for name, (method, path, headers, body) in REQUESTS.items():
        theirs = await call(stock, method, path, headers=headers, body=body)
        own = await call(ours, method, path, headers=headers, body=body)

        assert comparable(theirs) == comparable(own), name


async def test_the_stock_framework_registers_what_our_host_finds(
    students: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEARNFLOW_STUDENTS_DATABASE_URL", students.dsn)
    made: list[Instance] = []

    def noted(operation: Operation, settings: Settings) -> Instance:
        made.append(Instance(operation, settings))
        return made[-1]

    monkeypatch.setattr("learnflow.runtime.stock.Instance", noted)
    stock = create_asgi_app("register_student", str(FOLDER / "register_student/main.py"), "http")  # type: ignore[no-untyped-call]
    find = load_function(FOLDER, "find_student").operation
    ours = application(find, Settings(), database=students)
    _, _, headers, body = REQUESTS["a student"]

    created = await call(stock, "POST", "/api/students", headers=headers, body=body)
    found = await call(ours, "GET", created.json["links"]["self"])
    await made[0].close()  # the framework has no hook for its end

    assert created.status == 201
    assert found.json["name"] == "Bo"


@pytest.mark.parametrize("path", ["/api/pupils/p1/events", "/?pupil_id=p1&last_event_id=2"])
async def test_the_stock_framework_streams_like_our_host(
    path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEARNFLOW_STREAM_SECONDS", "0.1")
    stock = create_asgi_app("watch_pupil", sample.__file__, "http")  # type: ignore[no-untyped-call]
    ours = app_of(sample.watch_pupil, stream_seconds=0.1)

    theirs = await call(stock, "GET", path, patient=True)
    own = await call(ours, "GET", path, patient=True)
    await ours.instance.close()

    assert theirs == own
    assert b"id: 3" in own.body
