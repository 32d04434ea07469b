"""`learnflow events replay`: stored events once more to those who hear them."""

from typing import Annotated, Any

import typer

from learnflow.cli.options import DryRun, Function, Json, Key, Since, Source, Type, Until, Yes


def replay_events(
    event: Annotated[
        str | None, typer.Argument(help="One event, by its id or how that begins.")
    ] = None,
    type: Type = None,
    key: Key = None,
    function: Function = None,
    source: Source = None,
    since: Since = None,
    until: Until = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Deliver stored events again, with the same ids and a `replayid`.

    As a new consumer group on the cluster does. Functions know what they have applied: for them
    it is a duplicate and changes nothing.
    """
    from learnflow.cli.output import print_json
    from learnflow.cli.place import control
    from learnflow.cli.problem import Problem
    from learnflow.cli.replays import follow, show_plan, summary
    from learnflow.cli.selecting import ask, selection

    chosen = selection(
        event=event, type=type, key=key, function=function, source=source, since=since, until=until
    )
    if not chosen:
        raise Problem("Nothing was chosen.", "an event's id, --type, --key, --since 1h, …")
    runner = control()
    plan = runner.post("events", "replay", body={**chosen, "dry_run": True})
    if not plan["deliveries"]:
        raise Problem("No stored event fits.", "learnflow events list shows the newest")
    if dry_run:
        print_json(plan) if json else show_plan(plan, "key", _first(plan))
        return
    ask(f"{plan['deliveries']} deliveries would be made again", plan["deliveries"], yes)
    tally = follow(runner.posted_lines("events", "replay", body=chosen))
    if json:
        print_json(tally)
    else:
        print(summary(tally))
    if tally["dead_letters"] or tally["lost"]:
        raise Problem("Not everything was taken.", "learnflow dead-letters list shows the reasons")


def _first(plan: dict[str, Any]) -> list[tuple[object, ...]]:
    from learnflow.cli.event_lines import short
    from learnflow.cli.output import clock, console

    width = console().width
    return [
        (
            *(clock(one["at"]), one["topic"], short(one["key"], width)),
            *(short(one["event_id"], width), "\n".join(one["functions"])),
        )
        for one in plan["first"]
    ]
