"""All functions of a system as they run: one revision each, and the clock that scales them."""

import asyncio
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from learnflow.local.attach import Attachment
from learnflow.local.autoscaler import TICK_SECONDS
from learnflow.local.faults import Faults, after, before, doubled
from learnflow.local.fleet import Fleet, LogTail
from learnflow.local.instances import Answer, Body, Starter, Unserved
from learnflow.local.reply import Reply
from learnflow.local.revision import Revision
from learnflow.manifests import Function


def _no_log(_: str) -> tuple[str, ...]:
    return ()


class Pool:
    """Sends requests to functions by name, and ticks their autoscalers."""

    def __init__(
        self,
        functions: Mapping[str, Function],
        starter: Starter,
        *,
        tail: LogTail = _no_log,
        tick_seconds: float = TICK_SECONDS,
        faults: Faults | None = None,
        fleets: Mapping[str, Callable[..., Fleet]] | None = None,
    ) -> None:
        """`fleets` makes those of functions whose instances are not started here."""
        made = fleets or {}
        self.faults = faults or Faults()
        self.revisions = {
            name: Revision(function, starter, tail, made.get(name, Fleet))
            for name, function in functions.items()
        }
        self.attached = {
            name: revision.fleet
            for name, revision in self.revisions.items()
            if isinstance(revision.fleet, Attachment)
        }
        self._tick_seconds = tick_seconds
        self._ticking: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Bring up initial scales and begin to tick."""
        for revision in self.revisions.values():
            revision.start()
        self._ticking = asyncio.create_task(self._tick(), name="autoscaler")

    async def stop(self, grace: float = 10.0) -> None:
        """End all instances; those that have not finished after `grace` seconds are killed."""
        if self._ticking is not None:
            self._ticking.cancel()
        await asyncio.gather(*(revision.stop(grace) for revision in self.revisions.values()))

    async def open(
        self, function: str, method: str, target: str, headers: Mapping[str, str], body: Body
    ) -> Reply:
        """A response that has begun, or what a fault switch makes of it. Raises Unserved."""
        revision = self.revisions.get(function)
        if revision is None:
            raise Unserved(404, f"there is no function {function}")
        acting = self.faults.acting(function, "slow", "fail", "drop")
        if not acting:
            return await revision.open(method, target, headers, body)
        await before(acting)
        return after(acting, await revision.open(method, target, headers, body))

    async def request(
        self, function: str, method: str, path: str, headers: Mapping[str, str], body: bytes
    ) -> Answer:
        """A function's whole answer to a delivery. Raises Unserved when there is none.

        One that is left to a debugger is waited for.
        """
        if (attached := self.attached.get(function)) is not None:
            await attached.come()
        call = partial(self._whole, function, method, path, headers, body)
        acting = self.faults.acting(function, "duplicate")
        if not acting:
            return await call()
        first, _ = await asyncio.gather(call(), call(), return_exceptions=True)
        if isinstance(first, BaseException):
            raise first
        return doubled(first, acting)

    async def _whole(
        self, function: str, method: str, path: str, headers: Mapping[str, str], body: bytes
    ) -> Answer:
        reply = await self.open(function, method, path, headers, body)
        return await reply.answer()

    def to_zero(self) -> dict[str, int]:
        """Let all instances end once they have answered; how many do, by function."""
        ending = {
            name: revision.to_zero()
            for name, revision in self.revisions.items()
            if name not in self.attached
        }
        return {name: count for name, count in ending.items() if count}

    def document(self) -> list[dict[str, Any]]:
        """Every function as the control API shows it."""
        return [
            {
                **revision.document(),
                "faults": [switch.document() for switch in self.faults.on(name)],
            }
            for name, revision in self.revisions.items()
        ]

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(self._tick_seconds)
            for revision in self.revisions.values():
                revision.tick()
