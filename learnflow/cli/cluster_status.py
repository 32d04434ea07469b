"""`learnflow cluster status`: what runs there, and what does not."""

from typing import TYPE_CHECKING

import typer

from learnflow.cli.cluster_options import Context, connected
from learnflow.cli.options import Json

if TYPE_CHECKING:
    from learnflow.cluster.looking import Status


def status(context: Context = None, json: Json = False) -> None:
    """Show functions and their replicas, servers, stuck Jobs, lag and dead letters.

    The exit code is 1 when something is not ready.
    """
    from learnflow.cli.output import print_json
    from learnflow.cluster import looking

    found = connected(context, looking.status)
    if json:
        print_json(found.document())
    else:
        _show(found)
    if not found.fine:
        raise typer.Exit(1)


def _show(found: "Status") -> None:
    from learnflow.cli.output import print_table

    if not (found.functions or found.servers):
        print("LearnFlow is not on this cluster: learnflow cluster up")
        return
    print_table(
        ("function", "state", ">replicas", "address"),
        [(each.name, each.why or "ready", each.replicas, each.url) for each in found.functions],
    )
    print_table(
        ("kind", "name", "state"),
        [(each.kind, each.name, each.why or "ready") for each in found.servers],
    )
    print_table(
        ("source", "state", ">lag"),
        [
            (each.name, each.why or "ready", "unknown" if each.lag is None else each.lag)
            for each in found.sources
        ],
    )
    for name, why in found.stuck_jobs:
        print(f"stuck Job {name}: {why}")
    letters = "unknown" if found.dead_letters is None else found.dead_letters
    print(f"dead letters: {letters}{f' ({found.unknown})' if found.unknown else ''}")
