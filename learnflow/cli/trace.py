"""`learnflow trace`: one request's way, from the gateway to who was told."""

from typing import Annotated

import typer

from learnflow.cli.options import Json


def trace(
    id: Annotated[
        str | None,
        typer.Argument(
            help="A trace (the header traceresponse has it), an event, a student, a tutor or a "
            "match; the beginning suffices."
        ),
    ] = None,
    last: Annotated[
        bool,
        typer.Option("--last", envvar="LEARNFLOW_LAST", help="The newest request that changed."),
    ] = False,
    limit: Annotated[
        int,
        typer.Option("--limit", envvar="LEARNFLOW_LIMIT", min=1, max=50, help="Traces at most."),
    ] = 5,
    json: Json = False,
) -> None:
    """Show what one request led to: HTTP, outbox, event log, functions, SQL, notifications."""
    from learnflow.cli.output import console, print_json
    from learnflow.cli.place import control
    from learnflow.cli.problem import Problem
    from learnflow.cli.waterfall import show

    if (id is None) == (not last):
        what = "Nothing was chosen." if id is None else "Too much was chosen."
        raise Problem(what, "give an id, or --last")
    found = control().get("traces", "last" if id is None else id, limit=limit)["traces"]
    if json:
        print_json(found)
        return
    for one in found:
        show(one, console())
