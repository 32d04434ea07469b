"""Is there news for somebody? One LISTEN connection per instance rings the streams it concerns."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import asyncpg

CHANNEL: Final = "notifications"
"""Its payload is a recipient's id; an empty payload means that everybody looks again."""
_LISTEN_SECONDS: Final = 1.0
_FIRST_PAUSE: Final = 0.2
_LONGEST_PAUSE: Final = 5.0


class Watcher:
    """One stream's ear: rung when there may be news, ended when the stream should close."""

    def __init__(self) -> None:
        self.ended = False
        self._rung = asyncio.Event()

    def ring(self) -> None:
        """There may be news."""
        self._rung.set()

    def end(self) -> None:
        """Close at the next opportunity."""
        self.ended = True
        self._rung.set()

    async def wait(self, seconds: float) -> None:
        """Return when rung, or after `seconds`."""
        try:
            async with asyncio.timeout(seconds):
                await self._rung.wait()
        except TimeoutError:
            return
        finally:
            self._rung.clear()


class Bell:
    """Rings watchers on NOTIFY; reconnects by itself. A lost signal costs one poll."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._watchers: defaultdict[str, set[Watcher]] = defaultdict(set)
        self._tried = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @property
    def watching(self) -> int:
        """How many streams are open."""
        return sum(map(len, self._watchers.values()))

    @contextmanager
    def watch(self, recipient_id: str) -> Iterator[Watcher]:
        """A watcher for one recipient, for the time of the block."""
        watcher = Watcher()
        self._watchers[recipient_id].add(watcher)
        try:
            yield watcher
        finally:
            self._watchers[recipient_id].discard(watcher)
            if not self._watchers[recipient_id]:
                del self._watchers[recipient_id]

    async def listen(self) -> None:
        """Wait until LISTEN is in force, or failed: without it the streams still poll."""
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._run())
        try:
            async with asyncio.timeout(_LISTEN_SECONDS):
                await self._tried.wait()
        except TimeoutError:
            return

    def ring(self, recipient_id: str = "") -> None:
        """Ring one recipient's watchers, or everybody's."""
        if recipient_id:
            chosen = list(self._watchers.get(recipient_id, ()))
        else:
            chosen = [watcher for watchers in self._watchers.values() for watcher in watchers]
        for watcher in chosen:
            watcher.ring()

    def end_all(self) -> None:
        """End every stream."""
        for watchers in self._watchers.values():
            for watcher in watchers:
                watcher.end()

    async def close(self) -> None:
        """End every stream and the connection."""
        self.end_all()
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task}, timeout=1)

    async def _run(self) -> None:
        pause = _FIRST_PAUSE
        while True:
            try:
                await self._listen_until_lost()
                pause = _FIRST_PAUSE
            except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
                pause = min(pause * 2, _LONGEST_PAUSE)
                self._tried.set()
            await asyncio.sleep(pause)

    async def _listen_until_lost(self) -> None:
        lost = asyncio.Event()
        connection = await asyncpg.connect(self._dsn, timeout=3)
        try:
            connection.add_termination_listener(lambda _: lost.set())
            await connection.add_listener(CHANNEL, self._heard)
            self._tried.set()
            self.ring()  # what was said while nobody listened
            await lost.wait()
        finally:
            connection.terminate()

    def _heard(self, _connection: Any, _pid: int, _channel: str, payload: Any) -> None:
        self.ring(str(payload))
