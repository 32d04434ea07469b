"""What does a value look like? An example for every schema, from its name, its bounds, its type."""

from typing import Any, Final

from eventing.events import CATALOGUE
from eventing.examples import example as event_example
from learnflow.contracts.schemas import Components, Schema

_KNOWN: Final[dict[str, Any]] = {
    **{name: value for e in CATALOGUE.values() for name, value in event_example(e).items()},
    "name": "Ada Lovelace",
    "free": 2,
    "limit": 20,
    "state": None,
    "cursor": "MTc2MzgwMzgwMDAwMDAwMC43ZTRjNGUxNzdlNGM0ZTE3N2U0YzRlMTc3ZTRjNGUxNw",
}
"""Values by field name, as the events' examples have them."""
_MOMENT: Final = "2026-11-22T09:30:00Z"


def example(schema: Schema, components: Components, name: str = "") -> Any:
    """A value that the schema takes. Raises LookupError when nothing says what it looks like."""
    schema = components.resolved(schema)
    if "examples" in schema:
        return schema["examples"][0]
    if "const" in schema:
        return schema["const"]
    value = known(name)
    if "enum" in schema:
        return value if value in schema["enum"] else schema["enum"][0]
    if value is not None and _is(value, schema.get("type")):
        return value
    if "anyOf" in schema and "type" not in schema:
        return _of_one(schema["anyOf"], components, name)
    return _by_type(schema, components, name)


def known(name: str) -> Any:
    """The example of a field of this name; None where there is none."""
    return _KNOWN.get(name)


def _of_one(branches: list[Schema], components: Components, name: str) -> Any:
    kept = [branch for branch in branches if branch.get("type") != "null"]
    if len(kept) < len(branches) and known(name) is None and kept[0].get("type") == "string":
        return None
    return example(kept[0], components, name)


def _by_type(schema: Schema, components: Components, name: str) -> Any:
    match schema.get("type"):
        case "integer" | "number":
            return schema.get("minimum", 1)
        case "boolean":
            return True
        case "null":
            return None
        case "array":
            return [example(schema["items"], components, name.removesuffix("s"))]
        case "object":
            inside = schema.get("properties", {})
            return {key: example(below, components, key) for key, below in inside.items()}
        case "string" if schema.get("format") == "date-time":
            return _MOMENT
        case "string" if "pattern" not in schema:
            return name or "text"
        case _:
            raise LookupError(f"no example of {name!r}: give its field examples=[...]")


def _is(value: Any, kind: object) -> bool:
    kinds = {"string": str, "integer": int, "number": float, "boolean": bool, "array": list}
    return isinstance(kind, str) and type(value) is kinds.get(kind)
