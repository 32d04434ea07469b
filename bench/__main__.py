"""`python -m bench [--json] [--only NAME] [--quick]`: the figures, each beside its target."""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Set
from typing import Annotated, Final

import typer
from rich.console import Console

from bench import flow, machine, memory, race, start
from bench.figures import Figure
from bench.place import Place, place
from bench.report import document, table
from bench.system import System, system

PARTS: Final[dict[str, Callable[[Place, bool], Awaitable[list[Figure]]]]] = {
    "machine": machine.measure,
    "race": race.measure,
}
"""Measured on functions by themselves, over a Postgres of the bench."""
WHOLE: Final[dict[str, Callable[[System, bool], Awaitable[list[Figure]]]]] = {
    "flow": flow.measure,
    "idle": memory.measure,
}
"""Measured on one whole embedded system, in this order."""
GROUPS: Final = (*PARTS, "start", *WHOLE)
_CONSOLE: Final = Console(stderr=True, width=None if sys.stderr.isatty() else 150)


async def measured(chosen: Set[str], quick: bool) -> list[Figure]:
    """The figures of the chosen groups, in their order."""
    figures: list[Figure] = []
    async with place() as here:
        for name, measure in PARTS.items():
            if name in chosen:
                with _CONSOLE.status(f"measuring {name}"):
                    figures += await measure(here, quick)
    if not chosen <= PARTS.keys():
        figures += await _whole(chosen, quick)
    return figures


async def _whole(chosen: Set[str], quick: bool) -> list[Figure]:
    figures: list[Figure] = []
    async with system() as one:
        with _CONSOLE.status("measuring start"):
            figures += await start.first_start(one)
        async with one.started() as began:
            figures += await start.second_start(began, one)
            for name, measure in WHOLE.items():
                if name in chosen:
                    with _CONSOLE.status(f"measuring {name}"):
                        figures += await measure(one, quick)
    return figures


def main(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object as last line.")] = False,
    only: Annotated[list[str], typer.Option(help=f"One of {', '.join(GROUPS)}; repeatable.")] = [],  # noqa: B006
    quick: Annotated[bool, typer.Option(help="Fewer and shorter; read with care.")] = False,
) -> None:
    """Measure LearnFlow beside its targets and its peers, on this machine, now."""
    if unknown := set(only) - set(GROUPS):
        raise typer.BadParameter(f"unknown: {', '.join(sorted(unknown))}", param_hint="--only")
    figures = asyncio.run(measured({"machine", *(only or GROUPS)}, quick))
    _CONSOLE.print(table(figures))
    if as_json:
        print(json.dumps(document(figures)))
    sys.exit(0)


if __name__ == "__main__":
    typer.run(main)
