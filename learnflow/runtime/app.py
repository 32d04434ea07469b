"""How does our own host serve an operation? As a bare ASGI application, without a framework."""

import asyncio
import gc

from db.unit_of_work import Database
from learnflow.runtime import logs
from learnflow.runtime.answering import answer, without_body
from learnflow.runtime.authentication import Authenticate, open_to_all
from learnflow.runtime.exchange import (
    ClientGone,
    Exchange,
    Receive,
    Reply,
    Scope,
    Send,
    Streaming,
)
from learnflow.runtime.instance import Instance
from learnflow.runtime.operation import Operation
from learnflow.runtime.trace import trace_id
from learnflow.settings import Settings


class Application:
    """One operation as an ASGI application, with lifespan, health, limits and streams."""

    def __init__(self, operation: Operation, instance: Instance) -> None:
        self.operation = operation
        self.instance = instance

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI connection."""
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif self.operation.kind == "stream":
            from learnflow.runtime import sockets

            await sockets.speak(self.operation, scope, receive, send, self.instance)
        else:
            await send({"type": "websocket.close", "code": 1003})

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange = Exchange(scope, receive)
        try:
            reply = await answer(self.operation, exchange, self.instance)
        except ClientGone:
            return
        if exchange.method == "HEAD":
            reply = without_body(reply)
        if isinstance(reply, Reply):
            await send(_start(reply))
            await send({"type": "http.response.body", "body": reply.body})
        else:
            failed = await _stream(reply, receive, send)
            if failed is not None:
                logs.fault("fault", failed, self.operation.name, trace_id(exchange.traceparent))

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        self.instance.start()
        gc.freeze()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.instance.close()
        await send({"type": "lifespan.shutdown.complete"})


def application(
    operation: Operation,
    settings: Settings,
    *,
    database: Database | None = None,
    authenticate: Authenticate = open_to_all,
) -> Application:
    """The operation as an ASGI application. Raises SettingsError when its database is not named.

    A `database` that is given is used as it is and not closed (tests share one).
    """
    instance = Instance(operation, settings, database=database, authenticate=authenticate)
    return Application(operation, instance)


def _start(reply: Reply | Streaming) -> dict[str, object]:
    return {"type": "http.response.start", "status": reply.status, "headers": reply.headers}


async def _stream(reply: Streaming, receive: Receive, send: Send) -> BaseException | None:
    """Send frames until they end or the client goes; the fault that ended them, if one did."""

    async def forward() -> None:
        async for frame in reply.frames:
            await send({"type": "http.response.body", "body": frame, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    async def gone() -> None:
        while (await receive())["type"] != "http.disconnect":
            continue

    await send(_start(reply))
    forwarding, leaving = asyncio.create_task(forward()), asyncio.create_task(gone())
    try:
        await asyncio.wait({forwarding, leaving}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        forwarding.cancel()
        leaving.cancel()
        await asyncio.wait({forwarding, leaving})
        await reply.frames.aclose()
    return None if forwarding.cancelled() else forwarding.exception()
