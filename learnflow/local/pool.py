"""All functions of a system as they run: one revision each, and the clock that scales them."""

import asyncio
from collections.abc import Mapping
from typing import Any

from learnflow.local.autoscaler import TICK_SECONDS
from learnflow.local.fleet import LogTail
from learnflow.local.instances import Answer, Starter, Unserved
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
    ) -> None:
        self.revisions = {
            name: Revision(function, starter, tail) for name, function in functions.items()
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

    async def request(
        self, function: str, method: str, path: str, headers: Mapping[str, str], body: bytes
    ) -> Answer:
        """A function's whole answer. Raises Unserved when there is none."""
        revision = self.revisions.get(function)
        if revision is None:
            raise Unserved(404, f"there is no function {function}")
        reply = await revision.open(method, path, headers, body)
        return await reply.answer()

    def document(self) -> list[dict[str, Any]]:
        """Every function as the control API shows it."""
        return [revision.document() for revision in self.revisions.values()]

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(self._tick_seconds)
            for revision in self.revisions.values():
                revision.tick()
