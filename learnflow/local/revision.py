"""One function as it runs: its instances, the requests that wait for one, first come first served.

A request goes to an instance with room at once, else it waits; at zero it wakes the function. The
autoscaler's tick does the rest. A process that dies is replaced when somebody asks.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

from learnflow.local.autoscaler import Autoscaler, Gauge
from learnflow.local.instances import Body, InstanceGone, Starter, Unserved, Upstream
from learnflow.local.reply import Reply
from learnflow.manifests import Function

_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_START_ATTEMPTS: Final = 3
_FIRST_BACKOFF, _LONGEST_BACKOFF = 0.1, 5.0
_DRAIN_SECONDS: Final = 15.0
_RESPONSE_START_SECONDS: Final = 300.0
_logger = logging.getLogger(__name__)
LogTail = Callable[[str], Sequence[str]]


class Revision:
    """Runs one function between its least and greatest scale."""

    def __init__(self, function: Function, starter: Starter, tail: LogTail) -> None:
        self.function = function
        self.autoscaler = Autoscaler(function)
        self.gauge = Gauge(time.monotonic())
        self.upstreams: list[Upstream] = []
        self.cold_starts = 0
        started = function.response_start_timeout or _RESPONSE_START_SECONDS
        self.response_start_timeout = min(started, function.timeout)
        self._starter = starter
        self._tail = tail
        self._waiting: deque[asyncio.Future[Upstream]] = deque()
        self._starting = 0
        self._failures = 0
        self._next_start = 0.0
        self._stopped = False
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(
        self, method: str, target: str, headers: Mapping[str, str], body: Body
    ) -> Reply:
        """A response that has begun; the caller closes it. Raises Unserved."""
        arrived = time.monotonic()
        self.gauge.change(1, arrived)
        try:
            return await self._open(arrived, method, target, headers, body)
        except BaseException:
            self.gauge.change(-1, time.monotonic())
            raise

    @asynccontextmanager
    async def hold(self) -> AsyncIterator[Upstream]:
        """An instance for something longer than a request: it counts as one in flight."""
        arrived = time.monotonic()
        self.gauge.change(1, arrived)
        try:
            upstream = await self._lease(arrived)
            try:
                yield upstream
            finally:
                self._release(upstream)
        finally:
            self.gauge.change(-1, time.monotonic())

    async def _open(
        self, arrived: float, method: str, target: str, headers: Mapping[str, str], body: Body
    ) -> Reply:
        repeats = 1 if method in _SAFE else 0
        while True:
            upstream = await self._lease(arrived)
            cold = upstream.ready_at is None or upstream.ready_at > arrived
            try:
                async with asyncio.timeout(self.response_start_timeout):
                    response = await upstream.send(method, target, headers, body)
            except InstanceGone as gone:
                self._release(upstream)
                if not gone.accepted:
                    self._drop(upstream, "ended before it accepted a request")
                elif repeats == 0:
                    name = self.function.name
                    raise Unserved(502, f"{name} went away while it answered", 1) from gone
                else:
                    repeats -= 1
                if not isinstance(body, bytes):
                    raise Unserved(503, "the function went away", 1) from gone
                continue
            except BaseException as error:
                self._release(upstream)
                if isinstance(error, TimeoutError):
                    seconds = self.response_start_timeout
                    raise Unserved(504, f"no answer began within {seconds:g} s") from error
                raise
            if cold:
                self.cold_starts += 1
                self._came_up()
            return Reply(self, upstream, response, arrived, cold)

    def closed(self, upstream: Upstream) -> None:
        """A reply has ended: its place is free for the next request."""
        self._release(upstream)
        self.gauge.change(-1, time.monotonic())

    async def _lease(self, arrived: float) -> Upstream:
        if self._stopped:
            raise Unserved(503, "LearnFlow is stopping", 1)
        upstream = None if self._waiting else self._pick()
        if upstream is not None:
            upstream.in_flight += 1
            return upstream
        self._refuse_if_broken()
        future: asyncio.Future[Upstream] = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        self._ensure()
        left = arrived + self.function.timeout - time.monotonic()
        try:
            async with asyncio.timeout(left):
                return await future
        except BaseException as error:
            if future.done() and not future.cancelled() and future.exception() is None:
                self._release(future.result())
            if isinstance(error, TimeoutError):
                seconds = self.function.timeout
                raise Unserved(504, f"waited {seconds:g} s for an instance", 1) from error
            raise

    def _release(self, upstream: Upstream) -> None:
        upstream.in_flight -= 1
        if upstream.draining:
            self._stop_if_idle(upstream)
        elif self._waiting:
            self._hand_over()

    def _pick(self) -> Upstream | None:
        best: Upstream | None = None
        for upstream in self.upstreams:
            if upstream.has_room and (best is None or _burden(upstream) < _burden(best)):
                best = upstream
        return best

    def _hand_over(self) -> None:
        while self._waiting and (upstream := self._pick()) is not None:
            future = self._waiting.popleft()
            if not future.done():
                upstream.in_flight += 1
                future.set_result(upstream)
