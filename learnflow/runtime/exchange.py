"""What came in, and what goes out? One request as the operation sees it, and its reply."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any, Final

from learnflow.runtime.problems import Refused
from learnflow.runtime.trace import continued

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Headers = tuple[tuple[bytes, bytes], ...]

MAX_BODY: Final = 64 * 1024
"""Bytes of a request body; CloudEvents of this size pass every intermediary."""
BODY_SECONDS: Final = 10.0


class ClientGone(Exception):
    """The caller left before it had sent its request."""


class Exchange:
    """One HTTP request over an ASGI scope; the body is read only when asked for.

    `upgraded`: it asks for a WebSocket, and so is a GET.
    """

    __slots__ = (
        *("_receive", "duplicate", "event_id", "headers"),
        *("method", "path", "query", "traceparent", "upgraded"),
    )

    def __init__(self, scope: Scope, receive: Receive) -> None:
        headers: dict[str, str] = {}
        for raw_name, raw_value in scope["headers"]:
            name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
        self.upgraded = scope.get("type") == "websocket"
        self.method: str = "GET" if self.upgraded else scope["method"]
        self.path: str = scope["path"]
        self.query: bytes = scope["query_string"]
        self.headers = headers
        self.traceparent = continued(headers.get("traceparent"))
        self.event_id: str | None = None
        self.duplicate = False
        self._receive = receive

    async def body(self) -> bytes:
        """The whole body. Raises Refused 413 beyond 64 KiB, 408 when it dawdles, or ClientGone."""
        declared = self.headers.get("content-length", "0")
        if not declared.isdecimal():
            raise Refused(400, "Bad Request", "Content-Length is no number")
        if len(declared) > 10 or int(declared) > MAX_BODY:
            raise _too_large()
        try:
            async with asyncio.timeout(BODY_SECONDS):
                return await self._whole()
        except TimeoutError:
            raise Refused(408, "Request Timeout", "the body did not arrive in time") from None

    async def _whole(self) -> bytes:
        message = await self._receive()
        body: bytes = message.get("body", b"")
        while message.get("more_body"):
            if len(body) > MAX_BODY:
                raise _too_large()
            message = await self._receive()
            body += message.get("body", b"")
        if message["type"] == "http.disconnect":
            raise ClientGone
        if len(body) > MAX_BODY:
            raise _too_large()
        return body


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer: status, headers, body."""

    status: int
    headers: Headers = ()
    body: bytes = b""

    def with_headers(self, headers: Headers) -> "Reply":
        """The same with more headers."""
        return Reply(self.status, self.headers + headers, self.body)


@dataclass(frozen=True, slots=True)
class Streaming:
    """An answer that goes on: headers now, frames as they come; 101 on a WebSocket."""

    frames: AsyncGenerator[bytes, None]
    headers: Headers = ()
    status: int = 200

    def with_headers(self, headers: Headers) -> "Streaming":
        """The same with more headers."""
        return Streaming(self.frames, self.headers + headers, self.status)


def _too_large() -> Refused:
    return Refused(413, "Content Too Large", f"a body may have {MAX_BODY} bytes")
