"""What does an operation answer? Each status that it can, with headers, schema and example."""

from http import HTTPStatus
from typing import Any, Final

from pydantic import TypeAdapter

from learnflow.contracts import problems
from learnflow.contracts.examples import example, known
from learnflow.contracts.operations import Public
from learnflow.contracts.schemas import Components, Schema
from learnflow.runtime.answers import Changed, Created, Done, resource_of
from learnflow.runtime.fields import ResourceId

HEADERS: Final[dict[str, Any]] = {
    "ETag": {
        "description": "The version of the resource, for If-Match.",
        "schema": {"type": "string", "pattern": '^"v[0-9]+"$'},
        "example": '"v1"',
    },
    "Location": {
        "description": "Where the new resource is.",
        "schema": {"type": "string", "pattern": "^/api/"},
        "example": "/api/students/5f1c0de05f1c0de05f1c0de05f1c0de0",
    },
    "RetryAfter": {
        "description": "Seconds to wait before the call is repeated.",
        "schema": {"type": "integer", "minimum": 0},
        "example": 1,
    },
    "ServerTiming": {
        "description": "Milliseconds of the call, and of its database with the number of "
        "statements. Missing where the gateway answers.",
        "schema": {"type": "string"},
        "example": 'function;dur=2.410, sql;dur=1.730;desc="1"',
    },
    "Traceresponse": {
        "description": "The W3C trace context under which the call ran.",
        "schema": {"type": "string"},
        "example": f"00-{problems.TRACE}-b7ad6b7169203331-01",
    },
}
_ANSWERS: Final[dict[type[Any], HTTPStatus]] = {
    Created: HTTPStatus.CREATED,
    Changed: HTTPStatus.OK,
    Done: HTTPStatus.NO_CONTENT,
}
_EVENTS: Final = "text/event-stream"
_FRAMES: Final = (
    "Server-sent events, each as `id:`, `event:` and `data:` (JSON); comments keep the connection "
    "alive. The stream ends after some minutes: go on with Last-Event-ID. An upgrade to a "
    "WebSocket is the alternative: the same items as JSON texts (asyncapi.json), resumed by "
    "last_event_id."
)


def responses(public: Public, components: Components) -> dict[str, Any]:
    """Every response of an operation, by status."""
    found = _good(public, components)
    for name in refusals(public):
        found[problems.status_of(name)] = {"$ref": f"#/components/responses/{name}"}
    if public.ids:
        name = problems.unknown(public.ids[-1].removesuffix("_id"))
        found["404"] = {"$ref": f"#/components/responses/{name}"}
    return dict(sorted(found.items()))


def refusals(public: Public) -> list[str]:
    """The names of its shared refusals, but for the 404."""
    found = list(problems.EVERY)
    found += problems.WITH_BODY if public.has_body else ()
    found += ("Conflict",) if public.operation.kind == "command" else ()
    found += problems.IF_MATCH if public.version_field else ()
    return found


def _good(public: Public, components: Components) -> dict[str, Any]:
    if public.operation.kind == "stream":
        return {"200": _stream(public, components)}
    if public.operation.kind == "query":
        return {"200": _view(public, components)}
    answers = sorted(public.answers, key=lambda answer: _ANSWERS[answer])
    return {str(_ANSWERS[a].value): _answer(public, a, components) for a in answers}


def _view(public: Public, components: Components) -> dict[str, Any]:
    model = public.operation.shows
    if model is None:
        raise ValueError(f"{public.name}: say what it shows: @query(..., shows=ITS_VIEW)")
    schema = components.model(model, "serialization")
    headers = ("ETag",) if "version" in model.model_fields else ()
    return _json(public.summary, schema, headers, components)


def _answer(public: Public, answer: type[Any], components: Components) -> dict[str, Any]:
    if answer is Done:
        return {"description": "Done; nothing more to say.", "headers": _headers()}
    _, key = resource_of(public.operation)
    kind = key.removesuffix("_id")
    schema = components.named(f"{kind.title()}Receipt", _receipt(kind))
    if answer is Created:
        return _json(f"A new {kind}.", schema, ("ETag", "Location"), components)
    return _json(f"The {kind} as changed.", schema, ("ETag",), components)


def _receipt(kind: str) -> Schema:
    address = {"type": "string", "pattern": f"^/api/{kind}s/[^/]+"}
    home = f"/api/{kind}s/{known(f'{kind}_id')}"
    return {
        "type": "object",
        "description": f"Which {kind} was created or changed, its version, and where to look.",
        "required": [f"{kind}_id", "version", "links"],
        "properties": {
            f"{kind}_id": TypeAdapter(ResourceId).json_schema(),
            "version": {"type": "integer", "minimum": 1},
            "links": {
                "type": "object",
                "required": ["self", "events"],
                "properties": {
                    "self": {**address, "examples": [home]},
                    "events": {**address, "examples": [f"{home}/events"]},
                },
            },
        },
    }


def _stream(public: Public, components: Components) -> dict[str, Any]:
    model = public.operation.shows
    if model is None:
        raise ValueError(f"{public.name}: say what it shows: @stream(..., shows=ITS_ITEM)")
    item = components.model(model, "serialization")
    schema = {
        "type": "string",
        "contentMediaType": _EVENTS,
        "contentSchema": {"type": "array", "items": item},
    }
    return {
        "description": f"{public.summary}. {_FRAMES}",
        "headers": _headers(),
        "content": {_EVENTS: {"schema": schema}},
    }


def _json(
    text: str, schema: Schema, headers: tuple[str, ...], components: Components
) -> dict[str, Any]:
    content = {"schema": schema, "example": example(schema, components)}
    return {
        "description": text,
        "headers": _headers(*headers),
        "content": {"application/json": content},
    }


def _headers(*names: str) -> dict[str, Any]:
    shown = {"ServerTiming": "Server-Timing", "Traceresponse": "traceresponse"}
    wanted = (*names, "ServerTiming", "Traceresponse")
    return {shown.get(name, name): {"$ref": f"#/components/headers/{name}"} for name in wanted}
