"""One source's reader of one partition: keeps at most so many events in flight, counts offsets."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final

from learnflow.local.eventlog import EventLog
from learnflow.local.records import LogUnavailable, Record

MAX_IN_FLIGHT: Final = 50
"""Knative's max.poll.records: what an unordered consumer has out at once, waits included."""
_MAX_PENDING: Final = 200
_PAGE: Final = 100
_DATABASE_WAIT: Final = 0.5
_logger = logging.getLogger(__name__)


class Consumer:
    """Hands each record of a partition to `deliver`, from an offset on, at least once.

    `low` is the offset up to which everything is done: what may be committed.
    """

    def __init__(
        self,
        log: EventLog,
        topic: str,
        partition: int,
        deliver: Callable[[Record], Awaitable[object]],
        *,
        max_in_flight: int = MAX_IN_FLIGHT,
    ) -> None:
        self.topic, self.partition = topic, partition
        self._log = log
        self._deliver = deliver
        self._max = max_in_flight
        self._pending: deque[Record] = deque()
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._next = 0
        self._end = 0
        self._reader: asyncio.Task[None] | None = None
        self._running = False
        log.listen(topic, partition, self._offer)

    @property
    def low(self) -> int:
        """The offset below which every record is done."""
        if self._tasks:
            return next(iter(self._tasks))  # tasks begin in offset order
        return self._pending[0].offset if self._pending else self._next

    @property
    def lag(self) -> int:
        """How many records are not done, by offsets."""
        return max(0, self._log.end(self.topic, self.partition) - self.low)

    @property
    def in_flight(self) -> int:
        """How many records are being delivered, their waits for a retry included."""
        return len(self._tasks)

    def start(self, offset: int) -> None:
        """Begin, or go on, at `offset`."""
        self._next = self._end = offset  # a topic made anew may end before the old one did
        self._running = True
        self.look()

    def look(self) -> None:
        """Look for records that nobody offered: of a commit whose answer was lost."""
        self._end = max(self._end, self._log.end(self.topic, self.partition))
        self._pump()

    async def stop(self, grace: float, waiting: frozenset[object] = frozenset()) -> None:
        """Take nothing new; let what is in flight end for `grace` seconds; drop what `waiting`."""
        self._running = False
        for task in self._tasks.values():
            if task in waiting:
                task.cancel()
        if self._tasks:
            _, late = await asyncio.wait(self._tasks.values(), timeout=grace)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        if self._reader is not None:
            self._reader.cancel()
        self._next = self.low
        self._pending.clear()
        self._tasks.clear()

    def _offer(self, record: Record) -> None:
        self._end = max(self._end, record.offset + 1)
        caught_up = self._running and self._reader is None and record.offset == self._next
        if caught_up and len(self._pending) < _MAX_PENDING:
            self._next += 1
            self._pending.append(record)
        if self._running:
            self._pump()

    def _pump(self) -> None:
        if not self._running:
            return
        while self._pending and len(self._tasks) < self._max:
            record = self._pending.popleft()
            task = asyncio.create_task(self._run(record))
            self._tasks[record.offset] = task
        behind = self._next < self._end and len(self._pending) < self._max
        if behind and self._reader is None:
            self._reader = asyncio.create_task(self._read())

    async def _run(self, record: Record) -> None:
        try:
            await self._deliver(record)
        except Exception:  # ours to mend; the offset stays open, so a restart delivers it again
            _logger.exception("%s %s was not delivered", record.topic, record.offset)
            return
        self._tasks.pop(record.offset, None)
        self._pump()

    async def _read(self) -> None:
        try:
            while self._next < self._end and len(self._pending) <= _MAX_PENDING - _PAGE:
                page = await self._page()
                self._pending.extend(page)
                # retention or an abandoned write may have left a gap up to the known end
                self._next = page[-1].offset + 1 if page else self._end
                self._pump()
        finally:
            self._reader = None
        self._pump()

    async def _page(self) -> list[Record]:
        while True:
            try:
                return await self._log.page(self.topic, self.partition, self._next, _PAGE)
            except LogUnavailable as why:
                _logger.warning("%s waits for the event log: %s", self.topic, why)
                await asyncio.sleep(_DATABASE_WAIT)
