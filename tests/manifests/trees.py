"""The repository's own manifests, and copies of them broken in one place."""

import copy
import shutil
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from learnflow.manifests.document import Document
from learnflow.manifests.read import read_documents
from learnflow.manifests.rules import Tree

ROOT = Path(__file__).parents[2]
CRDS = Path("../shared/crds")
GONE = object()
"""In place of a value: the field is taken out."""


@cache
def documents() -> tuple[Document, ...]:
    """Every manifest of the repository, read once; nobody may change them."""
    return read_documents(ROOT)


def broken(name: str, *changes: tuple[tuple[str | int, ...], Any], kind: str = "") -> Tree:
    """The repository's manifests with fields of one of them changed."""
    chosen = next(
        each for each in documents() if each.name == name and (not kind or each.kind == kind)
    )
    fields = copy.deepcopy(chosen.fields)
    for keys, value in changes:
        put(fields, keys, value)
    renamed = fields.get("metadata", {}).get("name", name)
    copied = replace(chosen, fields=fields, name=renamed)
    return Tree(tuple(copied if each is chosen else each for each in documents()))


def put(fields: Any, keys: tuple[str | int, ...], value: Any) -> None:
    """Sets, adds to (at a list's end) or takes out one field, making mappings on the way."""
    *above, last = keys
    for key in above:
        fields = fields.setdefault(key, {}) if isinstance(fields, dict) else fields[key]
    if value is GONE:
        del fields[last]
    elif isinstance(fields, list) and last == len(fields):
        fields.append(value)
    else:
        fields[last] = value


def copied(folder: Path) -> Path:
    """The repository's manifests copied below a folder, to break as files."""
    for document in documents():
        (folder / document.file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / document.file, folder / document.file)
    return folder
