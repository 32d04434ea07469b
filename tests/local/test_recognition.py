"""What a KafkaSource makes of a record: recorded requests, and every way to be wrapped."""

import json
from pathlib import Path
from typing import Any

import pytest

from learnflow.local import pubsub
from learnflow.local.recognition import WRAPPED_TYPE, recognise
from learnflow.local.records import Record, partition_of

FIXTURES = Path(__file__).parent / "fixtures"
STRUCTURED = {"content-type": "application/cloudevents+json"}
EVENT: dict[str, Any] = {
    "specversion": "1.0",
    "id": "e-1",
    "source": "learnflow/students",
    "type": "org.learnflow.student.registered.v1",
    "datacontenttype": "application/json",
    "data": {"student_id": "s1"},
}
BINARY = {
    "ce_specversion": "1.0",
    "ce_id": "e-1",
    "ce_source": "learnflow/students",
    "ce_type": "t",
    "content-type": "application/json",
}


def recorded(name: str) -> Any:
    return json.loads((FIXTURES / f"{name}.json").read_text())


def record(headers: dict[str, str], value: Any = EVENT, **place: Any) -> Record:
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    return Record(**{"topic": "t", "key": "k", "headers": headers, "value": body, **place})


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in EVENT.items() if key != name}


def test_publishing_writes_the_record_that_dapr_writes() -> None:
    expected = recorded("dapr_record")
    added = ("pubsubname", "topic", "traceid", "traceparent", "tracestate")
    published = {name: v for name, v in expected["value"].items() if name not in added}
    written = pubsub.record(expected["topic"], expected["key"], published)
    assert (written.topic, written.key) == (expected["topic"], expected["key"])
    assert written.headers == expected["headers"]
    assert json.loads(written.value) == expected["value"]
    assert list(json.loads(written.value)) == sorted(expected["value"])


def test_publishing_keeps_a_trace() -> None:
    written = pubsub.record("t", "k", {**EVENT, "traceparent": "00-ab-cd-01"})
    assert json.loads(written.value)["traceparent"] == "00-ab-cd-01"


def test_a_published_event_arrives_in_binary_mode_as_recorded() -> None:
    expected = recorded("sent_binary")
    envelope = {
        name.removeprefix("ce-"): value
        for name, value in expected["headers"].items()
        if name.startswith("ce-") and "knative" not in name
    } | {"datacontenttype": "application/json", "data": expected["body"]}
    published = pubsub.record(expected["record"]["topic"], "s3", envelope)
    found = recognise(
        record(dict(published.headers), published.value, **expected["record"]), "any", "default"
    )
    headers, body = found.event.http()
    assert found.mode == "structured"
    assert headers == expected["headers"]
    assert json.loads(body) == expected["body"]


def test_a_record_without_content_type_is_wrapped_as_recorded() -> None:
    expected = recorded("sent_wrapped")
    found = recognise(
        record(value=EVENT, **expected["record"]), expected["source"], expected["namespace"]
    )
    headers, body = found.event.http()
    assert found.mode == "wrapped"
    assert headers == expected["headers"]
    assert json.loads(body) == EVENT


@pytest.mark.parametrize("parameters", ["", "; charset=utf-8", ";charset=utf-8"])
def test_parameters_of_the_content_type_are_ignored(parameters: str) -> None:
    headers = {"content-type": "application/cloudevents+json" + parameters}
    assert recognise(record(headers), "s", "n").mode == "structured"


def test_ce_headers_are_binary_mode() -> None:
    found = recognise(record(BINARY, b'{"a":1}'), "s", "n")
    headers, body = found.event.http()
    assert (found.mode, headers["ce-id"], body) == ("binary", "e-1", b'{"a":1}')
    assert headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("headers", "value", "why"),
    [
        ({}, EVENT, "neither"),
        ({"Content-Type": STRUCTURED["content-type"]}, EVENT, "lower case"),
        ({"content-type": "application/json"}, EVENT, "no ce_specversion"),
        ({"content-type": "application/cloudevents json"}, EVENT, "format"),
        ({"content-type": "application/cloudevents-batch+json"}, EVENT, "format"),
        ({"CE_SPECVERSION": "1.0"}, EVENT, "lower case"),
        (BINARY | {"ce_time": "yesterday"}, b"", "time"),
        (BINARY | {"ce_a-b": "x"}, b"", "named"),
        (STRUCTURED, without("id"), "id is missing"),
        (STRUCTURED, without("source"), "source is missing"),
        (STRUCTURED, without("type"), "type is missing"),
        (STRUCTURED, without("specversion"), "specversion"),
        (STRUCTURED, EVENT | {"id": 7}, "id is not a string"),
        (STRUCTURED, EVENT | {"source": "a b"}, "source is not a URI"),
        (STRUCTURED, EVENT | {"time": "2026-11-22 14:10"}, "time"),
        (STRUCTURED, EVENT | {"time": "2026-13-22T14:10:00Z"}, "time"),
        (STRUCTURED, EVENT | {"time": "2026-11-22T14:10:00+19:00"}, "time"),
        (STRUCTURED, EVENT | {"score": 0.91}, "score"),
        (STRUCTURED, EVENT | {"score": 2**31}, "score"),
        (STRUCTURED, EVENT | {"partitionKey": "s1"}, "partitionKey"),
        (STRUCTURED, EVENT | {"datacontenttype": "text/plain"}, "data is no string"),
        (STRUCTURED, EVENT | {"data_base64": "e30="}, "both"),
        (STRUCTURED, b'{"specversion":"1.0"', "not JSON"),
        (STRUCTURED, b"[" * 100_000, "not JSON"),
        (STRUCTURED, b"[]", "not a JSON object"),
        (STRUCTURED, b'{"specversion":"1.0","id":"\\ud800","data":NaN}', "not JSON"),
    ],
)
def test_what_the_dispatcher_would_not_recognise_is_wrapped_with_the_reason(
    headers: dict[str, str], value: Any, why: str
) -> None:
    found = recognise(record(headers, value), "s", "n")
    assert found.mode == "wrapped"
    assert found.event.type == WRAPPED_TYPE
    assert found.reason is not None
    assert why in found.reason


def test_extensions_arrive_as_text() -> None:
    event = EVENT | {"flag": True, "count": 7, "nothing": None}
    headers, _ = recognise(record(STRUCTURED, event), "s", "n").event.http()
    assert (headers["ce-flag"], headers["ce-count"], headers["ce-nothing"]) == ("true", "7", "null")


def test_a_wrapped_record_keeps_its_content_type_in_lower_case() -> None:
    headers, _ = recognise(record({"Content-Type": "Text/CSV"}, b"a,b"), "s", "n").event.http()
    assert headers["content-type"] == "text/csv"


@pytest.mark.parametrize("mode", ["structured", "binary"])
def test_an_event_survives_a_sink_of_either_content_mode(mode: str) -> None:
    event = recognise(record(STRUCTURED), "s", "n").event
    headers, value = event.kafka(mode)
    again = recognise(record(headers, value), "s", "n")
    assert (again.mode, again.event.http()) == (mode, event.http())


def test_keys_spread_as_the_kafka_client_of_dapr_spreads_them() -> None:
    # the published FNV-1a test vector
    assert partition_of("hello", 1000) == 0x4F9F2CAB % 1000
    assert {partition_of(f"s{n}", 3) for n in range(50)} == {0, 1, 2}
    assert partition_of(None, 3) == partition_of("s1", 1) == 0
