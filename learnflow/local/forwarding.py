"""Passing a request on and its response back: headers, bodies, and the gateway's own refusals."""

import asyncio
import logging
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote

from aiohttp import hdrs, web
from multidict import CIMultiDict
from yarl import URL

from learnflow.local.instances import Body, StartFailed, Unserved
from learnflow.local.reply import Reply
from learnflow.local.upload import Upload
from learnflow.runtime.problems import Refused, document

MAX_BODY: Final = 10 * 1024 * 1024
_READ_WHOLE: Final = 1024 * 1024
_HOP_BY_HOP: Final = frozenset(
    {"connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection"}
    | {"te", "trailer", "transfer-encoding", "upgrade", "expect"}
)
_NO_BODY: Final = frozenset({204, 304})
Streaming = set[asyncio.Transport]
"""Connections that a stop need not wait for: their clients come back and resume."""
_logger = logging.getLogger(__name__)


def problem(
    status: int,
    title: str,
    detail: str,
    headers: Mapping[str, str] | None = None,
    **extras: Any,
) -> web.Response:
    """An RFC 9457 answer of the gateway's own."""
    body = document(Refused(status, title, detail, **extras))
    said = {**(headers or {}), "Content-Type": "application/problem+json"}
    return web.Response(status=status, body=body, headers=said)


def unserved(why: Unserved, trace_id: str) -> web.Response:
    """What is said when the function said nothing."""
    headers = {} if why.retry_after is None else {"Retry-After": str(why.retry_after)}
    extras: dict[str, Any] = {"trace_id": trace_id}
    if isinstance(why, StartFailed) and why.log:
        extras["log"] = why.log
    status = why.status or HTTPStatus.BAD_GATEWAY  # nobody reads it: the connection was broken
    title = HTTPStatus(status).phrase
    return problem(status, title, str(why), headers, **extras)


def target_of(request: web.BaseRequest) -> str:
    """The request line's path and query, still encoded, in ASCII."""
    raw = request.raw_path
    if not raw.startswith("/"):
        raw = URL(raw, encoded=True).raw_path_qs or "/"
    return raw if raw.isascii() else quote(raw, safe="/%?&=+:@,;~!$'()*", errors="replace")


def forwarded(request: web.BaseRequest) -> CIMultiDict[str]:
    """The request's headers for the function: hop-by-hop ones gone, X-Forwarded-* written."""
    dropped = _HOP_BY_HOP
    if named := request.headers.get(hdrs.CONNECTION):
        dropped = dropped | {name.strip().lower() for name in named.split(",")}
    headers = CIMultiDict(
        (name, value) for name, value in request.headers.items() if name.lower() not in dropped
    )
    peer = request.remote or "127.0.0.1"
    before = headers.get(hdrs.X_FORWARDED_FOR)
    headers[hdrs.X_FORWARDED_FOR] = f"{before}, {peer}" if before else peer
    headers[hdrs.X_FORWARDED_PROTO] = "http"
    if (host := headers.get(hdrs.HOST)) is not None:
        headers[hdrs.X_FORWARDED_HOST] = host
    if "X-Request-Id" not in headers:
        headers["X-Request-Id"] = str(uuid.uuid4())
    return headers


async def body_of(request: web.BaseRequest) -> Body:
    """The request's body: whole when it is small, else read while it is sent on."""
    if request.headers.get(hdrs.EXPECT, "").lower() == "100-continue":
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.writer.output_size = 0
    length = request.content_length
    if length is not None and length <= _READ_WHOLE:
        return await request.content.read() if length else b""
    return Upload(request.content.iter_any(), MAX_BODY) if request.body_exists else b""


async def respond(
    request: web.BaseRequest, reply: Reply, streaming: Streaming
) -> web.StreamResponse:
    """Pass a reply back: in one piece when its length is known and small, else as it comes.

    The connection of a response without a known length is in `streaming` while that lasts.
    """
    headers = CIMultiDict(
        (name, value) for name, value in reply.headers.items() if name.lower() not in _HOP_BY_HOP
    )
    head = request.method == hdrs.METH_HEAD
    small = reply.length is not None and reply.length <= _READ_WHOLE
    if small or head or reply.status in _NO_BODY:
        body = await reply.read()
        return web.Response(status=reply.status, headers=headers, body=body or None)
    if reply.length is not None:
        return await _stream(request, reply, headers)
    with noted(request, streaming):
        return await _stream(request, reply, headers)


@contextmanager
def noted(request: web.BaseRequest, streaming: Streaming) -> Iterator[None]:
    """Keep the request's connection in `streaming` for the block."""
    transport = request.transport
    if transport is not None:
        streaming.add(transport)
    try:
        yield
    finally:
        if transport is not None:
            streaming.discard(transport)


async def _stream(
    request: web.BaseRequest, reply: Reply, headers: CIMultiDict[str]
) -> web.StreamResponse:
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
