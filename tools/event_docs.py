"""Writes docs/events.md: every event with its type, topic, key, fields, and who says and hears it.

What the fields are comes from the catalogue, who says and hears from the functions' docstrings.
Run it as `python -m tools.event_docs`; a test fails when the page is older than what it tells.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from eventing.events import CATALOGUE, EXTERNAL, Event
from learnflow.contracts import graph

ROOT: Final = Path(__file__).parents[1]
PAGE: Final = ROOT / "docs" / "events.md"
HEAD: Final = """# Events

Generated from `eventing/events.py` and the functions' docstrings by `python -m tools.event_docs`; \
do not edit.

Every event is a CloudEvent 1.0 with JSON data; its `source` is `learnflow/` and the database that \
remembers it, its `subject` and partition key are the key below. Delivery is at least once and in \
any order: hearers compare `round` or `version` and ignore what is not newer. Within a version of \
a type fields may be added as optional, never removed, renamed or narrowed.
"""


def spoken(word: str, root: Path = ROOT) -> dict[str, list[str]]:
    """By topic, the functions whose docstring has it in its sentence `Hears …` or `Says …`."""
    return graph.spoken(word, root)


def page(root: Path = ROOT) -> str:
    """The whole page."""
    said, heard = spoken("Says", root), spoken("Hears", root)
    events = sorted(CATALOGUE.values(), key=lambda event: event.topic)
    return "\n".join([HEAD, *(_section(event, said, heard) for event in events)])


def _section(
    event: type[Event], said: Mapping[str, Sequence[str]], heard: Mapping[str, Sequence[str]]
) -> str:
    schema = event.model_json_schema()
    order = "round" if "round" in event.model_fields else "version"
    external = [f"- not yet here: {EXTERNAL[event.topic]}"] if event.topic in EXTERNAL else []
    lines = [
        f"## {event.topic}",
        "",
        (event.__doc__ or "").strip(),
        "",
        f"- type `{event.type}`, key `{event.key_field}`, ordered by `{order}`",
        f"- said by {_names(said[event.topic])}; heard by {_names(heard[event.topic])}",
        *external,
        "",
        "| field | holds | |",
        "|---|---|---|",
    ]
    required = schema.get("required", ())
    for name, field in schema["properties"].items():
        need = "required" if name in required else _default(field)
        lines.append(f"| `{name}` | {_holds(field, schema.get('$defs', {}))} | {need} |")
    return "\n".join([*lines, ""])


def _names(functions: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in functions) or "nobody"


def _default(field: Mapping[str, Any]) -> str:
    default = field.get("default")
    return "optional" if default in (None, []) else f"`{default}` if absent"


def _holds(field: Mapping[str, Any], definitions: Mapping[str, Any]) -> str:
    """A field's type and bounds in words."""
    if "anyOf" in field:
        parts = [part for part in field["anyOf"] if part.get("type") != "null"]
        return " or ".join(_holds(part, definitions) for part in parts)
    if "$ref" in field:
        parts = definitions[field["$ref"].rsplit("/", 1)[-1]]["properties"]
        inside = (f"`{name}`: {_holds(part, definitions)}" for name, part in parts.items())
        return f"object of {', '.join(inside)}"
    if "enum" in field:
        return "one of " + ", ".join(f"`{value}`" for value in field["enum"])
    if field["type"] == "array":
        least = f"{field['minItems']} to " if "minItems" in field else "at most "
        return f"{least}{field['maxItems']} of: {_holds(field['items'], definitions)}"
    if field["type"] == "string":
        return _text(field)
    return f"{field['type']}{_range(field)}"


def _text(field: Mapping[str, Any]) -> str:
    least, most = field.get("minLength", 0), field.get("maxLength")
    length = f" of {least} to {most} characters" if most else ""
    return f"text{length}" + (f" matching `{field['pattern']}`" if "pattern" in field else "")


def _range(field: Mapping[str, Any]) -> str:
    if "minimum" not in field:
        return ""
    most = field["maximum"] if "maximum" in field else field["exclusiveMaximum"] - 1
    return f" {field['minimum']} to {most}"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
