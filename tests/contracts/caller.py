"""Calling an operation as its published description says, and holding its answer against that."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from learnflow.runtime.app import application
from learnflow.settings import Settings
from tests.contracts.published import Described, faults, operations, resolved
from tests.flow.world import World
from tests.runtime.calling import JSON, Answer, call

ALL: Final = {said.id: said for said in operations()}
SAID_OF_HEADERS: Final = {"etag", "location", "retry-after", "server-timing", "traceresponse"}
_TESTS: Final = Path(__file__).parents[1] / "functions"


def has_a_test_that_calls(name: str) -> bool:
    """Whether the function's own test calls it through a Caller, as generated tests do."""
    file = _TESTS / f"test_{name}.py"
    called = rf'Caller\(world\)\(\s*"{name}"'
    return file.is_file() and re.search(called, file.read_text("utf-8")) is not None


class Caller:
    """Calls operations of the document, and holds every answer against it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.well: set[tuple[str, str]] = set()
        """Which operations went well, and with which status."""

    async def __call__(
        self,
        name: str,
        body: Any = None,
        *,
        headers: Mapping[str, str] | None = None,
        query: str = "",
        raw: bytes | None = None,
        ids: Mapping[str, str] = MappingProxyType({}),
    ) -> Answer:
        """One call; fails when the answer is not as described."""
        said = ALL[name]
        operation = self.world.operations[name.removesuffix("_by_query")]
        database = self.world.open[operation.database or ""]
        app = application(operation, Settings(), database=database)
        sent = raw if raw is not None else b"" if body is None else json.dumps(body).encode()
        path = re.sub(r"\{(\w+)\}", lambda found: ids[found[1]], said.path) + query
        all_headers = {**(JSON if sent else {}), **(headers or {})}
        answer = await call(app, said.method, path, headers=all_headers, body=sent)
        assert disagreements(said, answer) == []
        if str(answer.status) in said.good:
            self.well.add((name, str(answer.status)))
        return answer


def disagreements(said: Described, answer: Answer) -> list[str]:
    """Where an answer is not what the document says."""
    described = said.said["responses"].get(str(answer.status))
    if described is None:
        return [f"{said.id} answered {answer.status}, which is not described"]
    described = resolved(described)
    names = {name.lower() for name in described["headers"]}
    found = [f"header {name}" for name in answer.headers if name in SAID_OF_HEADERS - names]
    for name, header in described["headers"].items():
        value = answer.headers.get(name.lower())
        if value is None and name not in ("Server-Timing", "traceresponse"):
            found.append(f"no header {name}")
        elif value is not None and resolved(header)["schema"]["type"] == "string":
            found += faults(resolved(header)["schema"], value)
    if not described.get("content"):
        return found + (["a body"] if answer.body else [])
    ((media, content),) = described["content"].items()
    if answer.headers["content-type"].split(";")[0] != media:
        found.append(f"media {answer.headers['content-type']}")
    return found + faults(content["schema"], answer.json, closed=answer.status < 300)
