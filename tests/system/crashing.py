"""Crash points: the process ends by `os._exit` in the middle of things, so many times at each."""

import asyncio
import os
import random
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, Final

import asyncpg

from db.notifier import Notifier
from db.relay import OutboxRelay
from db.unit_of_work import Unit
from eventing.publish import LogPubSub, Message
from learnflow.runtime.app import Application
from learnflow.runtime.exchange import Receive, Scope, Send

TIMES: Final = 10
FUNCTION_POINTS: Final = (
    "function before commit",
    "function after commit, before NOTIFY",
    "function after NOTIFY, before reply",
    "function after reply",
)
RELAY_POINTS: Final = (
    "relay after take, before publish",
    "relay after publish, before mark",
    "relay after mark, before commit",
    "relay after commit",
)
POINTS: Final = FUNCTION_POINTS + RELAY_POINTS
CHANCE: Final = 0.15
_CODE: Final = 86


class Crashes:
    """How often which point was reached with the bad luck to crash; files, as processes end."""

    def __init__(self, folder: Path, times: int = TIMES, chance: float = CHANCE) -> None:
        self._folder, self._times, self._chance = folder, times, chance

    def count(self, point: str) -> int:
        """How often a process ended here."""
        return len(list(self._folder.glob(f"{point}.*")))

    def maybe(self, point: str) -> None:
        """End this process, unless luck or enough crashes forbid."""
        if random.random() < self._chance:
            self.surely(point)

    def surely(self, point: str) -> None:
        """End this process, unless enough did here."""
        for number in range(self._times):
            try:
                os.close(os.open(self._folder / f"{point}.{number}", os.O_CREAT | os.O_EXCL))
            except FileExistsError:
                continue
            os._exit(_CODE)


def in_functions(folder: Path) -> None:
    """Crash around commits and replies of every function that writes."""
    crashes = Crashes(folder)
    _around_commit(crashes)
    plain_http = Application._http

    async def http(self: Application, scope: Scope, receive: Receive, send: Send) -> None:
        await plain_http(self, scope, receive, send)
        if scope["method"] in ("POST", "DELETE"):
            await asyncio.sleep(0)  # the loop has written the reply to the socket
            crashes.maybe(FUNCTION_POINTS[3])

    Application._http = http  # type: ignore[method-assign]


def _around_commit(crashes: Crashes) -> None:
    plain_commit, plain_signal = Unit.commit, Notifier.signal

    async def commit(self: Unit) -> None:
        if self._events:
            crashes.maybe(FUNCTION_POINTS[0])
        await plain_commit(self)
        if self._events and (sending := self._database.notifier._task) is not None:
            await asyncio.wait({sending}, timeout=1)
            crashes.maybe(FUNCTION_POINTS[2])

    def signal(self: Notifier, channel: str, payload: str = "") -> None:
        crashes.maybe(FUNCTION_POINTS[1])
        plain_signal(self, channel, payload)

    Unit.commit = commit  # type: ignore[method-assign]
    Notifier.signal = signal  # type: ignore[method-assign]


def in_first_answer(folder: Path) -> None:
    """Crash once, in the first request that an instance ever serves, after its commit."""
    crashes = Crashes(folder, times=1)
    plain_commit = Unit.commit

    async def commit(self: Unit) -> None:
        await plain_commit(self)
        crashes.surely(FUNCTION_POINTS[1])

    Unit.commit = commit  # type: ignore[method-assign]


def in_relay(folder: Path) -> None:
    """Crash around publishing and marking."""
    crashes = Crashes(folder)
    plain_publish, plain_mark = LogPubSub.publish, OutboxRelay._mark

    async def publish(self: LogPubSub, messages: Sequence[Message]) -> list[str | None]:
        crashes.maybe(RELAY_POINTS[0])
        results = await plain_publish(self, messages)
        crashes.maybe(RELAY_POINTS[1])
        return results

    async def mark(self: OutboxRelay, *given: Any) -> None:
        await plain_mark(self, *given)
        crashes.maybe(RELAY_POINTS[2])

    LogPubSub.publish = publish  # type: ignore[method-assign]
    OutboxRelay._mark = mark  # type: ignore[method-assign, assignment]
    OutboxRelay.relay_once = _then(  # type: ignore[method-assign, assignment]
        OutboxRelay.relay_once, lambda taken: crashes.maybe(RELAY_POINTS[3]) if taken else None
    )


def _then(
    plain: Callable[[OutboxRelay, asyncpg.Connection], Awaitable[int]],
    after: Callable[[int], None],
) -> Callable[[OutboxRelay, asyncpg.Connection], Awaitable[int]]:
    async def both(self: OutboxRelay, connection: asyncpg.Connection) -> int:
        taken = await plain(self, connection)
        after(taken)
        return taken

    return both
