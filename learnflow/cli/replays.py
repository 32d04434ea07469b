"""Showing a replay: what it would do, how far it is, what came of it."""

import sys
from collections.abc import Iterable, Sequence
from typing import Any

from learnflow.cli.problem import Problem


def show_plan(plan: dict[str, Any], which: str, first: Sequence[tuple[object, ...]]) -> None:
    """Who would be delivered how much; the first of it as (time, topic, `which`, event, to)."""
    from learnflow.cli.output import counted, print_table

    if sources := plan.get("sources"):
        rows = [(one["source"], one["function"], one["deliveries"]) for one in sources]
        print_table(("source", "function", ">deliveries"), rows)
    print_table(("time", "topic", which, "event", "to"), first)
    shown, whole = len(first), plan.get("records", plan["deliveries"])
    more = f"; the first {shown} are shown" if shown < whole else ""
    deliveries = counted(plan["deliveries"], "delivery", "deliveries")
    print(f"{deliveries} would be made{more}. Nothing was done.")


def follow(tallies: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Show the progress of a replay; its last tally. Raises Problem when the runner left it."""
    last: dict[str, Any] = {}
    terminal = sys.stderr.isatty()
    for last in tallies:
        if terminal:
            sys.stderr.write(f"\r{last['done']} of {last['deliveries']} delivered …")
            sys.stderr.flush()
    if terminal:
        sys.stderr.write("\r\x1b[K")
    unreplayable = len(last.get("unreplayable", ()))
    if not last or last["done"] + unreplayable < last["deliveries"]:
        raise Problem(
            "The replay broke off.",
            "learnflow logs runner may tell why; the same command again is safe",
        )
    return last


def summary(tally: dict[str, Any]) -> str:
    """What came of a replay, in a sentence or two."""
    parts = [f"{tally['delivered']} applied", f"{tally['duplicates']} duplicates"]
    parts.append(f"{tally['dead_letters']} dead letters")
    if tally["lost"]:
        parts.append(f"{tally['lost']} lost")
    text = f"replay {tally['replay']}: {tally['done']} delivered: {', '.join(parts)}"
    return "\n".join([text, *(f"not replayed: {one}" for one in tally.get("unreplayable", ()))])
