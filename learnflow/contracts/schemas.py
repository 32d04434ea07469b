"""How does a model become a JSON Schema that people read? Tidied, shared by name, without nulls."""

from collections.abc import Iterable
from typing import Any, Final, Literal

from pydantic import BaseModel

Schema = dict[str, Any]
Mode = Literal["validation", "serialization"]
_VALUES: Final = frozenset({"default", "examples", "example", "enum", "const"})
_BY_NAME: Final = frozenset({"properties", "$defs", "patternProperties"})


class Components:
    """The schemas that a document shares, by name."""

    def __init__(self, prefix: str = "#/components/schemas/") -> None:
        self.prefix = prefix
        self.schemas: dict[str, Schema] = {}

    def model(self, model: type[BaseModel], mode: Mode, without: Iterable[str] = ()) -> Schema:
        """A reference to a model's schema, `without` some of its fields."""
        schema = whole(model, mode, f"{self.prefix}{{model}}")
        for name, definition in schema.pop("$defs", {}).items():
            self.named(name, definition)
        return self.named(model.__name__, leaving_out(schema, without))

    def named(self, name: str, schema: Schema) -> Schema:
        """A reference to a schema that is now shared. Raises ValueError when the name is taken."""
        if self.schemas.setdefault(name, schema) != schema:
            raise ValueError(f"two different schemas are called {name}; rename one of the models")
        return {"$ref": f"{self.prefix}{name}"}

    def resolved(self, schema: Schema) -> Schema:
        """The schema itself where it was a reference."""
        while "$ref" in schema:
            schema = self.schemas[schema["$ref"].removeprefix(self.prefix)]
        return schema


def whole(model: type[BaseModel], mode: Mode, ref_template: str = "#/$defs/{model}") -> Schema:
    """A model's schema in 2020-12, without the titles that pydantic makes of field names."""
    schema: Schema = _tidy(model.model_json_schema(mode=mode, ref_template=ref_template))
    return schema


def leaving_out(schema: Schema, fields: Iterable[str]) -> Schema:
    """An object's schema without some of its properties."""
    gone = set(fields)
    properties = {n: s for n, s in schema.get("properties", {}).items() if n not in gone}
    required = [name for name in schema.get("required", ()) if name not in gone]
    left = {**schema, "properties": properties, "required": required}
    return left if required else {k: v for k, v in left.items() if k != "required"}


def not_null(schema: Schema) -> Schema:
    """The schema of a value that is there: `null` and a default of null say "left out"."""
    kept = [branch for branch in schema.get("anyOf", ()) if branch.get("type") != "null"]
    bare = {k: v for k, v in schema.items() if k != "default" or v is not None}
    if len(kept) != 1 or len(kept) == len(schema["anyOf"]):
        return bare
    return {**kept[0], **{k: v for k, v in bare.items() if k != "anyOf"}}


def _tidy(node: Any) -> Any:
    if isinstance(node, list):
        return [_tidy(item) for item in node]
    if not isinstance(node, dict):
        return node
    return {key: _tidy_under(key, value) for key, value in node.items() if key != "title"}


def _tidy_under(key: str, value: Any) -> Any:
    if key in _VALUES:
        return value
    if key in _BY_NAME:
        return {name: _tidy(schema) for name, schema in value.items()}
    return _tidy(value)
