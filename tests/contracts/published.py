"""The published OpenAPI document, and ways to look things up in it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import jsonschema_rs

from learnflow.contracts.published import OPENAPI

Schema = dict[str, Any]


@cache
def document() -> dict[str, Any]:
    """docs/openapi.json."""
    found: dict[str, Any] = json.loads(OPENAPI.read_text("utf-8"))
    return found


@dataclass(frozen=True)
class Described:
    """One operation of the document: its id, its route, and what is said of it."""

    id: str
    method: str
    path: str
    said: dict[str, Any]

    def parameters(self, where: str) -> dict[str, dict[str, Any]]:
        """Its parameters of one place, by name."""
        found = [resolved(one) for one in self.said["parameters"]]
        return {one["name"]: one for one in found if one["in"] == where}

    @property
    def body(self) -> dict[str, Any] | None:
        """Its JSON body's schema and examples, if it has one."""
        content: dict[str, Any] = self.said.get("requestBody", {}).get("content", {})
        return content.get("application/json")

    @property
    def good(self) -> dict[str, Any]:
        """Its responses when all goes well, by status."""
        return {status: said for status, said in self.said["responses"].items() if status < "300"}

    def response(self, status: int) -> dict[str, Any]:
        """What is said of a status; KeyError when nothing is."""
        return resolved(self.said["responses"][str(status)])


def operations() -> Iterator[Described]:
    """Every operation of the document."""
    for path, item in document()["paths"].items():
        for method, said in item.items():
            yield Described(said["operationId"], method.upper(), path, said)


def resolved(node: dict[str, Any]) -> dict[str, Any]:
    """The node itself where it was a reference."""
    while "$ref" in node:
        found: Any = document()
        for key in node["$ref"].removeprefix("#/").split("/"):
            found = found[key]
        node = found
    return node


def faults(schema: Schema, value: Any, *, closed: bool = False) -> list[str]:
    """What is wrong with a value by a schema of the document; `closed`: unknown fields are too."""
    components = document()["components"]
    if closed:
        schema, components = _closed(schema), _closed(components)
    whole = {"$schema": _DIALECT, **schema, "components": components}
    validator = jsonschema_rs.validator_for(whole, validate_formats=True)
    return [f"{error.instance_path}: {error.message}" for error in validator.iter_errors(value)]


_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def _closed(node: Any) -> Any:
    """The schema, where objects have only the properties they declare."""
    if isinstance(node, list):
        return [_closed(item) for item in node]
    if not isinstance(node, dict):
        return node
    made = {key: _closed(value) for key, value in node.items()}
    if node.get("type") == "object" and "properties" in node:
        made.setdefault("additionalProperties", False)
    return made
