"""One HTTP/1.1 connection of a client: a request with its whole body, an answer as it comes."""

import asyncio
import sys
from http import HTTPStatus
from typing import Final, Protocol, cast

import httptools
from multidict import CIMultiDict

from learnflow.local.http_answer import Broken, Content, Response

_BODILESS: Final = frozenset({204, 304})
_JOINED: Final = 64 * 1024
"""Bytes of a body that are copied rather than written by themselves."""


class Keeper(Protocol):
    """Who keeps connections for further requests."""

    def put_back(self, connection: "Connection") -> None:
        """Its answer has ended: it may carry another request."""
        ...

    def forget(self, connection: "Connection") -> None:
        """It has ended."""
        ...


class Connection(asyncio.Protocol):
    """One connection; one request at a time."""

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper
        self._transport: asyncio.Transport
        self._parser: httptools.HttpResponseParser
        self._answer: asyncio.Future[Response] | None = None
        self._content: Content | None = None
        self._headers: CIMultiDict[str] = CIMultiDict()
        self._bodiless = False
        self._to_the_end = False
        self.idle_since = 0.0

    @property
    def usable(self) -> bool:
        """Whether it may carry another request."""
        return not self._transport.is_closing()

    async def ask(self, head: bytes, body: bytes, *, bodiless: bool) -> Response:
        """The answer, once it has begun; `bodiless` for one without content, as to HEAD."""
        self._parser = httptools.HttpResponseParser(self)
        self._headers, self._bodiless = CIMultiDict(), bodiless
        self._answer = asyncio.get_running_loop().create_future()
        if len(body) <= _JOINED:
            self._transport.write(head + body)
        else:
            self._transport.writelines((head, body))
        try:
            return await self._answer
        except asyncio.CancelledError:
            self.abort()
            raise

    def abort(self) -> None:
        """Break it."""
        self._transport.abort()

    def close(self) -> None:
        """End it; nobody waits for an answer."""
        self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It is there."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is none by name

    def data_received(self, data: bytes) -> None:
        """Some of the answer; what nobody asked for ends the connection."""
        if self._answer is None:
            return self._transport.abort()
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self._failed(Broken(f"no HTTP came: {error}"))
            self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """It has ended: so has an answer that goes on to its end, and any other is broken."""
        self._keeper.forget(self)
        self._keeper.forget(self)
        if self._to_the_end and exc is None and self._content is not None:
            self._content.end()
        unread = isinstance(exc, BrokenPipeError) or (
            isinstance(exc, ConnectionResetError) and sys.platform == "linux"
        )
        self._failed(Broken("the connection broke", unread=unread))

    def on_message_begin(self) -> None:
        """An answer, or one more after an interim one."""
        self._headers = CIMultiDict()

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header."""
        self._headers.add(name.decode("ascii"), value.decode("utf-8", "surrogateescape"))

    def on_headers_complete(self) -> None:
        """The answer has begun."""
        status = self._parser.get_status_code()
        if status < HTTPStatus.OK or self._answer is None:
            return
        self._content = Content(self._transport)
        response = Response(status, self._headers, self._content, self._transport)
        chunked = "transfer-encoding" in self._headers
        endless = not chunked and response.content_length is None
        self._to_the_end = endless and status not in _BODILESS and not self._bodiless
        if not self._answer.done():
            self._answer.set_result(response)
        if self._bodiless:
            self._complete()

    def on_body(self, data: bytes) -> None:
        """Some of the content."""
        if self._content is not None:
            self._content.feed(data)

    def on_message_complete(self) -> None:
        """All of the answer, unless that was an interim one."""
        if self._content is not None:
            self._complete()

    def _complete(self) -> None:
        content, self._content, self._answer = self._content, None, None
        if content is not None:
            content.end()
        if self._parser.should_keep_alive():
            self._keeper.put_back(self)
        else:
            self._transport.close()

    def _failed(self, error: Broken) -> None:
        answer, self._answer = self._answer, None
        content, self._content = self._content, None
        if content is not None:
            content.end(error)
        elif answer is not None and not answer.done():
            answer.set_exception(error)
