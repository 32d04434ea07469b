"""WebSockets through the gateway: two connections, and what comes on one goes out on the other."""

import asyncio
import contextlib
from collections.abc import Mapping
from typing import Any, Final

import aiohttp
from aiohttp import WSMsgType, hdrs, web

from learnflow.local.instances import InstanceGone, Unserved
from learnflow.local.revision import Revision

_MAX_MESSAGE: Final = 1024 * 1024
_HANDSHAKE: Final = frozenset(
    {"sec-websocket-key", "sec-websocket-version", "sec-websocket-extensions"}
    | {"sec-websocket-protocol", "content-length"}
)
_Socket = aiohttp.ClientWebSocketResponse | web.WebSocketResponse


async def tunnel(
    request: web.BaseRequest, revision: Revision, path: str, headers: Mapping[str, str]
) -> web.StreamResponse:
    """Join the client to an instance until one side closes or Knative would cut: a hijacked
    connection never has a first byte, so `responseStartTimeoutSeconds` cuts it too.
    """
    passed = {name: value for name, value in headers.items() if name.lower() not in _HANDSHAKE}
    offered = [p.strip() for p in request.headers.get(hdrs.SEC_WEBSOCKET_PROTOCOL, "").split(",")]
    protocols = tuple(filter(None, offered))
    async with revision.hold() as upstream:
        try:
            inner = await upstream.session.ws_connect(
                f"http://function{path}",
                headers=passed,
                protocols=protocols,
                autoping=False,
                max_msg_size=_MAX_MESSAGE,
            )
        except aiohttp.WSServerHandshakeError as refused:
            return web.Response(status=refused.status)
        except (aiohttp.ClientError, InstanceGone) as error:
            raise Unserved(502, f"{revision.function.name} went away", 1) from error
        chosen = (inner.protocol,) if inner.protocol else ()
        outer = web.WebSocketResponse(
            protocols=chosen, autoping=False, max_msg_size=_MAX_MESSAGE, heartbeat=None
        )
        try:
            await outer.prepare(request)
            await _join(outer, inner, revision.response_start_timeout)
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
