"""`learnflow dead-letters replay` and `discard`: one letter, several, or all that fit."""

from typing import Annotated, Any

import typer

from learnflow.cli.options import DryRun, Function, Json, Key, Since, Source, Type, Until, Yes
from learnflow.cli.problem import Problem

Places = Annotated[list[str] | None, typer.Argument(help="Letters' offsets, as `list` shows them.")]
All = Annotated[
    bool, typer.Option("--all", envvar="LEARNFLOW_ALL", help="Every letter that waits.")
]


def replay_letters(
    places: Places = None,
    all: All = False,
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
    """Deliver dead letters once more to the sources that failed them."""
    from learnflow.cli.output import print_json
    from learnflow.cli.place import control
    from learnflow.cli.replays import follow, summary
    from learnflow.cli.selecting import ask, selection

    filters = selection(
        type=type, key=key, function=function, source=source, since=since, until=until
    )
    chosen = _chosen(places, all, filters)
    if places and len(places) == 1 and not dry_run:
        _replay_one(places[0], json)
        return
    runner = control()
    plan = runner.post("dead-letters", "replay", body={**chosen, "dry_run": True})
    if dry_run:
        print_json(plan) if json else _show_plan(plan)
        return
    if not plan["deliveries"]:
        raise Problem("No dead letter fits.", "learnflow dead-letters list shows those that wait")
    ask(f"{_letters(plan['deliveries'])} would be delivered again", plan["deliveries"], yes)
    tally = follow(runner.posted_lines("dead-letters", "replay", body=chosen))
    print_json(tally) if json else print(summary(tally))
    if tally["dead_letters"] or tally["lost"] or tally["unreplayable"]:
        raise Problem(
            "Not everything was taken.", "learnflow dead-letters list shows the new letters"
        )


def _replay_one(place: str, json: bool) -> None:
    from learnflow.cli.output import print_json
    from learnflow.cli.place import control

    found = control().post("dead-letters", place, "replay")
    if json:
        print_json(found)
        return
    print(f"{found.get('source', 'replay')}: {found['state']}")
    if found["state"] not in ("delivered", "under way"):
        raise Problem(
            "It failed again.", "learnflow dead-letters list shows the reason", f"offset {place}"
        )


def discard_letters(
    reason: Annotated[
        str, typer.Option("--reason", envvar="LEARNFLOW_REASON", help="Why; it is kept with them.")
    ],
    places: Places = None,
    all: All = False,
    type: Type = None,
    key: Key = None,
    function: Function = None,
    source: Source = None,
    since: Since = None,
    until: Until = None,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Show dead letters no more: they stay, with the reason, in `list --settled`."""
    from learnflow.cli.output import print_json
    from learnflow.cli.place import control
    from learnflow.cli.selecting import selection

    filters = selection(
        type=type, key=key, function=function, source=source, since=since, until=until
    )
    wish = {**_chosen(places, all, filters), "reason": reason, "dry_run": dry_run}
    found = control().post("dead-letters", "discard", body=wish)
    if json:
        print_json(found)
    elif dry_run:
        print(f"{_letters(found['letters'])} would be discarded. Nothing was done.")
    else:
        before = found["settled_before"]
        also = f"; {before} had been settled before" if before else ""
        print(f"Discarded: {_letters(found['discarded'])}{also}.")


def _chosen(places: list[str] | None, all: bool, filters: dict[str, Any]) -> dict[str, Any]:
    if sum(map(bool, (places, all, filters))) != 1:
        what = "Nothing was chosen." if not (places or all or filters) else "Too much was chosen."
        raise Problem(what, "give one of: offsets, --all, or filters (--type, --since, …)")
    return {"places": places} if places else {"all": True} if all else filters


def _letters(count: int) -> str:
    from learnflow.cli.output import counted

    return counted(count, "dead letter", "dead letters")


def _show_plan(plan: dict[str, Any]) -> None:
    from learnflow.cli.event_lines import short, short_type
    from learnflow.cli.output import clock, console
    from learnflow.cli.replays import show_plan

    width = console().width
    first: list[tuple[object, ...]] = [
        (
            *(clock(one["at"]), short_type(one["type"]), one["offset"]),
            *(short(one["event_id"], width), (one["source"] or "").partition("-on-")[0]),
        )
        for one in plan["first"]
    ]
    show_plan(plan, "offset", first)
