"""An open loop: requests leave when they are due, and their time counts from then."""

import asyncio
import time
from contextlib import suppress

from bench.figures import Invalid

_Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Pace:
    """Sends one request at a constant rate over as many connections as that takes."""

    def __init__(self, port: int, request: bytes) -> None:
        self._port, self._request = port, request
        self._idle: list[_Stream] = []
        self.seconds: list[float] = []

    async def run(self, rate: float, seconds: float) -> list[float]:
        """Seconds from when each request was due to its answer. Raises Invalid on a refusal."""
        began = time.perf_counter()
        due = [began + number / rate for number in range(round(rate * seconds))]
        sent: list[asyncio.Task[None]] = []
        for moment in due:
            if (pause := moment - time.perf_counter()) > 0:
                await asyncio.sleep(pause)
            sent.append(asyncio.create_task(self._one(moment)))
        await asyncio.gather(*sent)
        for _, writer in self._idle:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()
        return self.seconds

    async def _one(self, due: float) -> None:
        stream = self._idle.pop() if self._idle else None
        reader, writer = stream or await asyncio.open_connection("127.0.0.1", self._port)
        writer.write(self._request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(
            int(line[15:])
            for line in head.lower().split(b"\r\n")
            if line.startswith(b"content-length:")
        )
        await reader.readexactly(length)
        self.seconds.append(time.perf_counter() - due)
        if not head.startswith(b"HTTP/1.1 2"):
            raise Invalid(f"answered {head[:40].decode(errors='replace')}")
        self._idle.append((reader, writer))
