"""`learnflow events`: what was said, who heard it, and every attempt to tell."""

from typing import Annotated, Any

import typer

from learnflow.cli.events_replay import replay_events
from learnflow.cli.events_tail import tail_events
from learnflow.cli.options import Json, Key, Limit, Type

events = typer.Typer(help="The event log: what was said, who heard it.", no_args_is_help=True)
events.command("tail")(tail_events)
events.command("replay")(replay_events)


@events.command("list")
def list_events(type: Type = None, key: Key = None, limit: Limit = 50, json: Json = False) -> None:
    """The newest events, and who took each of them."""
    from learnflow.cli.event_lines import outcome, short
    from learnflow.cli.output import clock, console, print_json, print_table
    from learnflow.cli.place import control
    from learnflow.cli.types import full_type

    query = {"type": full_type(type) if type else None, "key": key, "limit": limit}
    found = control().get("events", **query)["events"]
    if json:
        print_json(found)
        return
    if not found:
        print("Nothing was said yet that fits; try: learnflow send student.registered --example")
        return
    width = console().width
    rows = [
        (
            clock(one["timestamp"]),
            one["topic"],
            short(one["key"], width),
            short(one["event_id"], width),
            "\n".join(map(outcome, one.get("deliveries", ()))),
        )
        for one in found
    ]
    print_table(("time", "topic", "key", "event", "taken by"), rows)


@events.command("show")
def show_event(
    event_id: Annotated[str, typer.Argument(help="The event's id, or how it begins.")],
    json: Json = False,
) -> None:
    """One event: its content, who took it, every attempt to deliver it, its trace."""
    from learnflow.cli.output import print_json
    from learnflow.cli.place import control

    found = control().get("events", event_id)
    if json:
        print_json(found)
    else:
        _show(found)


def _show(found: dict[str, Any]) -> None:
    from json import dumps

    from learnflow.cli.output import clock, print_table

    for record in found["records"]:
        print(f"{record['topic']} {record['partition']}:{record['offset']}  key {record['key']}")
        print(f"  {clock(record['timestamp'])}  event {record['event_id']}")
        print(dumps(record["value"], indent=2, ensure_ascii=False))
    print_table(
        ("source", "seen as", "type", "because"),
        [(r["source"], r["mode"], r["type"], r["reason"]) for r in found["recognition"]],
        "Recognition",
    )
    print_table(
        ("function", "state", ">attempt", ">status", ">ms", ">cold start", "reason"),
        [_attempt(trail, n) for trail in found["deliveries"] for n in range(_rows(trail))],
        "Deliveries",
    )
    traces = {record.get("trace_id") for record in found["records"]} - {None}
    for trace in sorted(map(str, traces)):
        print(f"What else happened in its trace: learnflow trace {trace}")


def _rows(trail: dict[str, Any]) -> int:
    return max(1, len(trail["attempts"]))


def _attempt(trail: dict[str, Any], number: int) -> tuple[object, ...]:
    from learnflow.cli.event_lines import one_line

    state = trail["state"] if number == _rows(trail) - 1 else "failed"
    if trail.get("duplicate") and state == "delivered":
        state = "duplicate"
    if trail.get("replay"):
        state += f" ({trail['replay']})"
    if not trail["attempts"]:
        return (trail["function"], state, "", "", "", "", trail["note"])
    one = trail["attempts"][number]
    cold = one["cold_start_ms"]
    return (
        trail["function"],
        state,
        number + 1,
        one["status"],
        f"{one['ms']:.1f}",
        "" if cold is None else f"{cold:.0f} ms",
        one_line(one["reason"]) if one["reason"] else trail["note"],
    )
