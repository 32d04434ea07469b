"""The overlays as rendered here, once for all tests, and broken copies of what they render."""

import copy
from dataclasses import replace
from functools import cache
from typing import Any

from learnflow.manifests.document import Document
from learnflow.manifests.kustomize import render
from learnflow.manifests.rules import Tree
from tests.manifests.trees import ROOT, put

FOLDER = ROOT / "k8s" / "overlays"
OVERLAYS = sorted(each.name for each in FOLDER.iterdir() if each.is_dir())


@cache
def rendered(overlay: str) -> tuple[Document, ...]:
    """Every resource of an overlay; nobody may change them."""
    return render(ROOT, FOLDER / overlay)


def one(overlay: str, kind: str, name: str) -> Document:
    """The resource of this kind and name."""
    (found,) = (each for each in rendered(overlay) if (each.kind, each.name) == (kind, name))
    return found


def broken(overlay: str, kind: str, name: str, *changes: tuple[tuple[str | int, ...], Any]) -> Tree:
    """The overlay with fields of one resource changed; without changes, without the resource."""
    chosen = one(overlay, kind, name)
    others = tuple(each for each in rendered(overlay) if each is not chosen)
    if not changes:
        return Tree(others)
    fields = copy.deepcopy(chosen.fields)
    for keys, value in changes:
        put(fields, keys, value)
    made = replace(chosen, fields=fields, name=str(fields["metadata"]["name"]))
    return Tree((*others, made))
