"""Sending bytes as they are, and what may come back."""

import asyncio
import re
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from tests.contract_fuzz.raw_requests import RawRequest

ANSWER_SECONDS: Final = 25.0
"""A function waits 10 s for a body."""
FIRST_SECONDS: Final = 0.5
"""How long a client waits before it gives up on what it may not have sent to the end."""
QUIET_SECONDS: Final = 0.05
PIECE_SECONDS: Final = 0.002
FINE: Final = frozenset({100, 200, 201, 204})
REFUSALS: Final = frozenset({400, 404, 405, 408, 409, 412, 413, 415, 422, 428})
"""What docs/openapi.json lets an operation refuse with."""
OF_HTTP: Final = frozenset({411, 414, 417, 426, 431, 501, 505})
"""What any server may say to what it does not understand."""
_HEAD: Final = re.compile(rb"HTTP/1\.[01] (\d{3})[^\r\n]*\r\n((?:[^\r\n]+\r\n)*)\r\n")


@dataclass(frozen=True)
class Answered:
    """One answer of those that came back."""

    status: int
    kind: str


async def answers(host: str, port: int, request: RawRequest) -> list[Answered]:
    """Send it and end, and read until the server ends. Raises TimeoutError when it does not."""
    reader, writer = await asyncio.open_connection(host, port, limit=2**20)
    received = b""
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            for piece in request.pieces:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(PIECE_SECONDS)
            received = await _begun(reader)
            writer.write_eof()
            while more := await reader.read(65_536):
                received += more
    except (ConnectionError, OSError) as error:
        if isinstance(error, TimeoutError):
            raise
    finally:
        writer.close()
    return parsed(received)


async def _begun(reader: asyncio.StreamReader) -> bytes:
    """What comes until it is quiet."""
    received, seconds = b"", FIRST_SECONDS
    with suppress(TimeoutError):
        while True:
            async with asyncio.timeout(seconds):
                more = await reader.read(65_536)
            if not more:
                break
            received, seconds = received + more, QUIET_SECONDS
    return received


def parsed(received: bytes) -> list[Answered]:
    """Every answer in these bytes; what lies between them is their bodies."""
    found = []
    for match in _HEAD.finditer(received):
        fields = match[2].decode("latin-1").lower().split("\r\n")
        kinds = [
            field.partition(":")[2].strip() for field in fields if field.startswith("content-type:")
        ]
        found.append(Answered(int(match[1]), kinds[0] if kinds else ""))
    return found


def wrong(request: RawRequest, answered: list[Answered]) -> str:
    """What is wrong with the answers to a request; empty when nothing is."""
    for one in answered:
        if one.status not in FINE | REFUSALS | OF_HTTP | {101, 304}:
            return f"{one.status} is no answer"
        if one.status >= 400 and one.kind not in ("application/problem+json", ""):
            return f"{one.status} as {one.kind!r}"
    served = sum(one.status in (200, 201, 204) for one in answered)
    if request.kind == "smuggled" and served > 1:
        return "two were served where one was asked"
    return ""
