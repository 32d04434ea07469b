"""Request bodies too large to be held: sent on while they come, within a limit."""

from collections.abc import AsyncIterator
from typing import Final

import aiohttp
from aiohttp import web

BROKEN: Final = (
    aiohttp.ClientError,
    aiohttp.http.HttpProcessingError,
    web.RequestPayloadError,
    OSError,
)
"""What reading from a client that breaks off, or sends no HTTP, can raise."""


class UploadFailed(Exception):
    """A request body could not be taken; `status` and `title` are for who sent it."""

    def __init__(self, status: int, title: str, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.title = title


class Upload:
    """A large request body that is sent on while it comes; `failure` says why it broke off."""

    def __init__(self, chunks: AsyncIterator[bytes], limit: int) -> None:
        self.failure: UploadFailed | None = None
        self._chunks = chunks
        self._limit = limit
        self._begun = self._complete = False

    @property
    def refused(self) -> UploadFailed | None:
        """Why a connection broke during this upload: by its own fault, or the function read no
        further, whose answer to that may be lost with the connection."""
        if self.failure is None and self._begun and not self._complete:
            return UploadFailed(
                413, "Content Too Large", "the function did not read the whole body"
            )
        return self.failure

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        try:
            async for chunk in self._chunks:
                size += len(chunk)
                if size > self._limit:
                    detail = f"a body has at most {self._limit} bytes"
                    raise UploadFailed(413, "Content Too Large", detail)
                self._begun = True
                yield chunk
            self._complete = True
        except UploadFailed as failure:
            self.failure = failure
            raise
        except BROKEN as error:
            self.failure = UploadFailed(400, "Bad Request", "the body broke off")
            raise self.failure from error
