"""Which function is reached by whom, and by which manifest? The flow of events as one document.

The same as docs/flow.md, for the system page: the manifests say who hears a topic, the functions'
docstrings who says it.
"""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from learnflow.contracts.graph import spoken, story
from learnflow.manifests import Function, Source, System
from learnflow.manifests.kinds import DATABASES, KIND

_SEPARATOR: Final = "\n---"


Manifest = Callable[[Function | Source], str]
"""The YAML text that made one of them."""


def flow(root: Path, system: System, manifest: Manifest | None = None) -> dict[str, Any]:
    """Nodes, the functions, and arrows, a topic's way from one to another; reads files.

    The manifests are the files below `root` unless `manifest` knows better.
    """
    said = spoken("Says", root)
    read = cache(lambda file: (root / file).read_text("utf-8"))
    manifest = manifest or (lambda one: _document(read(one.file), one.name))

    by_target = {function.target: function.name for function in system.functions.values()}
    arrows = [
        {
            "from": by_target[sayer],
            "to": source.sink,
            "topic": topic,
            "source": source.name,
            "retry": source.delivery.retry,
            "dead_letter": source.delivery.dead_letter,
            "file": source.file.as_posix(),
            "yaml": manifest(source),
        }
        for source in system.sources.values()
        for topic in source.topics
        for sayer in said.get(topic, ())
        if sayer in by_target
    ]
    nodes = [_node(root, one, manifest(one)) for one in system.functions.values()]
    return {"nodes": nodes, "arrows": sorted(arrows, key=_order)}


def _node(root: Path, function: Function, text: str) -> dict[str, Any]:
    labels = yaml.load(text, yaml.CSafeLoader)["metadata"].get("labels", {})
    return {
        "function": function.name,
        "target": function.target,
        "kind": labels.get(KIND),
        "service": function.service,
        "database": DATABASES.get(function.service),
        "public": not function.cluster_local,
        "routes": [f"{route.method} {route.path}" for route in function.routes],
        "story": story(root, function.target),
        "file": function.file.as_posix(),
        "yaml": text,
    }


def _document(text: str, name: str) -> str:
    """The YAML document of this name in a file's text."""
    parts = [part.removeprefix("---").strip("\n") for part in f"\n{text}".split(_SEPARATOR)]
    return next((part + "\n" for part in parts if _is_named(part, name)), text)


def _is_named(part: str, name: str) -> bool:
    found = yaml.load(part, yaml.CSafeLoader)
    return isinstance(found, dict) and found.get("metadata", {}).get("name") == name


def _order(arrow: dict[str, Any]) -> tuple[str, str, str]:
    return (arrow["from"], arrow["to"], arrow["topic"])
