"""Changing a resource as kustomize's patches do: by JSON6902, or by merging mappings."""

import copy
import re
from typing import Any

from learnflow.manifests.document import Document, Node

_TARGET = {"group", "version", "kind", "name", "namespace", "labelSelector"}


def selected(target: Node, document: Document) -> bool:
    """Whether a patch's target means this resource; names are whole regular expressions."""
    for name in target.fields.keys() - _TARGET or ({"kind"} - target.fields.keys()):
        raise target.error(name, "is no way to choose here", f"Use {', '.join(sorted(_TARGET))}.")
    group, _, version = str(document.at("apiVersion")).rpartition("/")
    said = {
        "group": group,
        "version": version,
        "kind": document.kind,
        "name": document.name,
        "namespace": str(document.at("metadata", "namespace") or ""),
    }
    return all(
        _labelled(document, str(wanted))
        if field == "labelSelector"
        else re.fullmatch(str(wanted), said[field]) is not None
        for field, wanted in target.fields.items()
    )


def _labelled(document: Document, selector: str) -> bool:
    labels = document.at("metadata", "labels") or {}
    pairs = (each.strip().partition("=") for each in selector.split(","))
    return all(labels.get(key) == value for key, _, value in pairs)


def patched(fields: dict[str, Any], operations: list[dict[str, Any]]) -> dict[str, Any]:
    """The fields after these operations (add, replace, remove); a missing path is a KeyError."""
    for operation in operations:
        *above, last = _steps(operation["path"])
        place: Any = fields
        for step in above:
            place = place[int(step)] if isinstance(place, list) else place[step]
        _operate(place, last, operation)
    return fields


def _steps(path: str) -> list[str]:
    if not path.startswith("/"):
        raise ValueError(f"{path!r} does not begin with /")
    return [step.replace("~1", "/").replace("~0", "~") for step in path[1:].split("/")]


def _operate(place: Any, last: str, operation: dict[str, Any]) -> None:
    act = operation["op"]
    if act not in ("add", "replace", "remove"):
        raise ValueError(f"op {act!r} is none of add, replace, remove")
    if isinstance(place, list):
        at = len(place) if last == "-" else int(last)
        if act == "add":
            place.insert(at, copy.deepcopy(operation["value"]))
        elif act == "replace":
            place[at] = copy.deepcopy(operation["value"])
        else:
            del place[at]
        return
    if act != "add" and last not in place:
        raise KeyError(operation["path"])
    if act == "remove":
        del place[last]
    else:
        place[last] = copy.deepcopy(operation["value"])


def merge(fields: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    """The fields with a mapping laid over them; null takes a field out.

    A list is refused: Kubernetes' own kinds would merge it by key, custom ones replace it.
    """
    identity = {key: fields[key] for key in ("apiVersion", "kind")}
    name = {key: fields["metadata"].get(key) for key in ("name", "namespace")}
    merged = {**_merged(fields, change), **identity}
    merged["metadata"] |= {key: value for key, value in name.items() if value is not None}
    return merged


def _merged(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    result = dict(below)
    for key, value in above.items():
        if isinstance(value, list) or key.startswith("$"):
            raise ValueError(f"{key} cannot be merged alike everywhere; use JSON6902 operations")
        if value is None:
            result.pop(key, None)
        elif isinstance(value, dict):
            under = result.get(key)
            result[key] = _merged(under if isinstance(under, dict) else {}, value)
        else:
            result[key] = value
    return result
