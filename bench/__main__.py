"""`python -m bench [--json] [--only NAME] [--quick]`: the figures, each beside its target."""

import asyncio
import json
import signal
import sys
from collections.abc import Awaitable, Callable, Coroutine, Set
from dataclasses import dataclass, field
from typing import Annotated, Final

import typer
from rich.console import Console

from bench import (
    cold,
    decline,
    events,
    flow,
    gateway,
    growth,
    machine,
    memory,
    race,
    ranking,
    replay,
    scaling,
    start,
    tail,
    web,
)
from bench.figures import Figure, Invalid
from bench.place import Place, place
from bench.report import document, table
from bench.system import System, system

PARTS: Final[dict[str, Callable[[Place, bool], Awaitable[list[Figure]]]]] = {
    "machine": machine.measure,
    "race": race.measure,
    "tail": tail.measure,
    "scaling": scaling.measure,
    "events": events.measure,
    "growth": growth.measure,
    "ranking": ranking.measure,
    "cold": cold.measure,
}
"""Measured on functions by themselves, over a Postgres of the bench."""
WHOLE: Final[dict[str, Callable[[System, bool], Awaitable[list[Figure]]]]] = {
    "flow": flow.measure,
    "decline": decline.measure,
    "replay": replay.measure,
    "idle": memory.measure,
    "gateway": gateway.measure,
    "web": web.measure,
}
"""Measured on one whole embedded system, in this order."""
GROUPS: Final = (*PARTS, "start", *WHOLE)
_CONSOLE: Final = Console(stderr=True, width=None if sys.stderr.isatty() else 170)


@dataclass
class Run:
    """What was found so far, and which groups could not be measured, with the reason."""

    chosen: Set[str]
    quick: bool
    figures: list[Figure] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)

    async def all(self) -> None:
        """Measure the chosen groups, in their order."""
        async with place() as here:
            for name, measure in PARTS.items():
                if name in self.chosen:
                    await self._keep(name, measure(here, self.quick))
        if not self.chosen <= PARTS.keys():
            async with system() as one:
                await self._whole(one)

    async def _whole(self, one: System) -> None:
        await self._keep("start", start.first_start(one))
        async with one.started() as began:
            await self._keep("start", start.second_start(began, one))
            for name, measure in WHOLE.items():
                if name in self.chosen:
                    await self._keep(name, measure(one, self.quick))

    async def _keep(self, name: str, figures: Awaitable[list[Figure]]) -> None:
        """A group that does not add up is named and does not count; the others go on."""
        with _CONSOLE.status(f"measuring {name}"):
            try:
                self.figures += await figures
            except (Invalid, TimeoutError, RuntimeError, OSError) as error:
                self.failed[name] = f"{type(error).__name__}: {error}"


async def _until_told(work: Coroutine[None, None, None]) -> None:
    """Run it; SIGTERM ends it as Ctrl-C does, with nothing left behind."""
    task = asyncio.ensure_future(work)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    await task


def main(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object as last line.")] = False,
    only: Annotated[list[str], typer.Option(help=f"One of {', '.join(GROUPS)}; repeatable.")] = [],  # noqa: B006
    quick: Annotated[bool, typer.Option(help="Fewer and shorter; read with care.")] = False,
) -> None:
    """Measure LearnFlow beside its targets and its peers, on this machine, now."""
    if unknown := set(only) - set(GROUPS):
        raise typer.BadParameter(f"unknown: {', '.join(sorted(unknown))}", param_hint="--only")
    run = Run({"machine", *(only or GROUPS)}, quick)
    try:
        asyncio.run(_until_told(run.all()))
    except (KeyboardInterrupt, asyncio.CancelledError):
        sys.exit(130)
    _CONSOLE.print(table(run.figures))
    for name, reason in run.failed.items():
        _CONSOLE.print(f"[red]not measured:[/] {name}: {reason}")
    if as_json:
        print(json.dumps({**document(run.figures), "failed": run.failed}))
    sys.exit(1 if run.failed else 0)


command = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
command.command()(main)

if __name__ == "__main__":
    command()
