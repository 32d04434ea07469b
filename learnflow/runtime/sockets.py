"""How does a stream run as a WebSocket? The same rows as text messages; the client only listens.

Refused before it is accepted: an HTTP answer with a problem document. Closed with 1000 when its
time is up, 1001 when the instance stops, 1003 or 1008 when the client sends something, 1011 for a
fault of ours: after 1000, 1001 and 1011 a client comes back with the last id it saw.
"""

import asyncio
from typing import Final

from learnflow.runtime import logs
from learnflow.runtime.answering import answer
from learnflow.runtime.exchange import Exchange, Receive, Reply, Scope, Send, Streaming
from learnflow.runtime.instance import Instance
from learnflow.runtime.operation import Operation
from learnflow.runtime.trace import trace_id

SUBPROTOCOL: Final = "learnflow.v1"
"""Spoken when the client offers it."""
Close = tuple[int, str]
TIME_IS_UP: Final[Close] = (1000, "its time is up: connect again with last_event_id")
STOPPING: Final[Close] = (1001, "this instance stops: connect again with last_event_id")
NO_BINARY: Final[Close] = (1003, "nothing is expected from a client")
NO_TEXT: Final[Close] = (1008, "nothing is expected from a client")
FAULT: Final[Close] = (1011, "the fault is ours and is logged")


async def speak(
    operation: Operation, scope: Scope, receive: Receive, send: Send, instance: Instance
) -> None:
    """Answer one request for a WebSocket: refuse it, or send messages until one side ends it."""
    await receive()  # websocket.connect
    exchange = Exchange(scope, receive)
    reply = await answer(operation, exchange, instance)
    if isinstance(reply, Reply):
        await _refuse(reply, scope, send)
        return
    spoken = SUBPROTOCOL if SUBPROTOCOL in scope.get("subprotocols", ()) else None
    await send({"type": "websocket.accept", "subprotocol": spoken, "headers": reply.headers})
    try:
        close, failed = await _conversation(reply, receive, send, instance)
    finally:
        await reply.frames.aclose()
    if failed is not None:
        logs.fault("fault", failed, operation.name, trace_id(exchange.traceparent))
    if close is not None:
        code, reason = close
        await send({"type": "websocket.close", "code": code, "reason": reason})


async def _refuse(reply: Reply, scope: Scope, send: Send) -> None:
    """Without the extension the server itself says no more than 403."""
    if "websocket.http.response" not in (scope.get("extensions") or {}):
        await send({"type": "websocket.close", "code": 1008})
        return
    headers = [*reply.headers, (b"connection", b"close")]
    start = {"type": "websocket.http.response.start", "status": reply.status, "headers": headers}
    await send(start)
    await send({"type": "websocket.http.response.body", "body": reply.body})


async def _conversation(
    reply: Streaming, receive: Receive, send: Send, instance: Instance
) -> tuple[Close | None, BaseException | None]:
    """How to close it, None when the client is gone; and the fault that ended it, if one did."""
    telling = asyncio.create_task(_tell(reply, send))
    hearing = asyncio.create_task(_hear(receive))
    try:
        await asyncio.wait({telling, hearing}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        telling.cancel()
        hearing.cancel()
        await asyncio.wait({telling, hearing})
    if not hearing.cancelled():
        return hearing.result(), None
    if (failed := telling.exception()) is not None:
        return FAULT, failed
    if not telling.result():
        return None, None
    return (STOPPING if instance.stopping else TIME_IS_UP), None


async def _tell(reply: Streaming, send: Send) -> bool:
    """Send until the frames end: then True; False when the client is gone."""
    async for frame in reply.frames:
        try:
            await send({"type": "websocket.send", "text": frame.decode()})
        except OSError:
            return False
    return True


async def _hear(receive: Receive) -> Close | None:
    """What the client's first message is answered with; None when it leaves."""
    message = await receive()
    if message["type"] == "websocket.disconnect":
        return None
    return NO_BINARY if message.get("bytes") is not None else NO_TEXT
