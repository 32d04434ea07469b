"""How does a stock functions-framework serve an operation? As a plain async function of a request.

Starlette is imported at the first call, not here: our own host never needs it.
"""

import asyncio
from typing import TYPE_CHECKING, cast

from learnflow.runtime.answering import answer, without_body
from learnflow.runtime.exchange import Exchange, Streaming
from learnflow.runtime.instance import Instance
from learnflow.runtime.operation import Function, Operation
from learnflow.settings import Settings

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response


def served_by_any_host(operation: Operation) -> Function:
    """A function of the operation's name that answers Starlette requests.

    The framework has no start-up hook, so the first request opens the database.
    """
    lazy = _Lazy(operation)

    async def function(request: "Request") -> "Response":
        from starlette.responses import Response, StreamingResponse

        exchange = Exchange(request.scope, request.receive)
        reply = await answer(operation, exchange, lazy.instance())
        response: Response
        if exchange.method == "HEAD":
            reply = without_body(reply)
        if isinstance(reply, Streaming):
            response = StreamingResponse(reply.frames, reply.status)
        else:
            response = Response(reply.body, reply.status)
        response.raw_headers = list(reply.headers)
        return response

    handler = operation.handler
    function.__name__ = function.__qualname__ = operation.name
    function.__module__ = handler.__module__
    function.__doc__ = handler.__doc__
    function.operation = operation  # type: ignore[attr-defined]
    return cast(Function, function)


class _Lazy:
    """The instance of the running loop, made when it is first asked for."""

    def __init__(self, operation: Operation) -> None:
        self._operation = operation
        self._made: tuple[asyncio.AbstractEventLoop, Instance] | None = None

    def instance(self) -> Instance:
        loop = asyncio.get_running_loop()
        if self._made is None or self._made[0] is not loop:
            instance = Instance(self._operation, Settings.read())
            instance.start()
            self._made = (loop, instance)
        return self._made[1]
