"""A function's response that has begun: it holds its place at the instance until it is closed."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import aiohttp

from learnflow.local.instances import Answer, Response, Unserved, Upstream

if TYPE_CHECKING:
    from learnflow.local.revision import Revision


class Reply:
    """Status and headers, and the body to be read or passed on within the function's timeout."""

    def __init__(
        self,
        revision: "Revision",
        upstream: Upstream,
        response: Response,
        arrived: float,
        cold: bool,
    ) -> None:
        now = time.monotonic()
        self.status = response.status
        self.headers = response.headers
        self.length = response.content_length
        self.note: str | None = None
        self.cold_start_ms = (now - arrived) * 1000 if cold else None
        self._deadline = asyncio.get_running_loop().time() + revision.function.timeout
        self._revision = revision
        self._upstream = upstream
        self._response = response
        self._open = True

    async def read(self) -> bytes:
        """The whole body; closes the reply. Raises Unserved."""
        try:
            if self._response.content.is_eof():  # all of it is here: nothing to time
                return await self._response.read()
            async with asyncio.timeout_at(self._deadline):
                return await self._response.read()
        except TimeoutError as error:
            seconds = self._revision.function.timeout
            raise Unserved(504, f"the answer took longer than {seconds:g} s") from error
        except aiohttp.ClientError as error:
            raise Unserved(502, "the function went away while it answered", 1) from error
        finally:
            self.close()

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body as it comes, cut at the function's timeout. Raises Unserved."""
        content = self._response.content
        while True:
            try:
                async with asyncio.timeout_at(self._deadline):
                    chunk = await content.readany()
            except TimeoutError as error:
                seconds = self._revision.function.timeout
                raise Unserved(504, f"cut after {seconds:g} s") from error
            except aiohttp.ClientError as error:
                raise Unserved(502, "the function went away while it answered", 1) from error
            if not chunk:
                return
            yield chunk

    async def answer(self) -> Answer:
        """The whole response."""
        body = await self.read()
        return Answer(self.status, self.headers, body, self.cold_start_ms, self.note)

    def close(self) -> None:
        """Free the place at the instance; a body not read to its end breaks the connection."""
        if self._open:
            self._open = False
            self._response.close() if not self._response.content.at_eof() else None
            self._revision.closed(self._upstream)
