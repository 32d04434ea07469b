"""An answer that has begun: status, headers, and content read as it comes."""

import asyncio
from collections import deque
from typing import Final

import aiohttp
from multidict import CIMultiDict, CIMultiDictProxy

_MOST_HELD: Final = 128 * 1024
"""Bytes of an answer that wait for their reader before the sender has to."""


class Broken(aiohttp.ClientConnectionError):
    """The connection broke before the answer's end; `unread`: the request was not read either."""

    def __init__(self, why: str, *, unread: bool = False) -> None:
        super().__init__(why)
        self.unread = unread


class Content:
    """An answer's body, as much of it as has come."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._parts: deque[bytes] = deque()
        self._held = 0
        self._ended = False
        self._error: Broken | None = None
        self._waiter: asyncio.Future[None] | None = None

    def is_eof(self) -> bool:
        """Whether all of it has come."""
        return self._ended

    def at_eof(self) -> bool:
        """Whether all of it was read."""
        return self._ended and not self._parts

    async def readany(self) -> bytes:
        """What has come, waited for if need be; nothing at the end. Raises Broken."""
        while not self._parts and not self._ended:
            if self._error is not None:
                raise self._error
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        if not self._parts:
            return b""
        found = b"".join(self._parts) if len(self._parts) > 1 else self._parts[0]
        self._parts.clear()
        if self._held > _MOST_HELD and not self._ended:
            self._transport.resume_reading()
        self._held = 0
        return found

    def feed(self, data: bytes) -> None:
        """Take what has come."""
        before, self._held = self._held, self._held + len(data)
        self._parts.append(data)
        if before <= _MOST_HELD < self._held:
            self._transport.pause_reading()
        self._wake()

    def end(self, error: Broken | None = None) -> None:
        """Nothing more comes: this was all, or it broke."""
        if self._ended or self._error is not None:
            return
        if error is None:
            self._ended = True
            if self._held > _MOST_HELD and not self._transport.is_closing():
                self._transport.resume_reading()
        else:
            self._error = error
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


class Response:
    """Status and headers of an answer, and its content to come."""

    __slots__ = ("_transport", "content", "content_length", "headers", "status")

    def __init__(
        self, status: int, headers: CIMultiDict[str], content: Content, transport: asyncio.Transport
    ) -> None:
        self.status = status
        self.headers = CIMultiDictProxy(headers)
        length = headers.get("content-length", "")
        self.content_length = int(length) if length.isdecimal() else None
        self.content = content
        self._transport = transport

    async def read(self) -> bytes:
        """The whole content. Raises Broken."""
        found = await self.content.readany()
        if self.content.at_eof():
            return found
        parts = [found]
        while part := await self.content.readany():
            parts.append(part)
        return b"".join(parts)

    def close(self) -> None:
        """Read no further: the connection breaks unless the answer has ended."""
        if not self.content.is_eof():
            self._transport.abort()
