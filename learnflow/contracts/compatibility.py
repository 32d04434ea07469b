"""Does a newer schema break an older one? What one side writes, the other must be able to read.

Requests and events are written by the old (callers, topics) and read by the new; answers are
written by the new and read by the old. Of both, nothing that the old one knew may be lost. A
keyword that is not known here counts as a break when it changed: silence would be a promise.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from learnflow.contracts import bounds

Schema = Mapping[str, Any]
_WORDS: Final = frozenset(
    {"$schema", "$id", "$defs", "title", "description", "examples", "example", "deprecated"}
)
_KNOWN: Final = (
    _WORDS
    | {"format"}
    | {
        *("$ref", "type", "enum", "const", "default", "properties", "required", "items", "anyOf"),
        *(
            "additionalProperties",
            "pattern",
            "uniqueItems",
            "contentSchema",
            *bounds.LEAST_AND_MOST,
        ),
    }
)


@dataclass(frozen=True, slots=True)
class Side:
    """A schema with the definitions that it refers to."""

    schema: Schema
    definitions: Mapping[str, Schema]

    def of(self, schema: Schema) -> "Side":
        """A schema below this one, references followed."""
        while "$ref" in schema:
            schema = self.definitions[schema["$ref"].rsplit("/", 1)[-1]]
        return Side(schema, self.definitions)

    @property
    def branches(self) -> list["Side"]:
        """The alternatives of an anyOf that stands alone, or the schema itself."""
        alone = "anyOf" in self.schema and not {"type", "properties"} & self.schema.keys()
        found = self.schema["anyOf"] if alone else [self.schema]
        return [self.of(branch) for branch in found]


def breaks(old: Schema, new: Schema, *, answers: bool = False) -> list[str]:
    """What the new schema breaks for those who know the old one, each with its place; empty: none.

    With `answers` the schemas are of what we say, else of what is said to us.
    """
    before = Side(old, old.get("$defs", {})).of(old)
    after = Side(new, new.get("$defs", {})).of(new)
    return list(_Comparison(answers).between(before, after, ""))


@dataclass(frozen=True, slots=True)
class _Comparison:
    answers: bool

    def between(self, old: Side, new: Side, place: str) -> Iterator[str]:
        """Every break at this place and below."""
        if not self.answers and old.schema.get("default") != new.schema.get("default"):
            yield f"{place}: another default means another thing to those who leave it out"
        if len(old.branches) > 1 or len(new.branches) > 1:
            yield from self._alternatives(old, new, place)
            return
        (old,), (new,) = old.branches, new.branches
        writer, reader = (new, old) if self.answers else (old, new)
        yield from self._single(writer.schema, reader.schema, place)
        yield from self._properties(old, new, place)
        for below in ("items", "contentSchema"):
            if below in old.schema and below in new.schema:
                inside = old.of(old.schema[below]), new.of(new.schema[below])
                yield from self.between(*inside, f"{place}[]")
        yield from _unjudged(writer.schema, reader.schema, place)

    def _alternatives(self, old: Side, new: Side, place: str) -> Iterator[str]:
        """Each thing that may be written has someone who reads it."""
        writers, readers = (new, old) if self.answers else (old, new)
        for writer in writers.branches:
            pairs = [(r, writer) if self.answers else (writer, r) for r in readers.branches]
            faults = [list(self.between(*pair, place)) for pair in pairs]
            if all(faults):
                yield min(faults, key=len)[0]

    def _single(self, writer: Schema, reader: Schema, place: str) -> Iterator[str]:
        yield from bounds.outside(writer, reader, place)
        if "items" in reader and "items" not in writer:
            yield f"{place}: its items were anything"
        for name in sorted({*reader.get("required", ())} - {*writer.get("required", ())}):
            yield f"{place}/{name}: {'may be missing' if self.answers else 'is required'} now"

    def _properties(self, old: Side, new: Side, place: str) -> Iterator[str]:
        before, after = (side.schema.get("properties", {}) for side in (old, new))
        for name in before:
            if name not in after:
                yield f"{place}/{name}: is gone"
                continue
            inside = old.of(before[name]), new.of(after[name])
            yield from self.between(*inside, f"{place}/{name}")
        closed = new.schema.get("additionalProperties") is False
        if not self.answers and closed and old.schema.get("additionalProperties") is not False:
            yield f"{place}: unknown fields are refused now"
        others = (old.schema.get("additionalProperties"), new.schema.get("additionalProperties"))
        if isinstance(others[0], Mapping) and isinstance(others[1], Mapping):
            yield from self.between(old.of(others[0]), new.of(others[1]), f"{place}/*")


def _unjudged(writer: Schema, reader: Schema, place: str) -> Iterator[str]:
    """Demands that nobody here can judge; an anyOf beside other keywords is one of them."""
    for keyword in reader:
        judged = keyword in _KNOWN and keyword != "anyOf"
        if not judged and writer.get(keyword) != reader[keyword]:
            yield f"{place}: {keyword} changed, which nobody can judge here"
