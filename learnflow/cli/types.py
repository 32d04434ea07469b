"""Event types as people type them, and an example of each."""

import uuid
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final

from learnflow.cli.problem import Problem

if TYPE_CHECKING:
    from eventing.events import Event

SUBJECT: Final = "mathematics"


def event_class(name: str) -> "type[Event]":
    """The event of a short or full name: `student.registered` or its CloudEvents type."""
    from eventing.events import CATALOGUE

    by_name = {event.topic: event for event in CATALOGUE.values()} | dict(CATALOGUE)
    if name not in by_name:
        topics = sorted(event.topic for event in CATALOGUE.values())
        near = get_close_matches(name, topics, 3) or topics
        raise Problem(f"There is no event type {name}.", f"one of: {', '.join(near)}")
    return by_name[name]


def full_type(name: str) -> str:
    """The CloudEvents type behind a short or full name."""
    return event_class(name).type


def example(event: "type[Event]") -> dict[str, Any]:
    """Data that this event accepts: its required fields, from its schema, with fresh ids."""
    schema = event.model_json_schema()
    fields = schema["properties"]
    return {name: _value(name, fields[name]) for name in schema.get("required", ())}


def _value(name: str, field: dict[str, Any]) -> Any:
    if "enum" in field:
        return field["enum"][0]
    if name.endswith("_id"):
        return uuid.uuid4().hex
    if name.startswith("subject"):
        return [SUBJECT] if field.get("type") == "array" else SUBJECT
    match field.get("type"):
        case "integer":
            return max(1, field.get("minimum", 1))
        case "boolean":
            return True
        case "array":
            return []
        case _:
            raise Problem(f"There is no example for the field {name}.", "give --data instead")
