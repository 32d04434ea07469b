"""A run as one file: JSON lines whose first names the format; docs/export.md describes them.

It holds no name of a person: events carry none, and of requests the gateway keeps no bodies.
"""

import base64
import hashlib
import json
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from learnflow.local import tracing_store as store
from learnflow.local.history import Trail
from learnflow.local.records import Record, now_ms
from learnflow.local.requests import Passed
from learnflow.local.selection import Found, Selection, every
from learnflow.local.tracing import Memory
from learnflow.manifests import Function

FORMAT: Final = 1
"""Raised when a reader of the format before would misread a line; new kinds and fields do not."""
_CODE: Final = ("db", "eventing", "learnflow")


async def lines(memory: Memory, root: Path) -> AsyncIterator[dict[str, Any]]:
    """Everything that is remembered, line by line; `kind` says what a line is."""
    system, facts = memory.system, await store.all_facts(memory.dsn)  # refused before it begins
    yield {
        **{"kind": "learnflow-run", "format": FORMAT, "at": now_ms(), "code": _digest(root, _CODE)},
        "sources": {
            s.name: {"function": s.sink, "topics": s.topics} for s in system.sources.values()
        },
    }
    for function in system.functions.values():
        yield _function(root, function)
    for passed in memory.requests:
        yield {"kind": "request", **passed.document()}
    for fact in facts:
        yield {"kind": "fact", **asdict(fact)}
    async for found in every(memory.log, Selection(), sorted(system.topics)):
        yield _record(found, system.letter_topics)
    for trail in memory.history:
        yield {"kind": "delivery", **trail.document()}
    for span in _spans(memory):
        yield {"kind": "span", **span}


def _function(root: Path, function: Function) -> dict[str, Any]:
    return {
        **{"kind": "function", "function": function.name, "target": function.target},
        **{"image": function.image, "code": _digest(root, (f"functions/{function.target}",))},
    }


def _record(found: Found, letters: frozenset[str]) -> dict[str, Any]:
    position, record, decided = found
    return {
        **{"kind": "dead-letter" if record.topic in letters else "record", "position": position},
        **{"topic": record.topic, "partition": record.partition, "offset": record.offset},
        **{"key": record.key, "headers": dict(record.headers), "timestamp": record.timestamp},
        **{"event_id": record.event_id, "type": record.type, **_value(record)},
        **({"settled": decided} if record.topic in letters else {}),
    }


def _value(record: Record) -> dict[str, Any]:
    """The record's bytes: as text where they are, else in base64."""
    try:
        return {"value": record.value.decode()}
    except UnicodeError:
        return {"value_base64": base64.b64encode(record.value).decode()}


def _spans(memory: Memory) -> Iterator[dict[str, Any]]:
    for passed in memory.requests:
        yield from _spans_of_request(passed)
    for trail in memory.history:
        yield from _spans_of_trail(trail)


def _spans_of_request(one: Passed) -> Iterator[dict[str, Any]]:
    common = {"trace_id": one.trace_id, "at": one.at}
    name = f"{one.method} {one.path}"
    yield {**common, "span_id": one.span, "parent_id": one.parent, "name": name, "ms": one.ms}
    if one.told is not None:
        yield {
            **{**common, "span_id": one.told.span, "parent_id": one.span, "name": one.function},
            "ms": one.told.function_ms,
        }


def _spans_of_trail(trail: Trail) -> Iterator[dict[str, Any]]:
    for attempt in trail.attempts:
        if attempt.told is not None and trail.trace_id is not None:
            yield {
                **{"trace_id": trail.trace_id, "span_id": attempt.told.span},
                **{"parent_id": trail.parent, "name": trail.function},
                **{"at": attempt.at, "ms": attempt.ms},
            }


def _digest(root: Path, folders: tuple[str, ...]) -> str:
    """A short digest of Python and SQL files: equal where the code is."""
    digest = hashlib.sha256()
    for folder in folders:
        for file in sorted((root / folder).rglob("*")):
            if file.suffix in (".py", ".sql") and "__pycache__" not in file.parts:
                digest.update(str(file.relative_to(root)).encode() + b"\0" + file.read_bytes())
    return f"sha256:{digest.hexdigest()[:16]}"


def read(text: str) -> list[Mapping[str, Any]]:
    """The lines of an export. Raises ValueError for what is none, or is of another format."""
    found: list[Mapping[str, Any]] = [json.loads(line) for line in text.splitlines() if line]
    if not found or found[0].get("kind") != "learnflow-run":
        raise ValueError("this is no export of a run: its first line does not say so")
    if found[0].get("format") != FORMAT:
        raise ValueError(f"this export has format {found[0].get('format')}, known is {FORMAT}")
    return found
