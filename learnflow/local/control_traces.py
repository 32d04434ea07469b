"""The control API's traces and exports: what happened, put together."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import web

from learnflow.local import exporting
from learnflow.local.asking import Handler, Refused, flag, limit_of
from learnflow.local.dispatch import Dispatcher
from learnflow.local.eventlog import EventLog
from learnflow.local.requests import Requests
from learnflow.local.starter import Dsn
from learnflow.local.tracing import Memory
from learnflow.manifests import System

_LAST = "last"
_LINES = 200


@dataclass(frozen=True, slots=True)
class Place:
    """Where the code lies, and each database's address for its functions' role."""

    root: Path
    dsn: Dsn


class TraceRoutes:
    """What the command line asks about traces; without a `place` nothing is known of them."""

    def __init__(
        self,
        system: System,
        log: EventLog,
        dispatcher: Dispatcher,
        requests: Requests,
        place: Place | None,
    ) -> None:
        self._requests = requests
        self._remembered = (
            None
            if place is None
            else (Memory(place.dsn, log, dispatcher.history, requests, system), place.root)
        )

    def routes(self) -> dict[str, Handler]:
        """Handlers by method and path."""
        return {"GET /control/traces/{id}": self._show, "GET /control/export": self._export}

    async def _show(self, request: web.Request) -> web.Response:
        given, (memory, _) = request.match_info["id"], self._known()
        if given == _LAST:
            last = self._requests.last_change()
            if last is None and flag(request, "if_any"):
                return web.json_response({"traces": []})
            if last is None:
                raise Refused(404, "the gateway has passed on no change since it started")
            found = [last.trace_id]
        else:
            found = await memory.traces_of(given, limit_of(request))
        if not found:
            detail = "nothing that is remembered has this id; learnflow events list shows ids"
            raise Refused(404, detail)
        traces = [await memory.timeline(trace_id) for trace_id in reversed(found)]
        return web.json_response({"traces": traces})

    async def _export(self, request: web.Request) -> web.StreamResponse:
        lines = exporting.lines(*self._known())
        first = await anext(lines)
        response = web.StreamResponse(headers={"content-type": "application/jsonl"})
        await response.prepare(request)
        async for chunk in _chunks(first, lines):
            await response.write(chunk)
        await response.write_eof()
        return response

    def _known(self) -> tuple[Memory, Path]:
        if self._remembered is None:
            raise Refused(409, "this runner does not know its databases")
        return self._remembered


async def _chunks(
    first: dict[str, Any], lines: AsyncIterator[dict[str, Any]]
) -> AsyncIterator[bytes]:
    held = [json.dumps(first)]
    async for line in lines:
        held.append(json.dumps(line, ensure_ascii=False))
        if len(held) >= _LINES:
            yield ("\n".join(held) + "\n").encode(errors="backslashreplace")
            held.clear()
    if held:
        yield ("\n".join(held) + "\n").encode(errors="backslashreplace")
