"""What does an operation take? Parameters of path and query, headers, and the JSON body."""

from typing import Any, Final

from learnflow.contracts.examples import example
from learnflow.contracts.operations import Public
from learnflow.contracts.schemas import Components, Schema, not_null, whole
from learnflow.runtime.commands import MAX_KEY
from learnflow.runtime.operation import Route
from learnflow.runtime.streams import MAX_SEQ

_SEEN: Final[Schema] = {"type": "integer", "minimum": 0, "maximum": MAX_SEQ}
_TAG: Final = r'(?:W/)?"[!#-~]*"'
SHARED: Final[dict[str, dict[str, Any]]] = {
    "Traceparent": {
        "name": "traceparent",
        "in": "header",
        "description": "W3C trace context to go on with; anything else begins a new trace.",
        "schema": {"type": "string"},
        "example": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    },
    "IdempotencyKey": {
        "name": "Idempotency-Key",
        "in": "header",
        "description": "Makes a repeated call safe: the same key with the same payload is answered "
        "as the first call was and changes nothing; with another payload it is refused with 422.",
        "schema": {"type": "string", "pattern": f"^[!-~]{{1,{MAX_KEY}}}$"},
        "example": "5e6f1f9e-4a5b-4a57-9d0c-0b7f3d1f2a10",
    },
    "IfMatch": {
        "name": "If-Match",
        "in": "header",
        "required": True,
        "description": "The ETag of the version that is meant to change, several with commas "
        "between, or `*` for whichever there is. Weak tags match nothing.",
        "schema": {"type": "string", "pattern": rf"^(?:\*|{_TAG}(?:[ \t]*,[ \t]*{_TAG})*)$"},
        "example": '"v1"',
    },
    "LastEventId": {
        "name": "Last-Event-ID",
        "in": "header",
        "description": "The id of the last item that was seen: the stream goes on after it.",
        "schema": _SEEN,
        "example": 1,
    },
    "LastEventIdInQuery": {
        "name": "last_event_id",
        "in": "query",
        "description": "As Last-Event-ID, for clients that cannot send it; the header wins.",
        "schema": _SEEN,
        "example": 1,
    },
}
"""Parameters that many operations have."""


def parameters(public: Public, route: Route, components: Components) -> list[dict[str, Any]]:
    """The parameters of one route: its path's, the query's, and the headers it looks at."""
    schema = whole(public.model, "validation", f"{components.prefix}{{model}}")
    for name, definition in schema.get("$defs", {}).items():
        components.named(name, definition)
    fields = schema["properties"]
    found = [_parameter(name, fields[name], "path", True, components) for name in route.parameters]
    if not public.has_body:
        required = schema.get("required", ())
        found += [
            _parameter(name, field, "query", name in required, components)
            for name, field in fields.items()
            if name not in (*route.parameters, public.version_field)
        ]
    return found + [{"$ref": f"#/components/parameters/{name}"} for name in headers_of(public)]


def headers_of(public: Public) -> list[str]:
    """The names in SHARED of what it looks at besides its fields."""
    kind = public.operation.kind
    found = ["LastEventId", "LastEventIdInQuery"] if kind == "stream" else []
    found += ["IdempotencyKey"] if kind == "command" else []
    found += ["IfMatch"] if public.version_field else []
    return [*found, "Traceparent"]


def request_body(public: Public, route: Route, components: Components) -> dict[str, Any] | None:
    """The JSON body: the model without what address and headers say; None where there is none."""
    if not public.has_body:
        return None
    elsewhere = {*route.parameters, public.version_field or ""}
    schema = components.model(public.model, "validation", without=elsewhere)
    whole_body = example(schema, components)
    required = components.resolved(schema).get("required", ())
    least = {name: value for name, value in whole_body.items() if name in required}
    examples = {"whole": {"summary": "Everything that can be said", "value": whole_body}}
    if least != whole_body:
        examples["least"] = {"summary": "What must be said", "value": least}
    return {
        "required": True,
        "description": "UTF-8, at most 64 KiB; unknown fields are refused.",
        "content": {"application/json": {"schema": schema, "examples": examples}},
    }


def _parameter(
    name: str, field: Schema, where: str, required: bool, components: Components
) -> dict[str, Any]:
    schema = not_null(field)
    described = {"description": schema["description"]} if "description" in schema else {}
    return {
        "name": name,
        "in": where,
        "required": required,
        **described,
        "schema": {key: value for key, value in schema.items() if key != "description"},
        "example": example(schema, components, name),
    }
