"""What is kept of a contract for ever? Each operation's request and answers, each event's data."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from eventing.events import CATALOGUE
from learnflow.contracts.event_schemas import schema_of
from learnflow.contracts.schemas import Schema

_PREFIX: Final = "#/components/schemas/"
Shapes = dict[str, dict[str, Schema]]
"""By sort (`events`, `requests`, `answers`) and name: a schema that stands alone."""


def shapes(openapi: Mapping[str, Any]) -> Shapes:
    """The shapes of today, of an OpenAPI document and the event catalogue."""
    components = openapi["components"]
    found = list(_operations(openapi["paths"]))
    return {
        "events": {event.type: schema_of(event) for event in CATALOGUE.values()},
        "requests": {one["operationId"]: _request(route, one, components) for route, one in found},
        "answers": {one["operationId"]: _answers(one, components) for _, one in found},
    }


def _operations(paths: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for path, item in paths.items():
        for method, operation in item.items():
            yield f"{method.upper()} {path}", operation


def _request(route: str, operation: Mapping[str, Any], components: Mapping[str, Any]) -> Schema:
    """All that is sent, as one object: `route`, `path.id`, `query.limit`, `header.X`, `body`."""
    properties: dict[str, Schema] = {"route": {"const": route}}
    required = ["route"]
    for parameter in operation["parameters"]:
        if "$ref" in parameter:
            parameter = components["parameters"][parameter["$ref"].rsplit("/", 1)[-1]]
        name = f"{parameter['in']}.{parameter['name']}"
        properties[name] = parameter["schema"]
        required += [name] if parameter.get("required") else []
    if "requestBody" in operation:
        properties["body"] = operation["requestBody"]["content"]["application/json"]["schema"]
        required.append("body")
    return _alone({"type": "object", "properties": properties, "required": required}, components)


def _answers(operation: Mapping[str, Any], components: Mapping[str, Any]) -> Schema:
    """What is answered when all goes well, by status."""
    good = {status: said for status, said in operation["responses"].items() if status < "300"}
    properties = {status: _content(said) for status, said in good.items()}
    schema = {"type": "object", "properties": properties, "required": sorted(properties)}
    return _alone(schema, components)


def _content(response: Mapping[str, Any]) -> Schema:
    for content in response.get("content", {}).values():
        schema: Schema = content["schema"]
        return schema
    return {"type": "null"}


def _alone(schema: Schema, components: Mapping[str, Any]) -> Schema:
    """The schema with the definitions it needs."""
    needed: dict[str, Schema] = {}
    waiting = [schema]
    while waiting:
        for name in _references(waiting.pop()):
            if name not in needed:
                needed[name] = components["schemas"][name]
                waiting.append(needed[name])
    text = json.dumps({**schema, "$defs": dict(sorted(needed.items()))} if needed else schema)
    alone: Schema = json.loads(text.replace(_PREFIX, "#/$defs/"))
    return alone


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, list):
        for item in node:
            yield from _references(item)
    elif isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"].removeprefix(_PREFIX)
        for value in node.values():
            yield from _references(value)
