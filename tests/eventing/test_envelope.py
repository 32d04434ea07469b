"""The envelope, from recordings of a real cluster and from whatever else may arrive."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eventing.envelope import (
    BATCH,
    STRUCTURED,
    BatchRefused,
    Envelope,
    NotACloudEvent,
    binary_http,
    parse_http,
    structured_json,
)

RECORDED = Path(__file__).parent / "recorded"
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
BINARY = {
    "content-type": "application/json",
    "ce-specversion": "1.0",
    "ce-id": "e-1",
    "ce-source": "learnflow/students",
    "ce-type": "org.learnflow.student.registered.v1",
}
WRAPPED = {**BINARY, "ce-type": "dev.knative.kafka.event"}
PLAIN: dict[str, Any] = {"specversion": "1.0", "id": "e-1", "source": "s", "type": "t"}


def recorded(name: str) -> dict[str, Any]:
    """A recording."""
    found: dict[str, Any] = json.loads((RECORDED / f"{name}.json").read_text("utf-8"))
    return found


def structured(**attributes: Any) -> Envelope:
    """A structured event with these attributes, read."""
    return parse_http({"Content-Type": STRUCTURED}, json.dumps({**PLAIN, **attributes}).encode())


def test_a_binary_delivery_of_a_kafka_source_is_read() -> None:
    delivery = recorded("kafkasource-binary")
    event = parse_http(delivery["headers"], delivery["body"].encode())
    assert (event.id, event.source, event.subject) == ("k4-1", "learnflow/students", "s3")
    assert event.type == "org.learnflow.student.registered.v1"
    assert json.loads(event.data)["student_id"] == "s3"
    assert event.extensions["knativekafkapartition"] == "2"
    assert event.traceparent is None


def test_a_wrapped_delivery_of_a_kafka_source_is_unwrapped() -> None:
    delivery = recorded("kafkasource-wrapped")
    event = parse_http(delivery["headers"], delivery["body"].encode())
    assert (event.id, event.source, event.subject) == ("e-2", "learnflow/students", "s2")
    assert event.type == "org.learnflow.student.registered.v1"
    assert json.loads(event.data) == {"name": "Bo", "student_id": "s2"}
    assert event.extensions["knativekafkaoffset"] == "1"
    assert event.extensions["wrappedid"] == "partition:0/offset:1"
    assert event.traceparent is None


def test_the_record_that_dapr_writes_is_a_structured_event() -> None:
    record = recorded("dapr-kafka-record")
    headers = {"content-type": record["headers"]["content-type"]}
    event = parse_http(headers, json.dumps(record["value"]).encode())
    assert (event.id, event.subject) == ("e-2", "s2")
    assert event.extensions["partitionkey"] == "s2"
    assert not event.extensions.keys() & {"traceid", "traceparent", "tracestate"}


@pytest.mark.parametrize("empty", ["", "00-" + "0" * 32 + "-" + "0" * 16 + "-00", "0" * 32])
def test_an_empty_or_all_zero_trace_is_none(empty: str) -> None:
    assert structured(traceparent=empty).traceparent is None
    assert parse_http({**BINARY, "ce-traceparent": empty}, b"{}").traceparent is None


def test_a_trace_is_kept() -> None:
    assert structured(traceparent=TRACE).traceparent == TRACE
    assert parse_http({**BINARY, "CE-TraceParent": TRACE}, b"{}").traceparent == TRACE


@pytest.mark.parametrize("data", [{"name": "Zoë 学生 🦉"}, {}, {"a": [1, 2.5, None, True]}])
def test_what_is_written_is_read_again(data: dict[str, Any]) -> None:
    body = json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()
    event = Envelope(
        id="e-1",
        source="learnflow/students",
        type="org.learnflow.student.registered.v1",
        subject="s1",
        time="2026-11-22T14:10:27Z",
        data=body,
        extensions={"traceparent": TRACE, "partitionkey": "s1"},
    )
    for headers, written in (
        binary_http(event),
        ({"content-type": STRUCTURED}, structured_json(event)),
    ):
        again = parse_http(headers, written)
        assert json.loads(again.data) == data
        assert (again.id, again.source, again.type, again.subject) == (
            event.id,
            event.source,
            event.type,
            event.subject,
        )
        assert again.time is not None
        assert again.time.startswith("2026-11-22T14:10:27")
        assert again.extensions == event.extensions


@pytest.mark.parametrize("kind", [BATCH, BATCH.upper() + "; charset=utf-8"])
def test_batches_are_refused(kind: str) -> None:
    with pytest.raises(BatchRefused):
        parse_http({"content-type": kind}, b"[]")


DEEP = b"[" * 100_000
BAD = {
    "nothing": ({}, b""),
    "plain JSON": ({"content-type": "application/json"}, b"{}"),
    "no id": ({k: v for k, v in BINARY.items() if k != "ce-id"}, b"{}"),
    "an empty id": ({**BINARY, "ce-id": ""}, b"{}"),
    "a foreign version": ({**BINARY, "ce-specversion": "0.3"}, b"{}"),
    "no such version": ({**BINARY, "ce-specversion": "x"}, b"{}"),
    "structured, empty": ({"content-type": STRUCTURED}, b""),
    "structured, a list": ({"content-type": STRUCTURED}, b"[]"),
    "structured, a text": ({"content-type": STRUCTURED}, b'"specversion"'),
    "structured, null": ({"content-type": STRUCTURED}, b"null"),
    "structured, deep": ({"content-type": STRUCTURED}, DEEP),
    "structured, no UTF-8": ({"content-type": STRUCTURED}, b'{"id": "\xff"}'),
    "structured, a number for an id": (
        {"content-type": STRUCTURED},
        json.dumps({**PLAIN, "id": 7}).encode(),
    ),
    "structured, base64": (
        {"content-type": STRUCTURED},
        json.dumps({**PLAIN, "data_base64": "e30="}).encode(),
    ),
    "wrapped, no JSON": (WRAPPED, b"x"),
    "wrapped, a text": (WRAPPED, b'"specversion"'),
    "wrapped, no event": (WRAPPED, b"{}"),
    "wrapped, deep": (WRAPPED, DEEP),
    "wrapped, half an event": (WRAPPED, b'{"specversion": "1.0"}'),
    "wrapped, a list for a type": (WRAPPED, json.dumps({**PLAIN, "type": []}).encode()),
}


@pytest.mark.parametrize("what", BAD)
def test_what_is_no_event_is_refused_with_a_reason_that_quotes_nothing(what: str) -> None:
    headers, body = BAD[what]
    with pytest.raises(NotACloudEvent) as refused:
        parse_http(headers, body)
    assert 10 < len(refused.value.reason) < 120


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
NAMES = st.sampled_from(
    [
        *PLAIN,
        "data",
        "data_base64",
        "time",
        "subject",
        "datacontenttype",
        "dataschema",
        "traceparent",
    ]
)
EVENTS = st.dictionaries(NAMES, JSON).map(lambda some: json.dumps({**PLAIN, **some}).encode())
HEADERS = st.dictionaries(NAMES.map("ce-{}".format), st.text(max_size=20)).map(
    lambda some: {**BINARY, **some}
)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    headers=HEADERS | st.just({"content-type": STRUCTURED}) | st.just(WRAPPED),
    body=EVENTS | st.binary(max_size=40) | JSON.map(lambda some: json.dumps(some).encode()),
)
def test_whatever_arrives_is_an_event_or_refused(headers: dict[str, str], body: bytes) -> None:
    try:
        event = parse_http(headers, body)
    except (NotACloudEvent, BatchRefused):
        return
    assert event.id
    assert isinstance(event.data, bytes)
    assert all(isinstance(value, str) for value in event.extensions.values())
