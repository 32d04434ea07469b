"""What functions write: the last lines of each, and those who follow them."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass, field
from typing import Any

from learnflow.local.records import now_ms


@dataclass(frozen=True, slots=True)
class Line:
    """One line of output; `at` in milliseconds, `pid` None for the runner's own."""

    function: str
    text: str
    pid: int | None = None
    at: int = field(default_factory=now_ms)

    def document(self) -> dict[str, Any]:
        """This line as the control API shows it."""
        return asdict(self)


class Logbook:
    """Keeps the last `limit` lines of each function; a follower that is too slow misses some."""

    def __init__(self, limit: int = 500) -> None:
        self._limit = limit
        self._lines: dict[str, deque[Line]] = {}
        self._followers: set[asyncio.Queue[Line]] = set()

    def add(self, function: str, text: str, pid: int | None = None) -> None:
        """Remember a line and hand it to the followers."""
        line = Line(function, text, pid)
        self._lines.setdefault(function, deque(maxlen=self._limit)).append(line)
        for queue in self._followers:
            if queue.full():
                queue.get_nowait()
            queue.put_nowait(line)

    def tail(self, function: str, count: int = 20) -> list[str]:
        """The last lines of one function, as text."""
        return [line.text for line in list(self._lines.get(function, ()))[-count:]]

    def recent(self, function: str | None = None) -> list[Line]:
        """What is remembered of one function, or of all, oldest first."""
        names = self._lines if function is None else (function,)
        lines = (line for name in names for line in self._lines.get(name, ()))
        return sorted(lines, key=lambda line: line.at)

    async def follow(self, function: str | None = None) -> AsyncIterator[Line]:
        """What is remembered, then each new line, without end."""
        queue: asyncio.Queue[Line] = asyncio.Queue(maxsize=1000)
        self._followers.add(queue)
        try:
            for line in self.recent(function):
                yield line
            while True:
                line = await queue.get()
                if function is None or line.function == function:
                    yield line
        finally:
            self._followers.discard(queue)
