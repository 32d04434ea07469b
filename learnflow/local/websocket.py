"""WebSockets through the gateway: two connections, and what comes on one goes out on the other."""

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

import aiohttp
from aiohttp import WSMsgType, hdrs, web
from yarl import URL

from learnflow.local.faults import LOST, Faults, before
from learnflow.local.instances import InstanceGone, Unserved, Upstream
from learnflow.local.revision import Revision

_MAX_MESSAGE: Final = 1024 * 1024
_MAX_REFUSAL: Final = 64 * 1024
_TRIES: Final = 4
_PAUSE: Final = 0.05
"""Between tries: an instance that ended is known to have within this."""
_HANDSHAKE: Final = frozenset(
    {"sec-websocket-key", "sec-websocket-version", "sec-websocket-extensions"}
    | {"sec-websocket-protocol", "content-length"}
)
_OF_THE_CONNECTION: Final = frozenset({"connection", "keep-alive", "transfer-encoding", "upgrade"})
_Socket = aiohttp.ClientWebSocketResponse | web.WebSocketResponse
_Inner = aiohttp.ClientWebSocketResponse


async def tunnel(
    request: web.BaseRequest,
    revision: Revision,
    path: str,
    headers: Mapping[str, str],
    faults: Faults,
) -> web.StreamResponse:
    """Join the client to an instance until one side closes or Knative would cut: a hijacked
    connection never has a first byte, so `responseStartTimeoutSeconds` cuts it too.

    Where the function refuses, its own answer is passed back. Raises Unserved.
    """
    acting = faults.acting(revision.function.name, "slow", "fail", "drop")
    await before(acting)
    passed = {name: value for name, value in headers.items() if name.lower() not in _HANDSHAKE}
    offered = [p.strip() for p in request.headers.get(hdrs.SEC_WEBSOCKET_PROTOCOL, "").split(",")]
    for _ in range(_TRIES):
        async with revision.hold() as upstream:
            try:
                inner = await _asked(upstream, path, passed, tuple(filter(None, offered)))
            except (aiohttp.ClientError, InstanceGone):
                await asyncio.sleep(_PAUSE)
                continue
            if isinstance(inner, web.Response):
                return inner
            if "drop" in acting:
                await inner.close()
                raise Unserved(LOST, "fault switch: drop (the function ran, its answer is lost)")
            return await _joined(request, inner, revision.response_start_timeout)
    raise Unserved(502, f"{revision.function.name} went away", 1)


async def _asked(
    upstream: Upstream, path: str, headers: Mapping[str, str], protocols: Sequence[str]
) -> _Inner | web.Response:
    """The function's end of the tunnel, or how it refused. Raises ClientError or InstanceGone."""
    refusals: list[web.Response] = []

    async def kept(
        request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        response = await handler(request)
        if response.status != HTTPStatus.SWITCHING_PROTOCOLS:
            refusals.append(await _refusal(response))
        return response

    async with aiohttp.ClientSession(
        connector=upstream.session.connector,
        connector_owner=False,
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        skip_auto_headers=(hdrs.USER_AGENT,),
        middlewares=(kept,),
    ) as session:
        try:
            return await session.ws_connect(
                URL(f"http://function{path}", encoded=True),
                headers=headers,
                protocols=protocols,
                autoping=False,
                max_msg_size=_MAX_MESSAGE,
            )
        except aiohttp.WSServerHandshakeError as refused:
            return refusals[0] if refusals else web.Response(status=refused.status)


async def _refusal(response: aiohttp.ClientResponse) -> web.Response:
    """What the function answered instead; a body only where it is known to end soon."""
    body = None
    if 0 < (response.content_length or 0) <= _MAX_REFUSAL:
        body = await response.read()
    kept = [one for one in response.headers.items() if one[0].lower() not in _OF_THE_CONNECTION]
    headers = [one for one in kept if body is not None or one[0].lower() != "content-length"]
    return web.Response(status=response.status, headers=headers, body=body)


async def _joined(request: web.BaseRequest, inner: _Inner, seconds: float) -> web.WebSocketResponse:
    chosen = (inner.protocol,) if inner.protocol else ()
    outer = web.WebSocketResponse(
        protocols=chosen, autoping=False, max_msg_size=_MAX_MESSAGE, compress=False
    )
    try:
        await outer.prepare(request)
        await _join(outer, inner, seconds)
    finally:
        await asyncio.gather(_close(outer, inner.close_code), _close(inner, outer.close_code))
    return outer


async def _join(outer: web.WebSocketResponse, inner: Any, seconds: float) -> None:
    ways = [asyncio.create_task(_copy(outer, inner)), asyncio.create_task(_copy(inner, outer))]
    try:
        await asyncio.wait(ways, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)


async def _copy(from_: _Socket, to: _Socket) -> None:
    async for message in from_:
        if message.type is WSMsgType.TEXT:
            await to.send_str(message.data)
        elif message.type is WSMsgType.BINARY:
            await to.send_bytes(message.data)
        elif message.type is WSMsgType.PING:
            await to.ping(message.data)
        elif message.type is WSMsgType.PONG:
            await to.pong(message.data)


async def _close(socket: _Socket, code: int | None) -> None:
    sendable = code is not None and (code in (1000, 1001) or 1002 < code < 5000) and code != 1006
    with contextlib.suppress(ConnectionError, RuntimeError):
        await socket.close(code=code if code is not None and sendable else 1001)
