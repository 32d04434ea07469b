"""Is all that one schema lets be written within what the other reads? Types, values, bounds."""

import math
from collections.abc import Iterator, Mapping
from typing import Any, Final

Schema = Mapping[str, Any]
_LEAST: Final = ("minimum", "exclusiveMinimum", "minLength", "minItems")
_MOST: Final = ("maximum", "exclusiveMaximum", "maxLength", "maxItems")
LEAST_AND_MOST: Final = (*_LEAST, *_MOST)
_EXACT: Final = ("pattern", "format")


def outside(writer: Schema, reader: Schema, place: str) -> Iterator[str]:
    """What may be written and not be read, by this schema's own keywords."""
    types = _types(writer) - _read_types(reader)
    if types:
        yield f"{place}: type {', '.join(sorted(types))} is not taken"
        return
    yield from _values(writer, reader, place)
    if _values_of(writer) is not None:
        return
    for keyword in (*_LEAST, *_MOST):
        if keyword in reader and _beyond(keyword, writer, reader):
            yield f"{place}: {keyword} is {reader[keyword]}, beyond it lies what may be said"
    for keyword in _EXACT:
        if keyword in reader and writer.get(keyword) != reader[keyword]:
            yield f"{place}: {keyword} is another: {reader[keyword]}"
    if reader.get("uniqueItems") and not writer.get("uniqueItems"):
        yield f"{place}: items must differ"


def _types(schema: Schema) -> set[str]:
    named = schema.get("type")
    if named is None:
        values = _values_of(schema)
        return {"anything"} if values is None else {_type_of(value) for value in values}
    return {named} if isinstance(named, str) else set(named)


def _read_types(schema: Schema) -> set[str]:
    found = _types(schema)
    if "anything" in found:
        return {*found, "array", "boolean", "integer", "null", "number", "object", "string"}
    return found | {"integer"} if "number" in found else found


def _type_of(value: Any) -> str:
    names = {bool: "boolean", int: "integer", float: "number", str: "string", type(None): "null"}
    return names.get(type(value), "array" if isinstance(value, list) else "object")


def _values_of(schema: Schema) -> list[Any] | None:
    if "const" in schema:
        return [schema["const"]]
    values: list[Any] | None = schema.get("enum")
    return values


def _values(writer: Schema, reader: Schema, place: str) -> Iterator[str]:
    written, read = _values_of(writer), _values_of(reader)
    if read is None:
        return
    if written is None:
        yield f"{place}: only {read} is taken, anything may be said"
        return
    for value in written:
        if value not in read:
            yield f"{place}: the value {value!r} is not taken"


def _beyond(keyword: str, writer: Schema, reader: Schema) -> bool:
    """Whether something may be written that lies beyond the reader's bound."""
    if keyword in _LEAST:
        return _least(keyword, writer) < _least(keyword, reader)
    return _most(keyword, writer) > _most(keyword, reader)


def _least(keyword: str, schema: Schema) -> float:
    if keyword in ("minLength", "minItems"):
        return float(schema.get(keyword, 0))
    return max(float(schema.get("minimum", -math.inf)), _next(schema, "exclusiveMinimum", 1))


def _most(keyword: str, schema: Schema) -> float:
    if keyword in ("maxLength", "maxItems"):
        return float(schema.get(keyword, math.inf))
    return min(float(schema.get("maximum", math.inf)), _next(schema, "exclusiveMaximum", -1))


def _next(schema: Schema, keyword: str, step: int) -> float:
    """An exclusive bound of whole numbers as the inclusive one beside it."""
    if keyword not in schema:
        return -step * math.inf
    whole = schema.get("type") == "integer"
    bound: float = schema[keyword] + step if whole else math.nextafter(schema[keyword], step * 9e99)
    return bound
