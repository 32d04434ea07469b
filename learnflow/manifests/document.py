"""One manifest as read from YAML, and a reader of its fields that says where it stands."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import yaml

from learnflow.manifests.model import ManifestError

Value = TypeVar("Value", str, int, bool)
WORDS = {str: "text", int: "a whole number", bool: "true or false"}


@dataclass(frozen=True, slots=True)
class Document:
    """One Kubernetes resource; `fields` is its YAML, unchecked beyond being a mapping."""

    file: Path
    kind: str
    name: str
    fields: dict[str, Any]

    def at(self, *keys: str | int) -> Any:
        """The value under these keys and list positions; None where there is none."""
        value: Any = self.fields
        for key in keys:
            try:
                value = value[key]
            except (KeyError, IndexError, TypeError):
                return None
        return value

    @property
    def root(self) -> "Node":
        return Node(self.file, "", self.fields)


class Node:
    """A mapping in a manifest: typed access to its fields, errors that name file and field."""

    __slots__ = ("fields", "file", "path")

    def __init__(self, file: Path, path: str, fields: dict[str, Any]) -> None:
        self.file = file
        self.path = path
        self.fields = fields

    def where(self, name: str) -> str:
        """The path of a field as messages show it."""
        return join(self.path, name)

    def error(self, name: str, what: str, fix: str) -> ManifestError:
        return ManifestError(self.file, self.where(name), what, fix)

    def under(self, *names: str) -> "Node":
        """The mapping below, an empty one where it is left out."""
        node = self
        for name in names:
            node = node._mapping(name, node.fields.get(name))
        return node

    def _mapping(self, name: str, value: object) -> "Node":
        if value is None:
            value = {}
        if not isinstance(value, dict):
            raise self.error(name, "must be a mapping", "Indent its fields below it.")
        return Node(self.file, self.where(name), value)

    def each(self, name: str) -> Iterator["Node"]:
        """The mappings of a list."""
        for position, item in enumerate(self._items(name)):
            yield self._mapping(f"{name}[{position}]", item)

    def _items(self, name: str) -> list[Any]:
        value = self.fields.get(name) or []
        if not isinstance(value, list):
            raise self.error(name, "must be a list", "Write its items with a dash each.")
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of texts that holds at least one."""
        items = self._items(name)
        if not items or not all(isinstance(item, str) for item in items):
            raise self.error(name, "must be a list of texts", "Name at least one.")
        return tuple(items)

    def text(self, name: str, default: str | None = None) -> str:
        return self._typed(name, str, default)

    def choice(self, name: str, choices: tuple[str, ...], default: str | None = None) -> str:
        chosen = self.text(name, default)
        if chosen not in choices:
            raise self.error(name, f"is {chosen!r}", f"Choose one of: {', '.join(choices)}.")
        return chosen

    def whole(
        self, name: str, default: int | None = None, *, least: int = 0, most: int | None = None
    ) -> int:
        return self._bounded(name, self._typed(name, int, default), least, most)

    def counted(self, name: str, default: int, *, least: int = 0) -> int:
        """A whole number in an annotation, where every value is text."""
        return self._bounded(name, self.parsed(name, _whole_number, default), least, None)

    def parsed(self, name: str, parse: Callable[[str], Any], default: Any) -> Any:
        """A text turned into a value; a text that cannot be turned is an error."""
        if name not in self.fields:
            return default
        try:
            return parse(self.text(name))
        except ValueError as reason:
            raise self.error(name, f"{reason}", "Correct the value.") from None

    def _typed(self, name: str, kind: type[Value], default: Value | None) -> Value:
        value = self.fields.get(name)
        if value is None and default is not None:
            return default
        if value is None:
            raise self.error(name, "is missing", f"Give it {WORDS[kind]}.")
        if type(value) is not kind:
            shown = f"is {value!r}, not {WORDS[kind]}"
            raise self.error(name, shown, f"Give it {WORDS[kind]}{_QUOTED.get(kind, '')}.")
        return value

    def _bounded(self, name: str, value: int, least: int, most: int | None) -> int:
        if value < least or (most is not None and value > most):
            bounds = f"at least {least}" if most is None else f"from {least} to {most}"
            raise self.error(name, f"is {value}", f"Give it a number {bounds}.")
        return value


_QUOTED: dict[type, str] = {str: ", in quotes if it looks like a number"}


def _whole_number(text: str) -> int:
    if not text.removeprefix("-").isdecimal():
        raise ValueError(f"is {text!r}, not a whole number")
    return int(text)


def join(path: str, key: str) -> str:
    """One more step of a field's path; keys with dots or slashes stand in brackets."""
    if "." in key or "/" in key:
        return f"{path}[{key}]"
    return f"{path}.{key}" if path else key


class StrictLoader(yaml.CSafeLoader):
    """Refuses a key written twice, which plain YAML lets the last one win."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key.value!r} is written twice", key.start_mark
                )
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def parse(file: Path, text: bytes) -> dict[str, Any]:
    """The one mapping of a YAML text; `file` is only named in errors."""
    try:
        fields = yaml.load(text, StrictLoader)  # StrictLoader is a safe loader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = f"line {mark.line + 1}" if mark else "YAML"
        what = error.problem or "is no YAML"
        raise ManifestError(file, line, what, "Correct the YAML there.") from None
    except yaml.YAMLError as error:
        what = str(error).splitlines()[0]
        raise ManifestError(file, "YAML", what, "Save the file as UTF-8 text.") from None
    if not isinstance(fields, dict):
        raise ManifestError(file, "YAML", "holds no resource", "Write one resource per file.")
    return fields
