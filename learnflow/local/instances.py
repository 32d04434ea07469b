"""Running instances of functions: how one is started, spoken to and known to have come up."""

import asyncio
import errno
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import aiohttp
from yarl import URL

from learnflow.local.http_answer import Broken
from learnflow.local.http_answer import Response as OurResponse
from learnflow.local.http_client import Client
from learnflow.local.upload import Upload
from learnflow.manifests import Function

_KEEPALIVE_SECONDS: Final = 4.0  # below uvicorn's 5 s, so that it never closes under a request
_UNPROVEN_LIMIT: Final = 64
_BUSY_SECONDS: Final = 0.02
_ORIGIN: Final = "http://function"
_NOT_ADDED: Final = ("User-Agent", "Accept", "Accept-Encoding", "Content-Type")


Body = bytes | Upload
Response = OurResponse | aiohttp.ClientResponse
"""An answer that has begun; aiohttp's is that to an upload."""


class Unserved(Exception):
    """A request got no answer from a function; `status` is what a gateway says instead."""

    def __init__(self, status: int, reason: str, retry_after: int | None = None) -> None:
        super().__init__(reason)
        self.status = status
        self.retry_after = retry_after


class StartFailed(Unserved):
    """The function does not come up; `log` holds the last lines it wrote."""

    def __init__(self, function: str, why: str, failures: int, log: Sequence[str]) -> None:
        super().__init__(
            503,
            f"{function} {why}; {failures} starts in a row failed. "
            f"Its output: learnflow logs {function}",
            retry_after=1,
        )
        self.log = tuple(log)


class InstanceGone(Exception):
    """The connection broke before an answer began.

    `accepted` False: the request was not read, so it may go elsewhere. `refused`: the instance
    takes no connections, or never did.
    """

    def __init__(self, *, accepted: bool, refused: bool) -> None:
        super().__init__("the instance went away")
        self.accepted = accepted
        self.refused = refused


class Instance(Protocol):
    """One process that serves one function on a listening Unix socket.

    Whoever started it keeps no copy of the listening socket: connections must fail when the
    process is gone. `stop` asks it to finish what it has and end (SIGTERM), `kill` ends it.
    """

    @property
    def pid(self) -> int: ...
    @property
    def socket_path(self) -> str: ...
    @property
    def exited(self) -> "asyncio.Future[int]": ...
    def stop(self) -> None: ...
    def kill(self) -> None: ...


class Starter(Protocol):
    """Starts instances; the socket listens when `start` returns, the process may still load."""

    async def start(self, function: Function) -> Instance: ...


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole response; `cold_start_ms` from the request's arrival, None when it was warm; `note`
    says what was done to the call on purpose."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    cold_start_ms: float | None
    note: str | None = None


class Upstream:
    """The runner's side of one instance: its connections, and what it has in flight."""

    def __init__(self, instance: Instance, limit: int) -> None:
        self.instance = instance
        self.in_flight = 0
        self.draining = False
        self.started_at = time.monotonic()
        self.ready_at: float | None = None
        self._limit = limit
        self._client: Client | None = Client(instance.socket_path, _KEEPALIVE_SECONDS)
        self._session: aiohttp.ClientSession | None = None

    @property
    def has_room(self) -> bool:
        """Whether one more request may go to it; an unproven instance gets only so many."""
        limit = self._limit or (_UNPROVEN_LIMIT if self.ready_at is None else 0)
        return not self.draining and (limit == 0 or self.in_flight < limit)

    @property
    def burden(self) -> tuple[bool, int]:
        """How little it suits the next request: not up yet, then by what it has in flight."""
        return self.ready_at is None, self.in_flight

    async def prove(self) -> None:
        """Ask for /readyz: any answer proves that the process accepts. Raises InstanceGone."""
        await (await self.send("GET", "/readyz", {"host": "function"}, b"")).read()

    async def send(
        self, method: str, target: str, headers: Mapping[str, str], body: Body
    ) -> Response:
        """The response, its body still to be read. Raises InstanceGone."""
        try:
            response = await self._sent(method, target, headers, body)
        except BlockingIOError:  # its backlog is full: it is busy
            await asyncio.sleep(_BUSY_SECONDS)
            return await self.send(method, target, headers, body)
        except aiohttp.ClientError as error:
            if isinstance(body, Upload) and (refused := body.refused) is not None:
                raise refused from error
            unproven = self.ready_at is None
            accepted = not (unproven or _was_unread(error))
            raise InstanceGone(accepted=accepted, refused=unproven) from error
        except OSError as error:
            raise InstanceGone(accepted=False, refused=True) from error
        if self.ready_at is None:
            self.ready_at = time.monotonic()
        return response

    async def _sent(
        self, method: str, target: str, headers: Mapping[str, str], body: Body
    ) -> Response:
        """Raises ClientError, or OSError when it cannot be connected to."""
        if isinstance(body, bytes):
            return await self.client.request(method, target, headers, body)
        url = URL(_ORIGIN + target, encoded=True)
        try:
            return await self.session.request(
                method, url, headers=headers, data=body, allow_redirects=False
            )
        except aiohttp.ClientConnectorError as error:
            raise error.os_error from error

    @property
    def client(self) -> Client:
        """The client for whole requests. Raises InstanceGone."""
        if self._client is None:
            raise InstanceGone(accepted=False, refused=True)
        return self._client

    @property
    def session(self) -> aiohttp.ClientSession:
        """The client for what is more than a whole request. Raises InstanceGone."""
        if self._client is None:
            raise InstanceGone(accepted=False, refused=True)
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.UnixConnector(
                    self.instance.socket_path, limit=0, keepalive_timeout=_KEEPALIVE_SECONDS
                ),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                skip_auto_headers=_NOT_ADDED,
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=None),
            )
        return self._session

    async def close(self) -> None:
        """Break all connections: requests still out end with InstanceGone."""
        client, self._client = self._client, None
        session, self._session = self._session, None
        if client is not None:
            client.close()
        if session is not None:
            await session.close()

    def document(self) -> dict[str, Any]:
        """This instance as the control API shows it."""
        start = (
            None if self.ready_at is None else round((self.ready_at - self.started_at) * 1000, 1)
        )
        return {
            "pid": self.instance.pid,
            "in_flight": self.in_flight,
            "ready": self.ready_at is not None,
            "draining": self.draining,
            "start_ms": start,
            "age_s": round(time.monotonic() - self.started_at, 1),
        }


def _was_unread(error: aiohttp.ClientError) -> bool:
    """Whether the peer closed without having read what was sent.

    EPIPE: it had closed before. ECONNRESET on a Unix socket of Linux: it closed with data unread.
    """
    if isinstance(error, Broken):
        return error.unread
    if isinstance(error, aiohttp.ClientConnectionResetError):
        return True  # our side knew that it is closed, so nothing was sent
    code = error.errno if isinstance(error, aiohttp.ClientOSError) else None
    return code == errno.EPIPE or (code == errno.ECONNRESET and sys.platform == "linux")
