"""/system/api at the gateway: the part of the control API that the system page may ask.

Each exposed path is one of the control API, which is asked on its Unix socket and answers the page
what it answers the command line. What is not in the table is not there.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Final
from urllib.parse import unquote

import aiohttp
from aiohttp import hdrs, web
from yarl import URL

from learnflow.local.forwarding import Streaming, noted, problem
from learnflow.local.same_origin import refusal

PREFIX: Final = "/system/api"
EXPOSED: Final[Mapping[str, Mapping[str, str]]] = {
    "functions": {"GET": "ps"},
    "events": {"GET": "events"},
    "events/tail": {"GET": "events/tail"},
    "events/{}": {"GET": "events/{}"},
    "traces/{}": {"GET": "traces/{}"},
    "dead-letters": {"GET": "dead-letters"},
    "dead-letters/{}": {"GET": "dead-letters/{}"},
    "dead-letters/{}/replay": {"POST": "dead-letters/{}/replay"},
    "faults": {"GET": "faults", "POST": "faults"},
    "faults/clear": {"POST": "faults/clear"},
    "flow": {"GET": "flow"},
    "burst": {"POST": "burst"},
    "zero": {"POST": "zero"},
}
"""By path below the prefix and method, the path of the control API; `{}` is one segment.

The first that fits counts."""
CAN: Final = ("functions", "events", "traces", "letters", "faults", "burst", "zero", "flow")
"""What the system page is told that it can ask here."""
_MAX_BODY: Final = 65_536
HEARTBEAT_SECONDS: Final = 10.0
_ALWAYS: Final = {
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
_PASSED: Final = ("Content-Type", "Retry-After")
_logger: Final = logging.getLogger(__name__)


class SystemApi:
    """Passes what is exposed on to the control API that listens on `control`."""

    def __init__(self, control: Path) -> None:
        self._control = control
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Break what is still asked."""
        if self._session is not None:
            await self._session.close()

    async def answer(
        self, request: web.BaseRequest, target: str, streaming: Streaming
    ) -> web.StreamResponse:
        """The control API's answer, or why there is none; open streams are in `streaming`."""
        path, _, query = target.partition("?")
        found = _exposed(path.removeprefix(PREFIX).removeprefix("/"))
        method = "GET" if request.method == hdrs.METH_HEAD else request.method
        if (why := refusal(request, changes=method == hdrs.METH_POST)) is not None:
            return _said(problem(403, "Forbidden", why))
        if found is None:
            paths = ", ".join(f"{PREFIX}/{one}" for one in EXPOSED)
            return _said(problem(404, "Not Found", f"here are {paths}"))
        allow = {"Allow": _allow(found)}
        if method == hdrs.METH_OPTIONS:
            return _said(web.Response(status=204, headers=allow))
        if method not in found:
            detail = f"here it is {allow['Allow']}"
            return _said(problem(405, "Method Not Allowed", detail, allow))
        body = await _body(request) if method == hdrs.METH_POST else b""
        if body is None:
            return _said(problem(413, "Content Too Large", f"at most {_MAX_BODY} bytes"))
        url = URL(f"http://runner/control/{found[method]}?{query}".rstrip("?"), encoded=True)
        return await self._passed_on(request, method, url, body, streaming)

    async def _passed_on(
        self, request: web.BaseRequest, method: str, url: URL, body: bytes, streaming: Streaming
    ) -> web.StreamResponse:
        headers = {hdrs.CONTENT_TYPE: "application/json"} if body else {}
        try:
            async with self._asking().request(method, url, data=body, headers=headers) as reply:
                said = {one: reply.headers[one] for one in _PASSED if one in reply.headers}
                if reply.content_type != "application/jsonl":
                    whole = await reply.read()
                    return _said(web.Response(status=reply.status, headers=said, body=whole))
                if request.method == hdrs.METH_HEAD:
                    return _said(web.Response(status=reply.status, headers=said))
                with noted(request, streaming):
                    return await _streamed(request, reply, said)
        except aiohttp.ClientError as error:
            _logger.info("the control API did not answer: %s", type(error).__name__)
            detail = "LearnFlow is starting or stopping; ask again in a moment"
            return _said(problem(503, "Service Unavailable", detail, {hdrs.RETRY_AFTER: "1"}))

    def _asking(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.UnixConnector(str(self._control), limit=0),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None),
            )
        return self._session


async def _with_heartbeats(content: aiohttp.StreamReader) -> AsyncIterator[bytes]:
    chunk = b"\n"
    while True:
        try:
            async with asyncio.timeout(HEARTBEAT_SECONDS):
                chunk = await content.readany()
        except TimeoutError:
            if chunk.endswith(b"\n"):  # never within a line
                yield b"\n"
            continue
        if not chunk:
            return
        yield chunk


def _exposed(path: str) -> dict[str, str] | None:
    """By method, the path of the control API; None when none is exposed."""
    segments = path.split("/")
    for shape, methods in EXPOSED.items():
        wanted = shape.split("/")
        if len(wanted) != len(segments):
            continue
        given = [mine for mine, one in zip(segments, wanted, strict=True) if one == "{}"]
        fits = all(one in ("{}", mine) for mine, one in zip(segments, wanted, strict=True))
        if fits and all(map(_names_something, given)):
            return {method: other.format(*given) for method, other in methods.items()}
    return None


def _names_something(segment: str) -> bool:
    return unquote(segment) not in ("", ".", "..")


def _allow(found: Mapping[str, str]) -> str:
    head = ("HEAD",) if "GET" in found else ()
    return ", ".join((*sorted(found), *head, "OPTIONS"))


async def _body(request: web.BaseRequest) -> bytes | None:
    """The request's body, None when it is too long."""
    body = bytearray()
    async for chunk in request.content.iter_any():
        body += chunk
        if len(body) > _MAX_BODY:
            return None
    return bytes(body)


def _said(response: web.Response) -> web.Response:
    response.headers.update(_ALWAYS)
    return response


async def _streamed(
    request: web.BaseRequest, reply: aiohttp.ClientResponse, said: Mapping[str, str]
) -> web.StreamResponse:
    """Lines as they come, and an empty one when none comes, which shows a dead connection.

    An answer that breaks off breaks off here, too.
    """
    response = web.StreamResponse(status=reply.status, headers={**said, **_ALWAYS})
    await response.prepare(request)
    try:
        async for chunk in _with_heartbeats(reply.content):
            await response.write(chunk)
    except aiohttp.ClientError:
        if request.transport is not None:
            request.transport.close()
        return response
    await response.write_eof()
    return response
