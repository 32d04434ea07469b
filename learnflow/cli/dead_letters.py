"""`learnflow dead-letters`: events that could not be delivered, why, and their way back or out."""

from typing import Annotated

import typer

from learnflow.cli.dead_letters_many import discard_letters, replay_letters
from learnflow.cli.options import Json, Limit

dead_letters = typer.Typer(
    help="Events that could not be delivered, and why.", no_args_is_help=True
)
dead_letters.command("replay")(replay_letters)
dead_letters.command("discard")(discard_letters)


@dead_letters.command("list")
def list_letters(
    limit: Limit = 50,
    settled: Annotated[
        bool,
        typer.Option(
            "--settled", envvar="LEARNFLOW_SETTLED", help="Discarded and replayed ones too."
        ),
    ] = False,
    json: Json = False,
) -> None:
    """The newest dead letters that nobody has decided about."""
    from learnflow.cli.event_lines import letter_lines
    from learnflow.cli.output import console, print_json
    from learnflow.cli.place import control

    found = control().get("dead-letters", limit=limit, settled=1 if settled else None)
    letters = found["dead_letters"]
    if json:
        print_json(letters)
        return
    if not letters:
        print("No dead letters.")
        return
    printer = console()
    for one in letters:
        for line in letter_lines(one, printer.width):
            printer.print(line, soft_wrap=True)


@dead_letters.command("show")
def show_letter(
    offset: Annotated[str, typer.Argument(help="The letter's offset, as `list` shows it.")],
    json: Json = False,
) -> None:
    """One dead letter, whole."""
    from json import dumps

    from learnflow.cli.output import print_json
    from learnflow.cli.place import control

    found = control().get("dead-letters", offset)
    if json:
        print_json(found)
    else:
        print(dumps(found, indent=2, ensure_ascii=False))
