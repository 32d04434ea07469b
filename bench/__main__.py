"""`python -m bench [--json] [--only NAME] [--quick]`: the figures, each beside its target."""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from typing import Annotated, Final

import typer
from rich.console import Console

from bench import machine, race
from bench.figures import Figure
from bench.place import Place, place
from bench.report import document, table

Measure = Callable[[Place, bool], Awaitable[list[Figure]]]
GROUPS: Final[dict[str, Measure]] = {
    "machine": machine.measure,
    "race": race.measure,
}
_CONSOLE: Final = Console(stderr=True)


async def measured(only: list[str], quick: bool) -> list[Figure]:
    """The figures of the chosen groups, those of the machine always first."""
    figures: list[Figure] = []
    async with place() as here:
        for name, measure in GROUPS.items():
            if name == "machine" or not only or name in only:
                with _CONSOLE.status(f"measuring {name}"):
                    figures += await measure(here, quick)
    return figures


def main(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object as last line.")] = False,
    only: Annotated[list[str], typer.Option(help=f"One of {', '.join(GROUPS)}; repeatable.")] = [],  # noqa: B006
    quick: Annotated[bool, typer.Option(help="Fewer and shorter; read with care.")] = False,
) -> None:
    """Measure LearnFlow beside its targets and its peers, on this machine, now."""
    if unknown := set(only) - set(GROUPS):
        raise typer.BadParameter(f"unknown: {', '.join(sorted(unknown))}", param_hint="--only")
    figures = asyncio.run(measured(only, quick))
    _CONSOLE.print(table(figures))
    if as_json:
        print(json.dumps(document(figures)))
    sys.exit(0)


if __name__ == "__main__":
    typer.run(main)
