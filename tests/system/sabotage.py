"""Things a function must not do, done, and a look at what it really gets."""

import os
from pathlib import Path

from learnflow.runtime import deliveries, reactions
from learnflow.runtime.app import Application
from learnflow.runtime.exchange import Receive, Reply, Scope, Send
from learnflow.runtime.replies import json_reply


def answer_with_body() -> None:
    """Answer each delivery with 200 and a text, as the stock cloud_event signature does."""

    def done(dapr: bool) -> Reply:
        return json_reply(200, "OK")

    deliveries.done = done
    reactions.done = done  # type: ignore[attr-defined]


def count_requests(folder: Path, name: str) -> None:
    """Keep a file per instance whose size is the most requests it had at once."""
    plain_http, now = Application._http, 0
    kept = folder / f"{name}.{os.getpid()}"

    async def http(self: Application, scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal now
        if scope["path"] == "/readyz":
            return await plain_http(self, scope, receive, send)
        now += 1
        if not kept.exists() or kept.stat().st_size < now:
            kept.write_bytes(b"x" * now)
        try:
            await plain_http(self, scope, receive, send)
        finally:
            now -= 1

    Application._http = http  # type: ignore[method-assign]


def most_at_once(folder: Path, name: str) -> list[int]:
    """The most requests that each instance of a function had at once."""
    return [kept.stat().st_size for kept in folder.glob(f"{name}.*")]
