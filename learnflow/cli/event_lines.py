"""An event and a delivery as one line each, as wide as the terminal."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from rich.text import Text

WIDE: Final = 132
"""Columns from which ids are shown whole; below, their first eight characters, which suffice."""
_TOPIC: Final = 26


def short(identity: object, width: int) -> str:
    """An id as this width has room for it."""
    text = "" if identity is None else str(identity)
    return text if width >= WIDE else text[:8]


def short_type(type: str | None) -> str:
    """A CloudEvents type as people say it: `student.registered`."""
    return (type or "").removeprefix("org.learnflow.").removesuffix(".v1")


def column(identity: object, width: int) -> str:
    """The same, padded to a column."""
    return f"{short(identity, width):<{32 if width >= WIDE else 8}}"


def event_line(record: dict[str, Any], width: int) -> "Text":
    """When, what, about whom, under which id and trace."""
    from rich.text import Text

    from learnflow.cli.output import clock

    line = Text(f"{clock(record['timestamp'])} ", style="dim")
    line.append(f"{record['topic']:<{_TOPIC}} ", style="bold not dim")
    line.append(column(record["key"], width), style="not dim")
    line.append("  event ", style="dim").append(column(record["event_id"], width), style="not dim")
    if width >= 2 * WIDE - 80 or width < WIDE:
        line.append("  trace ", style="dim").append(short(record.get("trace_id"), width), "not dim")
    return line


def delivery_line(news: dict[str, Any], width: int) -> "Text":
    """Who took it, at which attempt, how it went, how long it took."""
    from rich.text import Text

    from learnflow.cli.output import clock

    attempt = news["attempt"] or {}
    status = attempt.get("status")
    colour = "green" if news["state"] == "delivered" else "red"
    if news["state"].startswith("waiting"):
        colour = "yellow"
    line = Text(f"{clock(news['at'])} ", style="dim")
    line.append(f"  {'→ ' + news['function']:<{_TOPIC - 2}} ", style="cyan not dim")
    line.append(column(news["key"], width), style="dim")
    line.append(f"  {status if status is not None else '---'} ", style=f"{colour} not dim")
    line.append(f"{attempt.get('ms', 0):7.1f} ms", style="not dim")
    if (cold := attempt.get("cold_start_ms")) is not None:
        line.append(f"  cold start {cold:.0f} ms", style="magenta not dim")
    return line.append_text(_remarks(news, attempt, colour))


def letter_lines(letter: dict[str, Any], width: int) -> Iterator["Text"]:
    """A dead letter: its place, what it is, who failed it; below why, and what was decided."""
    from rich.text import Text

    from learnflow.cli.output import clock

    function = (letter["source"] or "").partition("-on-")[0]
    status = letter.get("status")
    line = Text(f"{letter['offset']:>6} ", style="bold")
    line.append(f"{clock(letter['at'])} ", style="dim not bold")
    line.append(f"{short_type(letter['type']):<{_TOPIC}} ", style="not bold")
    line.append(f"{function:<15} ", style="cyan not bold")
    line.append(f"{'---' if status is None else status} ", style="red not bold")
    yield line.append(f" {short(letter['event_id'], width)}", style="dim not bold")
    if reason := letter.get("reason") or letter.get("error"):
        yield Text(f"       {one_line(reason)}")
    if decided := letter.get("settled"):
        what = f"{decided['state']} {clock(decided['at'])}: {decided['reason']}"
        yield Text(f"       {what}", style="dim")


def outcome(trail: dict[str, Any]) -> str:
    """A delivery in a word or two, for a table: `match-student 204`, `… 503, waiting for …`."""
    last = trail["attempts"][-1] if trail["attempts"] else None
    status = "" if last is None or last["status"] is None else f" {last['status']}"
    again = "" if trail.get("replay") is None else " (replay)"
    state = "" if trail["state"] == "delivered" else f", {trail['state']}"
    return f"{trail['function']}{status}{state}{again}"


def _remarks(news: dict[str, Any], attempt: dict[str, Any], colour: str) -> "Text":
    from rich.text import Text

    said = Text()
    if news.get("duplicate"):
        said.append("  duplicate", style="dim")
    if news.get("replay"):
        said.append(f"  replay {news['replay']}", style="dim")
    if news["state"] != "delivered":
        said.append(f"  {news['state']}", style=f"{colour} not dim")
        if reason := attempt.get("reason"):
            said.append(f": {one_line(reason)}", style="not dim")
    return said


def one_line(reason: str) -> str:
    """A reason without its line breaks; of a problem document its title and detail."""
    from json import loads

    try:
        document = loads(reason)
        parts = [str(document[name]) for name in ("title", "detail") if document.get(name)]
        return ": ".join(parts) or reason
    except (ValueError, TypeError, AttributeError, KeyError):
        return " ".join(reason.split())
