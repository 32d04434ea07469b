"""`learnflow dead-letters`: events that could not be delivered, why, and their way back."""

from typing import Annotated

import typer

from learnflow.cli.options import Json, Limit

dead_letters = typer.Typer(
    help="Events that could not be delivered, and why.", no_args_is_help=True
)
Place = Annotated[
    str,
    typer.Argument(help="The letter's offset, as `list` shows it."),
]


@dead_letters.command("list")
def list_letters(limit: Limit = 50, json: Json = False) -> None:
    """The newest dead letters."""
    from learnflow.cli.output import clock, print_json, print_table
    from learnflow.cli.place import control

    found = control().get("dead-letters", limit=limit)["dead_letters"]
    if json:
        print_json(found)
        return
    if not found:
        print("No dead letters.")
        return
    columns = ("offset", "time", "type", "source", ">status", "reason", "event")
    rows = [
        (
            one["offset"],
            clock(one["at"]),
            one["type"],
            one["source"],
            one.get("status"),
            one.get("reason") or one.get("error"),
            one["event_id"],
        )
        for one in found
    ]
    print_table(columns, rows)


@dead_letters.command("show")
def show_letter(offset: Place, json: Json = False) -> None:
    """One dead letter, whole."""
    from json import dumps

    from learnflow.cli.output import print_json
    from learnflow.cli.place import control

    found = control().get("dead-letters", offset)
    if json:
        print_json(found)
    else:
        print(dumps(found, indent=2, ensure_ascii=False))


@dead_letters.command("replay")
def replay_letter(offset: Place, json: Json = False) -> None:
    """Deliver a dead letter once more to the source that failed it."""
    from learnflow.cli.output import print_json
    from learnflow.cli.place import control
    from learnflow.cli.problem import Problem

    found = control().post("dead-letters", offset, "replay")
    if json:
        print_json(found)
        return
    print(f"{found.get('source', 'replay')}: {found['state']}")
    if found["state"] not in ("delivered", "under way"):
        raise Problem(
            "It failed again.", "learnflow dead-letters list shows the reason", f"offset {offset}"
        )
