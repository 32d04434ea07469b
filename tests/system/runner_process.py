"""The runner as a process of its own: `python -m tests.system.runner_process`.

Standard input is one JSON line of `Options`, and its end is the order to stop, so that a killed
test run leaves nothing behind. Once everything serves, one JSON line on standard output says where.
"""

import asyncio
import json
import os
import sys
import threading
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Final

import uvloop

from learnflow.local import paths, relay_keeper
from learnflow.local.bus import Bus
from learnflow.local.forkserver import ForkServer, Spawn
from learnflow.local.processes import Child
from learnflow.local.progress import Progress
from learnflow.local.relay_process import RELAY
from learnflow.local.runner import Runner
from learnflow.manifests import System
from learnflow.settings import Settings

HOOKED: Final = "tests.system.hooks:serve_function"
HOOKED_RELAY: Final = "tests.system.hooks:relay"


@dataclass(frozen=True)
class Options:
    """How this system differs from `learnflow up`: places, shorter windows, hooks in children.

    Times in seconds; None leaves what the manifests say. `hooks` is the environment of the hooked
    processes, and without it the product's own entry points run.
    """

    root: str
    state: str
    port: int = 0
    window: float | None = 6.0
    grace: float | None = 2.0
    backoff: float | None = None
    max_scale: int | None = None
    reload: bool = False
    attach: list[str] = field(default_factory=list)
    kafka: str | None = None
    daprd: str | None = None
    hooks: dict[str, str] = field(default_factory=dict)


class Quick(Runner):
    """The runner with what the options change in the manifests it read."""

    options: Options

    def _read(self) -> System:
        system = super()._read()
        options = self.options
        wishes = {"window": options.window, "zero_grace": options.grace, "max": options.max_scale}
        scale: dict[str, Any] = {name: one for name, one in wishes.items() if one is not None}
        functions = {
            name: replace(one, scale=replace(one.scale, **scale))
            for name, one in system.functions.items()
        }
        delivery: dict[str, Any] = {}
        if options.backoff is not None:
            delivery["backoff_delay"] = options.backoff
        sources = {
            name: replace(one, delivery=replace(one.delivery, **delivery))
            for name, one in system.sources.items()
        }
        return replace(system, functions=functions, sources=sources)


def hook_children(environment: dict[str, str]) -> None:
    """Let functions and the relay begin in `hooks` instead; that a relay crashes often is meant."""
    plain = ForkServer.fork

    async def fork(self: ForkServer, request: Spawn) -> Child:
        entry = HOOKED_RELAY if request.entry == RELAY else HOOKED
        env = {**request.env, **environment}
        return await plain(self, replace(request, entry=entry, env=env))

    ForkServer.fork = fork  # type: ignore[method-assign]
    relay_keeper._LONGEST_PAUSE = relay_keeper._PAUSE  # type: ignore[misc]


def say(document: dict[str, Any]) -> None:
    """One line for whoever started us."""
    sys.stdout.write(json.dumps(document) + "\n")
    sys.stdout.flush()


def report(progress: Progress) -> None:
    """What people would see goes to the log."""
    sys.stderr.write(f"{progress.stage} {progress.state} {progress.detail}\n")
    sys.stderr.flush()


async def run(options: Options) -> None:
    """Serve until standard input ends, a signal comes or the control API asks for the end."""
    paths.ROOT_STATE = Path(options.state)
    settings = Settings.read({"XDG_STATE_HOME": options.state})
    runner = Quick(
        Path(options.root),
        settings,
        port=options.port,
        report=report,
        reload=options.reload,
        attach=options.attach,
        bus=Bus(options.kafka, Path(options.daprd) if options.daprd else None),
    )
    runner.options = options
    loop = asyncio.get_running_loop()

    def wait_for_the_end() -> None:
        sys.stdin.read()
        loop.call_soon_threadsafe(runner.ask_to_stop)

    threading.Thread(target=wait_for_the_end, daemon=True).start()
    try:
        await runner.start()
        say({"url": runner.url, "control": str(runner.control_socket), "pid": os.getpid()})
        await runner.run_until_stopped()
    finally:
        await runner.stop()


def main() -> None:
    """Read the options, run."""
    given = json.loads(sys.stdin.readline())
    names = {one.name for one in fields(Options)}
    options = Options(**{name: value for name, value in given.items() if name in names})
    if options.hooks:
        hook_children(options.hooks)
    uvloop.run(run(options))


if __name__ == "__main__":
    main()
