"""Programs that a daprd talks to: HTTP servers in this process, each on a port of its own."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Final

import uvicorn
from aiohttp import web

from tests.eventually import eventually
from tests.ports import free_port

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
HOST: Final = "127.0.0.1"


@asynccontextmanager
async def answering(handler: Handler) -> AsyncIterator[int]:
    """A server that answers everything with `handler`; its port."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, HOST, port).start()
    try:
        yield port
    finally:
        await runner.cleanup()


@asynccontextmanager
async def serving(app: Any) -> AsyncIterator[int]:
    """An ASGI application served as the container serves it; its port."""
    import asyncio

    port = free_port()
    config = uvicorn.Config(
        app, host=HOST, port=port, log_config=None, lifespan="on", interface="asgi3", ws="none"
    )
    server = uvicorn.Server(config)
    server.capture_signals = _no_signals  # type: ignore[method-assign]
    task = asyncio.create_task(server.serve())
    try:
        await eventually(lambda: server.started, 10)
        yield port
    finally:
        server.should_exit = True
        await task


def _no_signals() -> Any:
    from contextlib import nullcontext

    return nullcontext()
