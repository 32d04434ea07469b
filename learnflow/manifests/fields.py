"""Which fields of a manifest the embedded mode emulates, and which it may pass over.

What stands in `meanings` neither as emulated nor as meaningless is reported, never silently lost.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from learnflow.manifests.document import Document, join
from learnflow.manifests.meaning import Meaning
from learnflow.manifests.meanings import FIELDS

UNKNOWN = "the embedded mode does not know this field"
_POSITION = re.compile(r"\[\d+\]")
_ENV = ("spec", "template", "spec", "containers", 0, "env")
DATABASE_URL = re.compile(r"LEARNFLOW_(STUDENTS|TUTORS|MATCHING)_DATABASE_URL")


@dataclass(frozen=True, slots=True)
class Explained:
    """A field as it is written, and what it means; `meaning` None when nobody knows it."""

    path: str
    value: Any
    meaning: Meaning | None


class _Known:
    """The meanings of one kind, made ready for looking up."""

    def __init__(self, meanings: tuple[Meaning, ...]) -> None:
        self.exactly = {each.path.removesuffix("*"): each for each in meanings}
        done = [each.path for each in meanings if each.state != "not emulated"]
        self.above: set[str] = set()
        for path in (path.removesuffix("*") for path in done):
            for end in range(1, len(path)):
                if path[end] in ".[":
                    self.above.add(path[:end])


_KNOWN = {kind: _Known(meanings) for kind, meanings in FIELDS.items()}


def warnings_of(document: Document) -> Iterator[str]:
    """One sentence for each field whose effect on the cluster is missing here."""
    for path, why in not_emulated(document):
        yield f"{document.file}: field {path}: not emulated: {why}"


def not_emulated(document: Document) -> Iterator[tuple[str, str]]:
    """Each field whose effect on the cluster is missing here, and why."""
    for field in explained(document):
        if field.meaning is None:
            yield field.path, UNKNOWN
        elif field.meaning.state == "not emulated":
            yield field.path, field.meaning.here
    for variable in document.at(*_ENV) or ():
        from_secret = (variable.get("valueFrom") or {}).get("secretKeyRef")
        if from_secret and not DATABASE_URL.fullmatch(variable["name"]):
            yield f"env {variable['name']}", "only database URLs are filled in"


def explained(document: Document) -> Iterator[Explained]:
    """Every field that is written, as deep as its meaning goes, in the order of the file."""
    yield from _explained(_KNOWN[document.kind], "", document.fields)


def _explained(known: _Known, path: str, value: object) -> Iterator[Explained]:
    pattern = _POSITION.sub("[]", path)
    if (meaning := known.exactly.get(pattern)) is not None:
        yield Explained(path, value, meaning)
    elif path and pattern not in known.above:
        yield Explained(path, value, None)
    elif isinstance(value, dict):
        for key, below in value.items():
            yield from _explained(known, join(path, str(key)), below)
    elif isinstance(value, list):
        for position, below in enumerate(value):
            yield from _explained(known, f"{path}[{position}]", below)
