"""A trace as a waterfall: a tree of steps, each with its offset, its time and, with room, a bar."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from learnflow.cli.event_lines import one_line, short

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

BAR_FROM: Final = 110
"""Columns from which there is room for bars."""
_BAR: Final = 36
_MARKS: Final = {"request": "●", "event": "◆", "delivery": "→", "notification": "✉"}
_PLAIN_MARKS: Final = {"request": "*", "event": "o", "delivery": ">", "notification": "!"}
_COLOURS: Final = {
    **{"request": "bold", "event": "cyan", "delivery": "default", "notification": "bold green"},
}
_COLD: Final = "magenta"


def show(trace: dict[str, Any], console: "Console") -> None:
    """Print one trace."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    from learnflow.cli.output import clock

    wide = console.width >= BAR_FROM
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1 if wide else 0, 0, 1))
    table.add_column("ms", justify="right", no_wrap=True)
    table.add_column("step", overflow="fold")
    for name in ("took", "cold", "SQL"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("what", overflow="fold", ratio=1 if not wide else None)
    if wide:
        table.add_column("", width=_BAR, no_wrap=True)
    plain = not (console.encoding or "").lower().startswith("utf")
    for step, depth in _flat(trace["steps"], 0):
        cells: list[str | Text] = [
            f"{step['offset_ms']:.1f}",
            _name(step, depth, plain, console.width),
            _took(step),
            _cold(step),
            _sql(step),
            _what(step, trace["at"]),
        ]
        if wide:
            cells.append(_bar(step, trace["ms"], plain))
        table.add_row(*cells)
    console.print(f"trace {trace['trace_id']}", style="bold")
    console.print(f"began {clock(int(trace['at']))}, took {trace['ms']:.1f} ms")
    console.print(table)


def _flat(steps: list[dict[str, Any]], depth: int) -> Iterator[tuple[dict[str, Any], int]]:
    for step in steps:
        yield step, depth
        yield from _flat(step["children"], depth + 1)


def _name(step: dict[str, Any], depth: int, plain: bool, width: int) -> "Text":
    from rich.text import Text

    mark = (_PLAIN_MARKS if plain else _MARKS)[step["kind"]]
    indent = " " * depth if width < BAR_FROM else "  " * depth
    name = step["name"]
    if step["kind"] == "request":
        name = "/".join(short(part, width) if len(part) > 24 else part for part in name.split("/"))
    return Text(f"{indent}{mark} ").append(name, style=_COLOURS[step["kind"]])


def _took(step: dict[str, Any]) -> str:
    return "" if step["ms"] is None else f"{step['ms']:.1f}"


def _cold(step: dict[str, Any]) -> "Text":
    from rich.text import Text

    wait = _wait(step)
    return Text("" if wait is None else f"{wait:.0f}", style=_COLD)


def _wait(step: dict[str, Any]) -> float | None:
    """How much of a cold call was the wait for its instance."""
    cold: float | None = step.get("cold_start_ms")
    if cold is None:
        return None
    told = step.get("told")
    return cold - told["function_ms"] if told else cold


def _sql(step: dict[str, Any]) -> str:
    told = step.get("told")
    return "" if not told else f"{told['sql_ms']:.1f}/{told['statements']}"


def _what(step: dict[str, Any], began: float) -> "Text":
    from rich.text import Text

    match step["kind"]:
        case "request":
            return _status(step["status"]).append(f" {step['function']}", style="dim")
        case "event":
            return Text(_stages(step, began), style="dim")
        case "delivery":
            return _delivered(step)
        case _:
            whom = short(step["recipient_id"], 0)
            return Text(f"to {step['database'].removesuffix('s')} {whom}, round {step['round']}")


def _stages(step: dict[str, Any], began: float) -> str:
    """When an event was logged and marked by the relay; its row's offset is in the first column."""
    if step["parked"]:
        return f"parked: {step['parked']}"
    if step["created"] is None:
        return "sent by hand"
    published = step["published"]
    relayed = "waits for the relay" if published is None else f"relay {published - began:.1f}"
    logged = [f"log {at - began:.1f}" for at in step["logged"][:1]]
    again = [f"published {len(step['logged'])} times"] if len(step["logged"]) > 1 else []
    return ", ".join([*logged, relayed, *again])


def _delivered(step: dict[str, Any]) -> "Text":
    from rich.text import Text

    said = _status(step["status"])
    if (step.get("told") or {}).get("duplicate"):
        said.append(" duplicate", style="dim")
    if step["attempt"] > 1 or step["of"] > 1:
        said.append(f" attempt {step['attempt']} of {step['of']}", style="default")
    if step["replay"]:
        said.append(f" {step['replay']}", style="dim")
    if step["state"] not in ("delivered", "failed"):
        said.append(f" {step['state']}", style="red" if step["state"] != "in flight" else "yellow")
    if step["reason"]:
        said.append(f" {one_line(step['reason'])}", style="default")
    return said if said.plain.strip() else Text(step["state"])


def _status(status: int | None) -> "Text":
    from rich.text import Text

    colour = "green" if status is not None and status < 400 else "red"
    return Text("no answer" if status is None else str(status), style=colour)


def _bar(step: dict[str, Any], whole: float, plain: bool) -> "Text":
    from rich.text import Text

    scale = _BAR / whole if whole else 0.0
    length = step["ms"] or 0.0
    cold = _wait(step) or 0.0
    if step["kind"] == "event":
        length = max(0.0, max(step["logged"], default=step["at"]) - step["at"])
    start = min(int(step["offset_ms"] * scale), _BAR - 1)
    cells = max(1, min(round(length * scale), _BAR - start))
    cold_cells = min(cells, round(cold * scale))
    solid, thin = ("=", ".") if plain else ("━", "╌")
    text = Text(" " * start).append(solid * cold_cells, style=_COLD)
    mark = thin if step["kind"] == "event" else solid
    return text.append(mark * (cells - cold_cells), style=_COLOURS[step["kind"]])
