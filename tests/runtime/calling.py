"""Calling an ASGI application directly: no socket, no server, no client library."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from db.unit_of_work import Database
from learnflow.runtime.app import Application, application
from learnflow.runtime.operation import Function
from learnflow.settings import Settings

NOWHERE = "postgresql://nobody@127.0.0.1:1/nothing"
"""Nothing listens here: a unit that is not used never notices, one that is used is unavailable."""
JSON = {"content-type": "application/json"}
OF_ONE_CALL = frozenset({"server-timing", "traceresponse"})
"""Headers in which two answers to the same question differ."""
App = Callable[[Any, Any, Any], Awaitable[None]]


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes
    of_this_call: dict[str, str] = field(default_factory=dict, compare=False)

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def app_of(function: Function, **settings: Any) -> Application:
    """Our own application of a function, with a database that is not there."""
    database = Database(function.operation.database or "none", NOWHERE)
    return application(function.operation, Settings(**settings), database=database)


async def call(
    app: App,
    method: str = "GET",
    path: str = "/",
    *,
    headers: Mapping[str, str] | None = None,
    body: bytes | Iterable[bytes] = b"",
    patient: bool = False,
    seen: list[bytes] | None = None,
) -> Answer:
    """Send one request; `path` may carry a query, a body of several pieces comes in pieces.

    A patient client stays until the answer ends; another is gone once it has sent its request.
    What has come of the body so far is in `seen`.
    """
    pieces = [body] if isinstance(body, bytes) else list(body)
    waiting = [
        {"type": "http.request", "body": piece, "more_body": number < len(pieces)}
        for number, piece in enumerate(pieces, 1)
    ]
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        if patient and not waiting:
            await asyncio.Event().wait()
        return waiting.pop(0) if waiting else {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)
        if seen is not None and message.get("body"):
            seen.append(message["body"])

    await app(_scope(method, path, headers or {}), receive, send)
    headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return Answer(
        status=sent[0]["status"],
        headers={name: value for name, value in headers.items() if name not in OF_ONE_CALL},
        body=b"".join(message.get("body", b"") for message in sent[1:]),
        of_this_call={name: value for name, value in headers.items() if name in OF_ONE_CALL},
    )


def _scope(method: str, path: str, headers: Mapping[str, str]) -> dict[str, Any]:
    path, _, query = path.partition("?")
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "scheme": "http",
        "server": ("127.0.0.1", 8080),
        "client": ("127.0.0.1", 50000),
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": query.encode(),
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
    }
