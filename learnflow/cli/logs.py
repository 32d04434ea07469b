"""`learnflow logs`: what functions and the runner write."""

from typing import Annotated, Any, Final

import typer

from learnflow.cli.options import Json

_OTHERS: Final = ("runner", "relay", "postgres")
"""Who writes lines and is no function."""


def logs(
    function: Annotated[
        str | None,
        typer.Argument(help="A function, or `runner`; left out: all of them."),
    ] = None,
    follow: Annotated[
        bool,
        typer.Option("-f", "--follow", envvar="LEARNFLOW_FOLLOW", help="Go on until Ctrl-C."),
    ] = False,
    json: Json = False,
) -> None:
    """Show the last lines of output, one stream for all functions."""
    from learnflow.cli.names import known_function
    from learnflow.cli.output import print_json
    from learnflow.cli.place import control

    name = function.replace("_", "-") if function else None
    runner = control()
    if name and name not in _OTHERS:
        known_function(name, runner)
    show = _Printer()
    for line in runner.lines("logs", function=name, follow=1 if follow else None):
        if json:
            print_json(line)
        else:
            show(line)


class _Printer:
    """One line of log: time, function in a colour of its own, text."""

    COLOURS = ("cyan", "green", "magenta", "yellow", "blue", "bright_cyan", "bright_green")

    def __init__(self) -> None:
        from learnflow.cli.output import console

        self._console = console()
        self._seen: dict[str, str] = {}

    def __call__(self, line: dict[str, Any]) -> None:
        from rich.text import Text

        from learnflow.cli.output import clock

        name = line["function"]
        colour = self._seen.setdefault(name, self.COLOURS[len(self._seen) % len(self.COLOURS)])
        text = Text(f"{clock(line['at'])} ", style="dim")
        text.append(f"{name:<18} ", style=colour).append(line["text"], style="default not dim")
        self._console.print(text, soft_wrap=True)
