"""The gateway: one HTTP port on which every public function is reached, as behind Knative's ingress."""

import json
import logging
import socket
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Final

from aiohttp import hdrs, web
from multidict import CIMultiDict
from yarl import URL

from learnflow.local.instances import Body, Unserved
from learnflow.local.pool import Pool
from learnflow.local.reply import Reply
from learnflow.local.routes import NotAllowed, Routes, Unknown
from learnflow.local.websocket import tunnel
from learnflow.manifests import Function
from learnflow.runtime.problems import Refused, document

MAX_BODY: Final = 10 * 1024 * 1024
_READ_WHOLE: Final = 1024 * 1024
_HOP_BY_HOP: Final = frozenset(
    {"connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection"}
    | {"te", "trailer", "transfer-encoding", "upgrade"}
)
_NO_BODY: Final = frozenset({204, 304})
_logger = logging.getLogger(__name__)


class _BodyTooLarge(Exception):
    """A chunked body went past MAX_BODY."""


class Gateway:
    """Answers on a listening socket; holds requests while a function starts, passes streams on."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._routes = Routes({name: r.function for name, r in pool.revisions.items()})
        self._server = web.Server(
            self._handle, access_log=None, handler_cancellation=True, keepalive_timeout=75.0
        )
        self._site: Any = None

    async def start(self, listening: socket.socket) -> None:
        """Serve connections of a bound socket."""
        loop = __import__("asyncio").get_running_loop()
        self._site = await loop.create_server(self._server, sock=listening, backlog=1024)

    async def stop(self, grace: float = 5.0) -> None:
        """Accept nothing new; let what is being answered end for `grace` seconds."""
        if self._site is not None:
            self._site.close()
        self._server.pre_shutdown()
        await self._server.shutdown(grace)

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        target = _target(request)
        headers = request.headers
        found = self._routes.find(
            request.method,
            target,
            headers.get(hdrs.HOST),
            headers.get(hdrs.ACCESS_CONTROL_REQUEST_METHOD),
        )
        if isinstance(found, Unknown):
            return self._own(request, target, found)
        if isinstance(found, NotAllowed):
            allow = ", ".join(found.allow)
            return problem(405, "Method Not Allowed", f"here it is {allow}", {"Allow": allow})
        if found.function.cluster_local:
            return _hidden(found.function)
        try:
            return await self._pass_on(request, found.function, found.path)
        except Unserved as why:
            return _unserved(why)

    async def _pass_on(
        self, request: web.BaseRequest, function: Function, path: str
    ) -> web.StreamResponse:
        revision = self._pool.revisions[function.name]
        headers = forwarded(request)
        if request.headers.get(hdrs.UPGRADE, "").lower() == "websocket":
            return await tunnel(request, revision, path, headers)
        if (request.content_length or 0) > MAX_BODY:
            return problem(413, "Content Too Large", f"a body has at most {MAX_BODY} bytes")
        try:
            reply = await revision.open(request.method, path, headers, await _body(request))
        except _BodyTooLarge:
            return problem(413, "Content Too Large", f"a body has at most {MAX_BODY} bytes")
        try:
            return await _respond(request, reply)
        finally:
            reply.close()

    def _own(self, request: web.BaseRequest, target: str, unknown: Unknown) -> web.Response:
        path = target.partition("?")[0]
        if path == "/healthz":
            return web.json_response({"status": "ok"})
        if path == "/" and request.method in ("GET", "HEAD"):
            return self._index(request)
        detail = "no function and no route is here"
        if unknown.nearest:
            detail += f"; near it: {', '.join(unknown.nearest)}"
        return problem(404, "Not Found", detail, nearest=unknown.nearest)

    def _index(self, request: web.BaseRequest) -> web.Response:
        functions = self._routes.described()
        if "text/html" not in request.headers.get(hdrs.ACCEPT, ""):
            return web.json_response({"functions": functions})
        rows = "".join(
            f"<tr><td>{entry['function']}</td><td>{entry['path'] or 'cluster-local'}</td>"
            f"<td>{', '.join(map(str, _listed(entry['routes'])))}</td></tr>"
            for entry in functions
        )
        text = f"<!doctype html><title>LearnFlow</title><h1>LearnFlow</h1><table>{rows}</table>"
        return web.Response(text=text, content_type="text/html")


def problem(
    status: int,
    title: str,
    detail: str,
    headers: Mapping[str, str] | None = None,
    **extras: Any,
) -> web.Response:
    """An RFC 9457 answer of the gateway's own."""
    body = document(Refused(status, title, detail, **extras))
    response = web.Response(status=status, body=body, headers=headers)
    response.content_type = "application/problem+json"
    return response


def forwarded(request: web.BaseRequest) -> CIMultiDict[str]:
    """The request's headers for the function: hop-by-hop ones gone, X-Forwarded-* written."""
    named = request.headers.get(hdrs.CONNECTION, "")
    dropped = _HOP_BY_HOP | {name.strip().lower() for name in named.split(",")}
    headers = CIMultiDict(
        (name, value) for name, value in request.headers.items() if name.lower() not in dropped
    )
    peer = request.remote or "127.0.0.1"
    before = headers.get("X-Forwarded-For")
    headers["X-Forwarded-For"] = f"{before}, {peer}" if before else peer
    headers["X-Forwarded-Proto"] = "http"
    if hdrs.HOST in headers:
        headers["X-Forwarded-Host"] = headers[hdrs.HOST]
    if "X-Request-Id" not in headers:
        headers["X-Request-Id"] = str(uuid.uuid4())
    return headers


async def _respond(request: web.BaseRequest, reply: Reply) -> web.StreamResponse:
    headers = CIMultiDict(
        (name, value) for name, value in reply.headers.items() if name.lower() not in _HOP_BY_HOP
    )
    small = reply.length is not None and reply.length <= _READ_WHOLE
    if small or reply.status in _NO_BODY or request.method == hdrs.METH_HEAD:
        body = await reply.read()
        if request.method != hdrs.METH_HEAD:
            headers.popall(hdrs.CONTENT_LENGTH, None)
        return web.Response(status=reply.status, headers=headers, body=body or None)
    response = web.StreamResponse(status=reply.status, headers=headers)
    await response.prepare(request)
    try:
        async for chunk in reply.chunks():
            await response.write(chunk)
    except Unserved as why:  # the status is out: only a broken connection can tell
        _logger.info("a response was cut: %s", why)
        if request.transport is not None:
            request.transport.close()
        return response
    await response.write_eof()
    return response


async def _body(request: web.BaseRequest) -> Body:
    length = request.content_length
    if length is not None and length <= _READ_WHOLE:
        return await request.content.read() if length else b""
    return _limited(request) if request.body_exists else b""


async def _limited(request: web.BaseRequest) -> AsyncIterator[bytes]:
    size = 0
    async for chunk in request.content.iter_any():
        size += len(chunk)
        if size > MAX_BODY:
            raise _BodyTooLarge
        yield chunk


def _target(request: web.BaseRequest) -> str:
    raw = request.raw_path
    return raw if raw.startswith("/") else URL(raw, encoded=True).raw_path_qs or "/"


def _hidden(function: Function) -> web.Response:
    detail = (
        f"{function.name} is cluster-local (label networking.knative.dev/visibility), on Knative "
        "too: only events and other functions reach it"
    )
    return problem(404, "Not Found", detail, file=json.loads(json.dumps(str(function.file))))


def _unserved(why: Unserved) -> web.Response:
    titles = {502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Timeout"}
    headers = {} if why.retry_after is None else {"Retry-After": str(why.retry_after)}
    log: Sequence[str] = getattr(why, "log", ())
    extras: dict[str, Any] = {"log": log} if log else {}
    return problem(why.status, titles.get(why.status, "Error"), str(why), headers, **extras)


def _listed(value: object) -> Sequence[object]:
    return value if isinstance(value, list) else []
