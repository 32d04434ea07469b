"""What is answered when something is refused? Problem documents, one shared response a status."""

import json
from http import HTTPStatus
from typing import Any, Final

from learnflow.contracts.schemas import Schema
from learnflow.runtime.faults import AWAY
from learnflow.runtime.problems import NotFound, Refused, StaleVersion, document

TRACE: Final = "0af7651916cd43dd8448eb211c80319c"
PROBLEM: Final[Schema] = {
    "type": "object",
    "description": "RFC 9457. `detail` says what to do; nothing repeats what the caller sent. "
    "A refusal may add fields of its own.",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {"type": "string", "const": "about:blank"},
        "title": {"type": "string", "minLength": 1},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string"},
        "trace_id": {
            "type": "string",
            "pattern": "^[0-9a-f]{32}$",
            "description": "Finds the call: `learnflow trace ID`.",
        },
        "booked": {
            "type": "integer",
            "minimum": 1,
            "description": "With 409: how many students are booked, below which no capacity goes.",
        },
        "state": {
            "type": "string",
            "description": "With 409: the state that does not allow it.",
        },
        "errors": {
            "type": "array",
            "description": "Where input breaks rules, at most 8 of them.",
            "items": {
                "type": "object",
                "required": ["where", "what"],
                "properties": {"where": {"type": "string"}, "what": {"type": "string"}},
            },
        },
    },
}
_WRONG: Final = [{"where": "/grade", "what": "Input should be less than or equal to 12"}]
_TEXTS: Final[dict[str, tuple[str, Refused]]] = {
    "BadRequest": (
        "The request cannot be read: no JSON, a parameter given twice, a header that is none.",
        Refused(400, "Bad Request", "a parameter is given twice"),
    ),
    "RequestTimeout": (
        "The body did not arrive within 10 s.",
        Refused(408, "Request Timeout", "the body did not arrive in time"),
    ),
    "Conflict": (
        "The state of the resource does not allow it (`detail` says why), or a request with this "
        "Idempotency-Key is still running.",
        Refused(409, "Key in flight", "a request with this key is still running; repeat it"),
    ),
    "PreconditionFailed": (
        "The resource has another version than If-Match names: read it again.",
        StaleVersion("student"),
    ),
    "ContentTooLarge": (
        "The body has more than 64 KiB; the connection is closed.",
        Refused(413, "Content Too Large", "a body may have 65536 bytes"),
    ),
    "UnsupportedMediaType": (
        "The body is not plain JSON in UTF-8.",
        Refused(415, "Unsupported Media Type", "send application/json"),
    ),
    "InvalidInput": (
        "A field breaks a rule, is unknown or is missing, or an Idempotency-Key came with another "
        "payload before.",
        Refused(422, "Invalid input", "the body breaks 1 rule", errors=_WRONG),
    ),
    "PreconditionRequired": (
        "If-Match is missing.",
        Refused(428, "Precondition Required", 'say which version you change: If-Match: "v1"'),
    ),
    "BadGateway": (
        "The gateway: the function went away while it answered. Repeat with the same key.",
        Refused(502, "Bad Gateway", "the function went away while it answered"),
    ),
    "ServiceUnavailable": (
        "Too many requests at once, or the database is away. Nothing was lost: repeat it.",
        Refused(503, "Service Unavailable", AWAY),
    ),
    "GatewayTimeout": (
        "The gateway: no answer within the function's timeout.",
        Refused(504, "Gateway Timeout", "no answer began within 60 s"),
    ),
}
EVERY: Final = ("BadRequest", "InvalidInput", "BadGateway", "ServiceUnavailable", "GatewayTimeout")
WITH_BODY: Final = ("RequestTimeout", "ContentTooLarge", "UnsupportedMediaType")
IF_MATCH: Final = ("PreconditionFailed", "PreconditionRequired")


def status_of(name: str) -> str:
    """The status of a shared response."""
    return str(_TEXTS[name][1].status)


def responses(kinds: set[str]) -> dict[str, Any]:
    """The shared responses; `kinds` are the resources of which an id may be unknown."""
    found = {name: _response(text, refused) for name, (text, refused) in _TEXTS.items()}
    for kind in sorted(kinds):
        found[unknown(kind)] = _response(f"No {kind} has this id, or not any more.", NotFound(kind))
    return found


def unknown(kind: str) -> str:
    """The name of the shared 404 of a kind of resource."""
    return f"No{kind.title()}"


def _response(description: str, refused: Refused) -> dict[str, Any]:
    headers = {"Server-Timing": {"$ref": "#/components/headers/ServerTiming"}}
    if refused.status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = {"$ref": "#/components/headers/RetryAfter"}
    content = {
        "schema": {"$ref": "#/components/schemas/Problem"},
        "example": json.loads(document(refused, TRACE)),
    }
    return {
        "description": description,
        "headers": headers,
        "content": {"application/problem+json": content},
    }
