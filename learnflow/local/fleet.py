"""The instances of one function: started, proven, replaced when they will not start, drained."""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Final

from learnflow.local.instances import Instance, InstanceGone, Starter, StartFailed, Upstream
from learnflow.manifests import Function

_START_ATTEMPTS: Final = 3
_FIRST_BACKOFF: Final = 0.1
_LONGEST_BACKOFF: Final = 5.0
_DRAIN_SECONDS: Final = 15.0
_FINISH_SECONDS: Final = 1.0
"""After this, what an old instance still does is asked to end: SIGTERM ends streams at once, and
gives requests their time."""
_logger = logging.getLogger(__name__)
LogTail = Callable[[str], Sequence[str]]


class Fleet:
    """Keeps a wanted number of instances; calls `has_room` when one may take requests.

    After three failed starts in a row `broken` hears why; then one start is tried per back-off.
    """

    def __init__(
        self,
        function: Function,
        starter: Starter,
        tail: LogTail,
        has_room: Callable[[], None],
        broken: Callable[[StartFailed], None],
    ) -> None:
        self.upstreams: list[Upstream] = []
        self.starting = 0
        self.starts = 0
        self.function = function
        self._starter = starter
        self._tail = tail
        self._has_room = has_room
        self._broken = broken
        self._failures = 0
        self._why = ""
        self._next_start = 0.0
        self._retry: asyncio.TimerHandle | None = None
        self._stopped = False
        self._epoch = 0
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def live(self) -> list[Upstream]:
        """The instances that are not on their way out."""
        return [upstream for upstream in self.upstreams if not upstream.draining]

    @property
    def size(self) -> int:
        """How many instances there are or will be, those on their way out left aside."""
        return len(self.live) + self.starting

    def pick(self) -> Upstream | None:
        """The instance for the next request: one that is up, with the least to do."""
        best: Upstream | None = None
        for upstream in self.upstreams:
            if upstream.has_room and (best is None or upstream.burden < best.burden):
                best = upstream
        return best

    def document(self) -> dict[str, Any]:
        """What there is to say beside the instances: nothing, for a fleet that starts them."""
        return {}

    def wake(self) -> None:
        """See to it that one instance is there or comes. Raises StartFailed while that is vain."""
        if self._stopped or self.size:
            return
        wait = self._next_start - time.monotonic()
        if wait <= 0:
            self._spawn()
        elif self._failures >= _START_ATTEMPTS:
            raise self._failure()
        elif self._retry is None:
            self._retry = asyncio.get_running_loop().call_later(wait, self._try_again)

    def scale_to(self, wanted: int) -> None:
        """Start what is missing, drain what is too much, the idlest first."""
        if time.monotonic() >= self._next_start:
            most = 1 if self._failures else wanted  # prove that it starts before more are tried
            for _ in range(min(wanted, most) - self.size):
                self._spawn()
        live = sorted(self.live, key=lambda upstream: upstream.in_flight)
        for upstream in live[: max(0, len(live) - wanted)]:
            self.drain(upstream)

    def drain(self, upstream: Upstream) -> None:
        """Give it nothing more; ask it to end once it has answered what it has."""
        upstream.draining = True
        self.settle(upstream)

    def replace(self, least: int) -> None:
        """Drain every instance and begin with new ones, at least `least`; one that was up has a
        successor at once. What does not end by itself, such as a stream, is asked to."""
        old = self.live
        self._epoch += 1
        self._failures, self._next_start = 0, 0.0
        for upstream in old:
            self._retire(upstream)
        self.scale_to(max(least, 1 if old else 0))

    def empty(self, awaited: bool) -> int:
        """Drain every instance; returns how many. What does not end by itself, such as a stream,
        is asked to. One that is being started comes up only if it is `awaited`."""
        old = self.live
        self._epoch += not awaited
        for upstream in old:
            self._retire(upstream)
        return len(old)

    def settle(self, upstream: Upstream) -> None:
        """Stop a draining instance if it has nothing left to answer."""
        if upstream.draining and upstream.in_flight == 0 and not upstream.instance.exited.done():
            upstream.instance.stop()
            self._later(_DRAIN_SECONDS, _kill_if_running, upstream.instance)

    def lost(self, upstream: Upstream) -> None:
        """It does not accept connections: do without it."""
        if upstream in self.upstreams and not upstream.draining:
            upstream.draining = True
            upstream.instance.kill()
            if upstream.ready_at is None:
                self._start_failed("ended before it could answer")

    def came_up(self) -> None:
        """An instance has answered: starting works."""
        self._failures = 0
        self._next_start = 0.0
        self._has_room()

    async def stop(self, grace: float) -> None:
        """Ask all instances to finish and end; kill those that have not after `grace` seconds."""
        self._stopped = True
        if self._retry is not None:
            self._retry.cancel()
        for upstream in self.upstreams:
            upstream.draining = True
            upstream.instance.stop()
        exits = [upstream.instance.exited for upstream in self.upstreams]
        if exits:
            await asyncio.wait(exits, timeout=grace)
        for upstream in list(self.upstreams):
            _kill_if_running(upstream.instance)
            await upstream.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _retire(self, upstream: Upstream) -> None:
        self.drain(upstream)
        if upstream.in_flight:
            self._later(_FINISH_SECONDS, _stop_if_running, upstream.instance)
            longest = _FINISH_SECONDS + self.function.timeout
            self._later(longest, _kill_if_running, upstream.instance)

    def _spawn(self) -> None:
        self.starting += 1
        self.starts += 1
        self._background(self._start())

    async def _start(self) -> None:
        epoch = self._epoch
        try:
            instance = await self._starter.start(self.function)
        except Exception as error:
            self.starting -= 1
            if epoch != self._epoch:  # of code that is not wanted any more
                self._has_room()
                return
            _logger.exception("%s could not be started", self.function.name)
            self._start_failed(f"could not be started ({error})")
            return
        self.starting -= 1
        if epoch != self._epoch:
            instance.kill()
            self._has_room()
            return
        upstream = Upstream(instance, self.function.concurrency)
        self.upstreams.append(upstream)
        instance.exited.add_done_callback(lambda exited: self._exited(upstream, exited.result()))
        if self._stopped:
            instance.kill()
            return
        self._background(self._prove(upstream))  # connects first, so it is accepted first
        self._has_room()

    async def _prove(self, upstream: Upstream) -> None:
        try:
            await upstream.prove()
        except InstanceGone:
            return  # its end, or the request that finds out, is dealt with elsewhere
        self.came_up()

    def _exited(self, upstream: Upstream, code: int) -> None:
        self.upstreams.remove(upstream)
        self._background(upstream.close())
        if upstream.draining or self._stopped:
            return
        if upstream.ready_at is None:
            self._start_failed(f"ended with code {code} before it could answer")
        else:
            _logger.warning("%s ended by itself with code %s", self.function.name, code)
            self._has_room()

    def _start_failed(self, why: str) -> None:
        self._failures += 1
        self._why = why
        wait = min(_FIRST_BACKOFF * 2**self._failures, _LONGEST_BACKOFF)
        self._next_start = time.monotonic() + wait
        if self._failures >= _START_ATTEMPTS:
            self._broken(self._failure())
        else:
            self._has_room()  # whoever waits wakes it again, after the back-off

    def _failure(self) -> StartFailed:
        name = self.function.name
        return StartFailed(name, self._why, self._failures, self._tail(name))

    def _try_again(self) -> None:
        self._retry = None
        if not self.size and not self._stopped:
            self._spawn()

    def _later(self, seconds: float, act: Callable[[Instance], None], instance: Instance) -> None:
        asyncio.get_running_loop().call_later(seconds, act, instance)

    def _background(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _stop_if_running(instance: Instance) -> None:
    if not instance.exited.done():
        instance.stop()


def _kill_if_running(instance: Instance) -> None:
    if not instance.exited.done():
        instance.kill()
