"""The gateway's HTTP server: bodies pass as they are, and its own faults are problem documents."""

import logging
from http import HTTPStatus
from typing import Any, Final

from aiohttp import web

from learnflow.local.forwarding import problem

_logger: Final = logging.getLogger(__name__)


class HttpServer(web.Server):
    """aiohttp's server with an own word for what never reached, or broke, its handler."""

    def __init__(self, handler: Any, *, handler_cancellation: bool, **settings: Any) -> None:
        super().__init__(handler, handler_cancellation=handler_cancellation, **settings)
        self._settings = settings

    def __call__(self) -> web.RequestHandler:
        """One connection; encoded bodies are the function's to read."""
        return _Connection(self, loop=self._loop, auto_decompress=False, **self._settings)


class _Connection(web.RequestHandler):
    __slots__ = ()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """A problem document that quotes nothing, instead of aiohttp's text which quotes all."""
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            _logger.error("a request failed in the gateway", exc_info=exc)
        if request.writer.output_size > 0:
            raise ConnectionError("the response had begun")
        fault = status >= HTTPStatus.INTERNAL_SERVER_ERROR
        detail = "the gateway failed" if fault else "this is not HTTP that can be read"
        answer = problem(status, HTTPStatus(status).phrase, detail)
        answer.force_close()
        return answer
