"""How does an event lie in its topic? The CloudEvent around the data, and the record's headers."""

from typing import Any, Final

from eventing.envelope import STRUCTURED
from eventing.events import Event, StudentRegistered
from eventing.examples import example as data_example
from learnflow.contracts.schemas import Schema

__all__ = ["CLOUD_EVENT", "DEAD_LETTER", "STRUCTURED", "example", "payload", "record_headers"]

_TRACE: Final = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
CLOUD_EVENT: Final[Schema] = {
    "type": "object",
    "description": "CloudEvents 1.0 in JSON. Extensions that are not named here may be there too.",
    "required": ["specversion", "id", "source", "type", "datacontenttype", "data"],
    "properties": {
        "specversion": {"type": "string", "const": "1.0"},
        "id": {
            "type": "string",
            "minLength": 1,
            "description": "With `source`, what makes a repeated delivery known as one.",
        },
        "source": {
            "type": "string",
            "minLength": 1,
            "description": "`learnflow/` and the database that remembers the fact.",
        },
        "type": {"type": "string", "minLength": 1},
        "subject": {"type": "string"},
        "time": {"type": "string", "format": "date-time"},
        "datacontenttype": {"type": "string", "const": "application/json"},
        "partitionkey": {"type": "string"},
        "traceparent": {"type": "string", "description": "W3C; empty or missing for none."},
    },
}
_HEADERS: Final[Schema] = {
    "content-type": {"type": "string", "const": STRUCTURED},
    "partitionKey": {"type": "string", "description": "As the record's key."},
}


def payload(event: type[Event], data: Schema) -> Schema:
    """The schema of the record's value: an envelope with this event's data."""
    key = {"type": "string", "description": f"The fact's `{event.key_field}`."}
    return {
        "allOf": [{"$ref": "#/components/schemas/CloudEvent"}],
        "type": "object",
        "required": ["subject", "time", "partitionkey"],
        "properties": {
            "type": {"type": "string", "const": event.type},
            "subject": key,
            "partitionkey": key,
            "data": data,
        },
    }


def record_headers(event: type[Event]) -> Schema:
    """The schema of the record's headers."""
    return {
        "type": "object",
        "description": f"What the publisher sets; `ce-` headers of {event.type} are made later.",
        "required": ["content-type"],
        "properties": _HEADERS,
    }


def example_headers(event: type[Event]) -> dict[str, str]:
    """The headers of an example's record."""
    key = data_example(event)[event.key_field]
    return {"content-type": STRUCTURED, "partitionKey": key}


def example(event: type[Event], source: str) -> dict[str, Any]:
    """An example of the record's value."""
    data = data_example(event)
    key = data[event.key_field]
    return {
        "specversion": "1.0",
        "id": "0c8f2d6e5b9a4c3f8e7d6a5b4c3d2e1f",
        "source": source,
        "type": event.type,
        "subject": key,
        "time": "2026-11-22T09:30:00.000000Z",
        "datacontenttype": "application/json",
        "partitionkey": key,
        "traceparent": _TRACE,
        "data": data,
    }


DEAD_LETTER: Final[dict[str, Any]] = {
    "name": "dead letter",
    "title": "DeadLetter",
    "summary": "An event as it was, and why nobody could take it.",
    "contentType": STRUCTURED,
    "payload": {
        "allOf": [{"$ref": "#/components/schemas/CloudEvent"}],
        "type": "object",
        "properties": {
            "knativeerrordest": {"type": "string", "description": "Who was to take it."},
            "knativeerrorcode": {"description": "The status of its last answer."},
            "knativeerrordata": {"type": "string", "description": "That answer's body."},
        },
    },
    "examples": [
        {
            "name": "refused",
            "payload": {
                **example(StudentRegistered, "learnflow/students"),
                "knativeerrordest": "http://match-student.learnflow.svc.cluster.local",
                "knativeerrorcode": "422",
            },
        }
    ],
}
