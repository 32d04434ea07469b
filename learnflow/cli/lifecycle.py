"""Running the embedded system inside a command: start, what the command does, orderly end."""

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from learnflow.cli.problem import INTERRUPTED
from learnflow.cli.stages import Stages

if TYPE_CHECKING:
    from learnflow.local.runner import Runner

SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
SAME_PRESS_SECONDS: Final = 0.5
"""A terminal and a wrapper such as `uv run` may both pass on the same Ctrl-C."""
T = TypeVar("T")


class Interrupts:
    """The first signal asks for an orderly end; a later one ends everything at once."""

    def __init__(self, ask: Callable[[], None], leave: Callable[[], None]) -> None:
        self.asked = asyncio.Event()
        self._ask, self._leave = ask, leave
        self._first = 0.0

    def install(self) -> None:
        """Take the signals; may be repeated after somebody else took them."""
        loop = asyncio.get_running_loop()
        for number in SIGNALS:
            loop.add_signal_handler(number, self.heard)

    def heard(self) -> None:
        """A signal came."""
        if not self.asked.is_set():
            self._first = time.monotonic()
            self.asked.set()
            self._ask()
        elif time.monotonic() - self._first > SAME_PRESS_SECONDS:
            self._leave()
            os._exit(INTERRUPTED)  # every process holds a lifeline to this one and ends with it


async def run_with(
    runner: "Runner", stages: Stages, use: Callable[[], Coroutine[Any, Any, bool]]
) -> bool:
    """Start the runner, await `use`, and stop it; True when nobody interrupted.

    `use` answers whether to stay, until a signal, `learnflow down` or a fault ends it.
    """
    interrupts = Interrupts(runner.ask_to_stop, stages.clear)
    interrupts.install()
    try:
        if not await _unless(interrupts.asked, runner.start()):
            return False
        ending = asyncio.ensure_future(runner.run_until_stopped())
        await asyncio.sleep(0)
        interrupts.install()  # the runner's own handlers know no second Ctrl-C
        if await _until(ending, use()):
            await ending
        ending.cancel()
        return not interrupts.asked.is_set()
    finally:
        interrupts.install()
        stages.now("stopping: functions finish, facts are sent on, Postgres closes")
        await runner.stop()
        stages.clear()


async def _unless(asked: asyncio.Event, work: Coroutine[Any, Any, None]) -> bool:
    """Await the work, or cancel it when an end is asked for; True when it was done."""
    interrupted = asyncio.ensure_future(asked.wait())
    await _until(interrupted, _true(work))
    done = not interrupted.done()
    interrupted.cancel()
    return done


async def _true(work: Awaitable[None]) -> bool:
    await work
    return True


async def _until(ending: "asyncio.Future[Any]", work: Coroutine[Any, Any, T]) -> T | None:
    """What the work returns, or None when `ending` came first and the work was cancelled."""
    task = asyncio.ensure_future(work)
    try:
        await asyncio.wait([ending, task], return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
    finally:
        if not task.done():
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
    return None


def make_runner(port: int, report: Callable[[Any], None], **options: Any) -> "Runner":
    """The runner of this repository, with the settings of the environment; options as Runner's."""
    from learnflow.cli.place import ROOT
    from learnflow.local.runner import Runner
    from learnflow.settings import Settings

    return Runner(ROOT, Settings.read(), port=port, report=report, **options)


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a command's coroutine on uvloop; `--debug` and problems behave as elsewhere."""
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as loop:
        return loop.run(work)


def only_demo(state: Path) -> Path:
    """The mark of a state folder in which only demonstrations ever ran: they may forget it."""
    return state / "only-demo"
