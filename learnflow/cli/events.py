"""`learnflow events`: what was said, who heard it, and every attempt to tell."""

from typing import Annotated, Any

import typer

from learnflow.cli.options import Json, Limit

events = typer.Typer(help="The event log: what was said, who heard it.", no_args_is_help=True)
Type = Annotated[
    str | None,
    typer.Option("--type", envvar="LEARNFLOW_TYPE", help="Only this type, as student.registered."),
]
Key = Annotated[
    str | None,
    typer.Option("--key", envvar="LEARNFLOW_KEY", help="Only this student's or tutor's id."),
]


@events.command("list")
def list_events(type: Type = None, key: Key = None, limit: Limit = 50, json: Json = False) -> None:
    """The newest events."""
    from learnflow.cli.output import clock, print_json, print_table
    from learnflow.cli.place import control
    from learnflow.cli.types import full_type

    query = {"type": full_type(type) if type else None, "key": key, "limit": limit}
    found = control().get("events", **query)["events"]
    if json:
        print_json(found)
        return
    columns = (">position", "time", "topic", "key", "event")
    rows = [
        (one["position"], clock(one["timestamp"]), one["topic"], one["key"], one["event_id"])
        for one in found
    ]
    print_table(columns, rows)
    if not found:
        print("Nothing was said yet that fits; try: learnflow send student.registered --example")


@events.command("show")
def show_event(
    event_id: Annotated[str, typer.Argument(help="The event's id.")],
    json: Json = False,
) -> None:
    """One event: its content, how each source recognised it, every attempt to deliver it."""
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
        print(f"  {clock(record['timestamp'])}")
        print(dumps(record["value"], indent=2, ensure_ascii=False))
    print_table(
        ("source", "seen as", "type", "because"),
        [(r["source"], r["mode"], r["type"], r["reason"]) for r in found["recognition"]],
        "Recognition",
    )
    print_table(
        ("source", "function", "state", ">attempt", ">status", ">ms", ">cold start", "reason"),
        [_attempt(trail, n) for trail in found["deliveries"] for n in range(_rows(trail))],
        "Deliveries",
    )


def _rows(trail: dict[str, Any]) -> int:
    return max(1, len(trail["attempts"]))


def _attempt(trail: dict[str, Any], number: int) -> tuple[object, ...]:
    who = (trail["source"], trail["function"], trail["state"])
    if not trail["attempts"]:
        return (*who, "", "", "", "", trail["note"])
    one = trail["attempts"][number]
    cold = one["cold_start_ms"]
    return (
        *who,
        number + 1,
        one["status"],
        f"{one['ms']:.1f}",
        "" if cold is None else f"{cold:.0f} ms",
        one["reason"],
    )
