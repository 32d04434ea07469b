"""How does an instance live and end? uvicorn on a bound socket; SIGTERM drains it, then it ends."""

import asyncio
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, cast

import uvicorn

from learnflow.runtime.app import Application, application
from learnflow.runtime.operation import Operation
from learnflow.settings import Settings

BACKLOG: Final = 2048
_KEEP_ALIVE: Final = 120
"""Seconds an idle connection is kept: longer than any proxy in front keeps it (Go: 90), so that the
proxy closes first and no request meets a closing connection."""

MAX_MESSAGE: Final = 1024
"""Bytes of a WebSocket message from a client, of which none is expected."""


def serve(operation: Operation, settings: Settings, sock: socket.socket) -> None:
    """Serve one operation on a bound socket until SIGTERM or SIGINT; in-flight requests finish."""
    server = _server(application(operation, settings), settings)
    loop_factory = server.config.get_loop_factory()
    with asyncio.Runner(loop_factory=loop_factory) as runner:
        runner.run(server.serve(sockets=[sock]))


def _server(app: Application, settings: Settings) -> "Draining":
    beat = settings.stream_heartbeat_seconds
    config = uvicorn.Config(
        app,
        loop="uvloop",
        http="httptools",
        ws=cast(type[asyncio.Protocol], _upgraded) if app.operation.kind == "stream" else "none",
        ws_max_size=MAX_MESSAGE,
        ws_ping_interval=beat,
        ws_ping_timeout=beat,
        ws_per_message_deflate=False,
        interface="asgi3",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        backlog=BACKLOG,
        timeout_keep_alive=_KEEP_ALIVE,
        timeout_graceful_shutdown=max(1, round(settings.drain_seconds)),
    )
    return Draining(config, app)


def _upgraded(**connection: Any) -> asyncio.Protocol:
    """What goes on with a connection that became a WebSocket: imported when the first one does."""
    from learnflow.runtime.upgraded import Socket

    return Socket(**connection)


class Draining(uvicorn.Server):
    """uvicorn that tells streams to end as soon as it is told to stop, and then exits with 0."""

    def __init__(self, config: uvicorn.Config, app: Application) -> None:
        super().__init__(config)
        self._app = app

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop on SIGTERM and SIGINT."""
        loop = asyncio.get_running_loop()
        signals = (signal.SIGTERM, signal.SIGINT)
        for number in signals:
            loop.add_signal_handler(number, self._stop)
        try:
            yield
        finally:
            for number in signals:
                loop.remove_signal_handler(number)

    def _stop(self) -> None:
        self.should_exit = True
        self._app.instance.stop_streams()
