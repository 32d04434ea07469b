"""What does each event hold? One JSON Schema a type, for hearers that are not written here."""

import json
from typing import Any, Final

from eventing.events import CATALOGUE, Event
from eventing.examples import examples
from learnflow.contracts.schemas import Schema, whole

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


def urn(event: type[Event]) -> str:
    """The stable name of a type's schema; it leads to no host."""
    return f"urn:learnflow:event:{event.type}"


def schema_of(event: type[Event]) -> Schema:
    """The schema of the event's data. Fields it does not name are to be ignored, not refused."""
    schema = whole(event, "validation")
    return {
        "$schema": _DIALECT,
        "$id": urn(event),
        "title": event.__name__,
        "description": schema.pop("description"),
        **schema,
        "examples": examples(event),
    }


def files() -> dict[str, str]:
    """The text of every schema by its file's name."""
    return {f"{e.type}.json": pretty(schema_of(e)) for e in CATALOGUE.values()}


def pretty(document: dict[str, Any]) -> str:
    """A document as it is kept: indented, in its own order, and YAML too, which many tools read."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
