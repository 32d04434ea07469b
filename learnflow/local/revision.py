"""One function as it runs: requests go to an instance with room, or wait for one, in order.

At zero a request wakes the function; the autoscaler's tick does the rest.
"""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

from learnflow.local.autoscaler import Autoscaler, Gauge
from learnflow.local.fleet import Fleet, LogTail
from learnflow.local.instances import (
    Body,
    InstanceGone,
    Starter,
    Unserved,
    Upstream,
)
from learnflow.local.reply import Reply
from learnflow.local.spans import clock_ms
from learnflow.manifests import Function

_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_MOST_TRIES: Final = 10
_QUEUE_LIMIT: Final = 10_000  # the activator's breaker
_RESPONSE_START_SECONDS: Final = 300.0


class Revision:
    """Serves one function between its least and its greatest scale."""

    def __init__(
        self,
        function: Function,
        starter: Starter,
        tail: LogTail,
        fleet: Callable[..., Fleet] = Fleet,
    ) -> None:
        """`fleet` is called as Fleet is."""
        self.cold_starts = 0
        self.fleet = fleet(function, starter, tail, self._hand_over, self._refuse)
        self._adopt(function)
        self._gauge = Gauge(time.monotonic())
        self._waiting: deque[asyncio.Future[Upstream]] = deque()
        self._stopped = False
        self._emptied = False
        self._last_cold_start: dict[str, float] | None = None

    async def open(self, method: str, target: str, headers: Mapping[str, str], body: Body) -> Reply:
        """A response that has begun; the caller reads or closes it. Raises Unserved."""
        arrived = time.monotonic()
        self._gauge.change(1, arrived)
        try:
            return await self._open(arrived, method, target, headers, body)
        except BaseException:
            self._gauge.change(-1, time.monotonic())
            raise

    @asynccontextmanager
    async def hold(self) -> AsyncIterator[Upstream]:
        """An instance for something longer than a request, which counts as one in flight."""
        arrived = time.monotonic()
        self._gauge.change(1, arrived)
        try:
            upstream = await self._lease(arrived)
        except BaseException:
            self._gauge.change(-1, time.monotonic())
            raise
        try:
            yield upstream
        finally:
            self.closed(upstream)

    def closed(self, upstream: Upstream) -> None:
        """An exchange has ended: its place is free for the next request."""
        self._release(upstream)
        self._gauge.change(-1, time.monotonic())

    def start(self) -> None:
        """Bring up what a new revision begins with."""
        self.fleet.scale_to(max(self.function.scale.min, self.function.scale.initial))

    def tick(self) -> None:
        """Measure, decide, scale."""
        now = time.monotonic()
        if self._emptied:  # what still ends is no reason to start another
            self._emptied = self._gauge.value > 0
            self._gauge.average(now)
            return
        self._autoscaler.record(now, *self._gauge.average(now))
        ready, idle = len(self.fleet.live), self._gauge.idle_seconds(now)
        self.fleet.scale_to(self._autoscaler.desired(now, ready, idle))
        self._hand_over()

    def renew(self, function: Function | None = None) -> None:
        """Let new requests go to new instances: the code, or its manifest, has changed."""
        if function is not None:
            self._adopt(function)
        self.fleet.replace(self.function.scale.min)
        self._hand_over()

    def to_zero(self) -> int:
        """Let every instance end once it has answered; the next request wakes the function again.

        Returns how many end: none where the manifest keeps some.
        """
        if self.function.scale.min:
            return 0
        self._emptied = not self._waiting
        self._autoscaler.forget()
        return self.fleet.empty(awaited=bool(self._waiting))

    async def stop(self, grace: float) -> None:
        """Refuse what waits, let instances finish what they have, end them."""
        self._stopped = True
        self._refuse(Unserved(503, "LearnFlow is stopping", 1))
        await self.fleet.stop(grace)

    def document(self) -> dict[str, Any]:
        """This function as the control API shows it."""
        return {
            "function": self.function.name,
            "requests": self._gauge.value,
            "waiting": len(self._waiting),
            "starting": self.fleet.starting,
            "panics": self._autoscaler.panics,
            "cold_starts": self.cold_starts,
            "starts": self.fleet.starts,
            "last_cold_start": self._last_cold_start,
            "scale": {
                "min": self.function.scale.min,
                "max": self.function.scale.max,
                "idle_to_zero": self._autoscaler.seconds_to_zero(0.0),
            },
            "seconds_to_zero": self._seconds_to_zero(),
            **self.fleet.document(),
            "instances": [upstream.document() for upstream in self.fleet.upstreams],
        }

    def _seconds_to_zero(self) -> float | None:
        if self._gauge.value or not self.fleet.live:
            return None
        left = self._autoscaler.seconds_to_zero(self._gauge.idle_seconds(time.monotonic()))
        return None if left is None else round(left, 1)

    def _adopt(self, function: Function) -> None:
        started = function.response_start_timeout or _RESPONSE_START_SECONDS
        self.response_start_timeout = min(started, function.timeout)
        self.function = self.fleet.function = function
        self._autoscaler = Autoscaler(function)

    async def _open(
        self, arrived: float, method: str, target: str, headers: Mapping[str, str], body: Body
    ) -> Reply:
        repeats = 1 if method in _SAFE else 0
        for _ in range(_MOST_TRIES):
            upstream = await self._lease(arrived)
            cold = upstream.ready_at is None or upstream.ready_at > arrived
            try:
                async with asyncio.timeout(self.response_start_timeout):
                    response = await upstream.send(method, target, headers, body)
            except InstanceGone as gone:
                self._gone(upstream, gone, isinstance(body, bytes), repeats)
                repeats -= gone.accepted
                continue
            except BaseException as error:
                self._release(upstream)
                if isinstance(error, TimeoutError):
                    seconds = self.response_start_timeout
                    raise Unserved(504, f"no answer began within {seconds:g} s") from error
                raise
            reply = Reply(self, upstream, response, arrived, cold)
            if reply.cold_start_ms is not None:
                self.cold_starts += 1
                self._last_cold_start = {"at": clock_ms(), "ms": round(reply.cold_start_ms, 1)}
                self.fleet.came_up()
            return reply
        raise Unserved(502, f"{self.function.name} breaks every connection", 1)

    def _gone(self, upstream: Upstream, gone: InstanceGone, whole: bool, repeats: int) -> None:
        """Do without an instance; raises Unserved when its request cannot go to another one."""
        if gone.refused:
            self.fleet.lost(upstream)
        self._release(upstream)
        name = self.function.name
        if gone.accepted and repeats == 0:
            raise Unserved(502, f"{name} went away before it had answered", 1) from gone
        if not whole:
            raise Unserved(503, f"{name} went away while the request was sent", 1) from gone

    async def _lease(self, arrived: float) -> Upstream:
        if self._stopped:
            raise Unserved(503, "LearnFlow is stopping", 1)
        upstream = None if self._waiting else self.fleet.pick()
        if upstream is not None:
            upstream.in_flight += 1
            return upstream
        if len(self._waiting) >= _QUEUE_LIMIT:
            raise Unserved(503, f"{len(self._waiting)} requests wait already", 1)
        self._wake()
        future: asyncio.Future[Upstream] = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
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

    def _wake(self) -> None:
        if not self.fleet.size:
            self._emptied = False
            self._autoscaler.forget()
            self._gauge.average(time.monotonic())
            self.fleet.wake()

    def _release(self, upstream: Upstream) -> None:
        upstream.in_flight -= 1
        if upstream.draining:
            self.fleet.settle(upstream)
        self._hand_over()

    def _hand_over(self) -> None:
        while self._waiting:
            if self._waiting[0].done():
                self._waiting.popleft()
                continue
            upstream = self.fleet.pick()
            if upstream is None:
                break
            upstream.in_flight += 1
            self._waiting.popleft().set_result(upstream)
        if self._waiting and not self.fleet.size:
            try:
                self._wake()
            except Unserved as why:
                self._refuse(why)

    def _refuse(self, why: Unserved) -> None:
        waiting, self._waiting = self._waiting, deque()
        for future in waiting:
            if not future.done():
                future.set_exception(why)
