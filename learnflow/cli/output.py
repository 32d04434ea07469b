"""Printing: to terminals of every kind, to pipes, and as JSON."""

import json
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from rich.console import Console

PIPE_WIDTH: Final = 160
"""Columns where there is no terminal to ask."""


def prepare_streams() -> None:
    """Let a terminal that lacks a character show an escape instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace", line_buffering=True)


def console(stderr: bool = False) -> "Console":
    """A rich console; colours end with NO_COLOR, boxes with an ASCII terminal."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else PIPE_WIDTH
    return Console(file=stream, width=width, highlight=False, emoji=False, markup=False)


def print_json(value: Any) -> None:
    """One line of JSON; characters beyond ASCII as escapes where the stream has none."""
    plain = (sys.stdout.encoding or "ascii").lower().replace("-", "") not in ("utf8", "utf8sig")
    print(json.dumps(value, ensure_ascii=plain), flush=True)


def print_table(
    columns: Sequence[str], rows: Iterable[Sequence[object]], title: str | None = None
) -> None:
    """A table without a box, below its title; a column named `>n` is aligned right."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        right = column.startswith(">")
        table.add_column(Text(column.removeprefix(">")), justify="right" if right else "left")
    for row in rows:
        table.add_row(*(Text("" if cell is None else str(cell)) for cell in row))
    printer = console()
    if title:
        printer.print(title, style="bold")
    printer.print(table)


def counted(count: int, one: str, many: str) -> str:
    """`1 event`, `2 events`."""
    return f"{count} {one if count == 1 else many}"


def clock(milliseconds: int) -> str:
    """A time of day, to the millisecond, in local time."""
    return datetime.fromtimestamp(milliseconds / 1000).strftime("%H:%M:%S.%f")[:-3]
