"""HTTP/1.1 to one instance on its Unix socket: whole request bodies, answers read as they come.

aiohttp's client costs a delivery four times as much, for what an instance never needs; what else it
does need (uploads, WebSockets) stays aiohttp's, whose exceptions say failures here too.
"""

import asyncio
import re
from collections.abc import Mapping
from typing import Final

from learnflow.local.http_answer import Response
from learnflow.local.http_connection import Connection

_FORBIDDEN: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_WITH_BODY: Final = frozenset({"POST", "PUT", "PATCH"})
_FRAMING: Final = frozenset({"content-length", "transfer-encoding"})


class Client:
    """Connections to one socket, kept for a while when idle; the one used last goes first."""

    def __init__(self, path: str, keepalive_seconds: float) -> None:
        self._path, self._keepalive = path, keepalive_seconds
        self._all: set[Connection] = set()
        self._idle: list[Connection] = []
        self._sweeping: asyncio.TimerHandle | None = None
        self._closed = False

    async def request(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes
    ) -> Response:
        """The answer, its content still to be read.

        Raises OSError when there is no connection to be had, Broken when it broke before an answer
        began, and ValueError for headers that HTTP cannot carry.
        """
        head = _head(method, target, headers, len(body))
        if self._idle:
            await asyncio.sleep(0)  # an end that has come is heard of before it is written to
        connection = self._take() or await self._connect()
        return await connection.ask(head, body, bodiless=method == "HEAD")

    def close(self) -> None:
        """Break all connections; answers still to come are broken."""
        self._closed = True
        if self._sweeping is not None:
            self._sweeping.cancel()
        for connection in list(self._all):
            connection.abort()

    def put_back(self, connection: Connection) -> None:
        """Its answer has ended: it may carry another request."""
        if self._closed:
            connection.close()
            return
        loop = asyncio.get_running_loop()
        connection.idle_since = loop.time()
        self._idle.append(connection)
        if self._sweeping is None:
            self._sweeping = loop.call_later(self._keepalive, self._sweep)

    def forget(self, connection: Connection) -> None:
        """It has ended."""
        self._all.discard(connection)
        if connection in self._idle:
            self._idle.remove(connection)

    def _take(self) -> Connection | None:
        while self._idle:
            connection = self._idle.pop()
            if connection.usable:
                return connection
        return None

    async def _connect(self) -> Connection:
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_unix_connection(lambda: Connection(self), self._path)
        if self._closed:
            connection.abort()
            raise ConnectionAbortedError("closed meanwhile")
        self._all.add(connection)
        return connection

    def _sweep(self) -> None:
        """Close what has been idle for long, the oldest first, and look again when the next is."""
        loop = asyncio.get_running_loop()
        self._sweeping = None
        while self._idle and self._idle[0].idle_since + self._keepalive <= loop.time():
            self._idle.pop(0).close()
        if self._idle:
            due = self._idle[0].idle_since + self._keepalive
            self._sweeping = loop.call_at(due, self._sweep)


def _head(method: str, target: str, headers: Mapping[str, str], size: int) -> bytes:
    lines = [f"{method} {target.partition('#')[0]} HTTP/1.1"]
    named = False
    for name, value in headers.items():
        lowered = name.lower()
        if lowered not in _FRAMING:
            lines.append(f"{name}: {value}")
            named = named or lowered == "host"
    if not named:
        lines.append("host: function")
    if size or method in _WITH_BODY:
        lines.append(f"content-length: {size}")
    if _FORBIDDEN.search("".join(lines)):
        raise ValueError("a header holds a control character")
    return "\r\n".join((*lines, "", "")).encode()
