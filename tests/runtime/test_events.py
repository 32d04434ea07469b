"""Deliveries: what is understood, and what Knative and Dapr hear back."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.runtime import sample
from tests.runtime.calling import app_of, call

RECORDED = Path(__file__).parent / "recorded"
STUDENT = {"student_id": "s1", "version": 1, "grade": 7, "subject": "physics"}
TYPE = "org.learnflow.student.registered.v1"
BINARY = {
    "content-type": "application/json",
    "ce-specversion": "1.0",
    "ce-id": "e-1",
    "ce-source": "learnflow/students",
    "ce-type": TYPE,
}
STRUCTURED = {"content-type": "application/cloudevents+json"}
DAPR = [
    {"dapr-api-token": "token"},
    {"user-agent": "dapr/1.16.5"},
    {"dapr-caller-app-id": "relay"},
]


def structured(**changes: Any) -> bytes:
    event = {"specversion": "1.0", "id": "e-1", "source": "learnflow/students", "type": TYPE}
    return json.dumps({**event, "data": STUDENT, **changes}).encode()


@pytest.mark.parametrize(
    ("name", "student", "said"),
    [
        ("kafkasource-binary", "s1", b""),
        ("kafkasource-wrapped", "s2", b""),
        ("dapr-subscription", "s3", b'{"status":"SUCCESS"}'),
    ],
)
async def test_recorded_deliveries_are_understood(name: str, student: str, said: bytes) -> None:
    recorded = json.loads((RECORDED / f"{name}.json").read_text())
    answer = await call(
        app_of(sample.hear_pupil),
        "POST",
        headers=recorded["headers"],
        body=recorded["body"].encode(),
    )

    event, traceparent = sample.heard[-1]
    assert event.student_id == student
    assert "0" * 16 not in traceparent
    assert answer.body == said


@pytest.mark.parametrize("path", ["/", "/student-registered", "/api/anything"])
async def test_a_delivery_is_answered_204_and_empty_on_any_path(path: str) -> None:
    answer = await call(
        app_of(sample.hear_pupil), "POST", path, headers=STRUCTURED, body=structured()
    )

    assert (answer.status, answer.body) == (204, b"")


async def test_the_trace_of_an_event_goes_on() -> None:
    trace = f"00-{'a' * 32}-{'b' * 16}-01"
    body = structured(traceparent=trace)
    await call(app_of(sample.hear_pupil), "POST", headers=STRUCTURED, body=body)

    _, traceparent = sample.heard[-1]
    assert traceparent[:35] == trace[:35]
    assert traceparent != trace


async def test_fields_that_are_added_later_are_tolerated() -> None:
    body = structured(data={**STUDENT, "new_in_2027": True})

    assert (
        await call(app_of(sample.hear_pupil), "POST", headers=STRUCTURED, body=body)
    ).status == 204


def without(name: str) -> dict[str, str]:
    return {key: value for key, value in BINARY.items() if key != name}


PERMANENT: dict[str, tuple[dict[str, str], bytes, int]] = {
    "no id": (without("ce-id"), b"{}", 400),
    "no source": (without("ce-source"), b"{}", 400),
    "no type": (without("ce-type"), b"{}", 400),
    "no specversion": (without("ce-specversion"), b"{}", 400),
    "an old specversion": ({**BINARY, "ce-specversion": "0.3"}, b"{}", 400),
    "an id of 300 characters": ({**BINARY, "ce-id": "x" * 300}, b"{}", 400),
    "a NUL in the id": (STRUCTURED, structured(id="e\0"), 400),
    "an id that is a number": (STRUCTURED, structured(id=7), 400),
    "a lone surrogate in the source": (STRUCTURED, structured(source="\ud800"), 400),
    "no CloudEvent": ({"content-type": "application/json"}, b'{"name":"Zaphod"}', 400),
    "structured without JSON": (STRUCTURED, b"Zaphod", 400),
    "a structured array": (STRUCTURED, b"[]", 400),
    "invalid UTF-8": (STRUCTURED, b"\xff\xfe", 400),
    "depth of 30,000": (STRUCTURED, b"[" * 30_000 + b"]" * 30_000, 400),
    "depth in the data": (BINARY, b"[" * 30_000 + b"]" * 30_000, 400),
    "a batch": ({"content-type": "application/cloudevents-batch+json"}, b"[]", 415),
    "a mebibyte": ({**BINARY, "content-length": "1048576"}, b"", 413),
    "an unknown type": ({**BINARY, "ce-type": "org.example.Zaphod.v1"}, b"{}", 422),
    "an unknown version": ({**BINARY, "ce-type": TYPE[:-1] + "2"}, b"{}", 422),
    "a type that is not heard here": (
        {**BINARY, "ce-type": "org.learnflow.tutor.matched.v1"},
        b"{}",
        422,
    ),
    "data that is no JSON": (BINARY, b"Zaphod", 400),
    "no data": (BINARY, b"", 400),
    "data of the wrong type": (STRUCTURED, structured(data={**STUDENT, "grade": "Zaphod"}), 422),
    "a missing field": (STRUCTURED, structured(data={"student_id": "s1"}), 422),
    "a huge integer": (STRUCTURED, structured(data={**STUDENT, "version": 10**400}), 422),
    "an integer beyond the column": (
        STRUCTURED,
        structured(data={**STUDENT, "version": 2**31}),
        422,
    ),
    "a NUL": (STRUCTURED, structured(data={**STUDENT, "times": ["\0"]}), 422),
    "a NUL in the id of the student": (
        STRUCTURED,
        structured(data={**STUDENT, "student_id": "\0"}),
        422,
    ),
    "an unknown student": (STRUCTURED, structured(data={**STUDENT, "student_id": "unknown"}), 422),
    "a missing student": (STRUCTURED, structured(data={**STUDENT, "student_id": "missing"}), 422),
}


@pytest.mark.parametrize(("headers", "body", "status"), PERMANENT.values(), ids=PERMANENT.keys())
async def test_a_permanent_fault_is_a_short_problem_without_an_echo(
    headers: dict[str, str], body: bytes, status: int
) -> None:
    answer = await call(app_of(sample.hear_pupil), "POST", headers=headers, body=body)

    assert answer.status == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert len(answer.body) <= 1024
    assert b"Zaphod" not in answer.body


@pytest.mark.parametrize("dapr", DAPR, ids=["token", "agent", "caller"])
@pytest.mark.parametrize(("headers", "body", "_status"), PERMANENT.values(), ids=PERMANENT.keys())
async def test_dapr_is_told_to_drop_a_permanent_fault(
    headers: dict[str, str], body: bytes, _status: int, dapr: dict[str, str]
) -> None:
    answer = await call(app_of(sample.hear_pupil), "POST", headers={**headers, **dapr}, body=body)

    assert (answer.status, answer.json) == (200, {"status": "DROP"})


@pytest.mark.parametrize(("student", "status"), [("away", 503), ("broken", 500)])
async def test_a_transient_fault_is_to_be_tried_again(student: str, status: int) -> None:
    body = structured(data={**STUDENT, "student_id": student})
    knative = await call(app_of(sample.hear_pupil), "POST", headers=STRUCTURED, body=body)
    dapr = await call(
        app_of(sample.hear_pupil), "POST", headers={**STRUCTURED, **DAPR[0]}, body=body
    )

    assert knative.status == status
    assert ("retry-after" in knative.headers) is (status == 503)
    assert (dapr.status, dapr.json) == (200, {"status": "RETRY"})


async def test_other_methods_are_refused_and_never_with_404() -> None:
    answer = await call(app_of(sample.hear_pupil), "GET", "/anything")

    assert (answer.status, answer.headers["allow"]) == (405, "POST, OPTIONS")
