"""What a lint is: a named rule over the manifests that yields the fields which break it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from learnflow.manifests.document import Document

Found = Iterator[tuple[str, object]]
Together = Iterator[tuple[Document, str, object]]


@dataclass(frozen=True, slots=True)
class Finding:
    """One broken rule: where, which rule, and what stands there instead."""

    file: Path
    field: str
    lint: str
    message: str
    found: object

    def __str__(self) -> str:
        return f"{self.file}: {self.field}: {self.message}; found {self.found!r} [{self.lint}]"


class Tree:
    """All manifests, by kind."""

    def __init__(self, documents: tuple[Document, ...]) -> None:
        self.documents = documents

    def of(self, kind: str) -> tuple[Document, ...]:
        return tuple(document for document in self.documents if document.kind == kind)

    def named(self, kind: str, name: str) -> Document | None:
        return next((each for each in self.of(kind) if each.name == name), None)


@dataclass(frozen=True, slots=True)
class Lint:
    """One rule; `check` runs it over the whole tree."""

    name: str
    message: str
    check: Callable[[Tree], Iterator[Finding]]


def each(kind: str, message: str) -> Callable[[Callable[[Document], Found]], Lint]:
    """A rule about every single manifest of one kind; its function yields (field, found)."""

    def lint(rule: Callable[[Document], Found]) -> Lint:
        def check(tree: Tree) -> Iterator[Finding]:
            for document in tree.of(kind):
                for field, found in rule(document):
                    yield Finding(document.file, field, rule.__name__, message, found)

        return Lint(rule.__name__, message, check)

    return lint


def across(
    message: str,
) -> Callable[[Callable[[Tree], Together]], Lint]:
    """A rule about manifests together; its function yields (manifest, field, found)."""

    def lint(rule: Callable[[Tree], Together]) -> Lint:
        def check(tree: Tree) -> Iterator[Finding]:
            for document, field, found in rule(tree):
                yield Finding(document.file, field, rule.__name__, message, found)

        return Lint(rule.__name__, message, check)

    return lint


def unlike(document: Document, keys: tuple[str | int, ...], wanted: object) -> Found:
    """The field, if its value is not exactly the wanted one."""
    found = document.at(*keys)
    if found != wanted or type(found) is not type(wanted):
        yield ".".join(str(key) for key in keys), found
