"""`learnflow cluster down`: LearnFlow off the cluster, its data only when you say so."""

from typing import Annotated

import typer

from learnflow.cli.cluster_options import Context, Overlay, connected
from learnflow.cli.options import Json

Keep = Annotated[
    bool,
    typer.Option(
        "--keep-data",
        envvar="LEARNFLOW_KEEP_DATA",
        help="Keep Kafka, topics, Secrets and the databases' volumes.",
    ),
]
Sure = Annotated[
    bool,
    typer.Option("--yes", "-y", envvar="LEARNFLOW_YES", help="Remove data without asking."),
]


def down(
    overlay: Overlay = "minikube",
    context: Context = None,
    keep_data: Keep = False,
    yes: Sure = False,
    json: Json = False,
) -> None:
    """Take LearnFlow down, streams first; that may take 10 minutes. Operators stay."""
    from learnflow.cli.output import print_json
    from learnflow.cli.problem import Problem, explained
    from learnflow.cli.stages import Stages
    from learnflow.cluster import taking_down
    from learnflow.cluster.plan import plan

    with explained():
        wanted = plan(overlay)
    if not keep_data and not yes and not _sure(json):
        raise Problem("Nothing was removed.", "--yes removes the data, --keep-data keeps it")
    with Stages(stderr=json) as view:
        view.line("warn", "streams", "open ones end by themselves: it may take 10 minutes")
        count = connected(
            context,
            lambda cluster: taking_down.down(cluster, wanted, view, keep_data=keep_data),
        )
    if json:
        print_json({"deleted": count, "data": "kept" if keep_data else "deleted"})
        return
    kept = "operators and data are kept" if keep_data else "operators are kept"
    print(f"{count} resources deleted; {kept}.")


def _sure(json: bool) -> bool:
    """Ask on a terminal; nobody can answer in a pipe."""
    import sys

    if json or not sys.stdin.isatty():
        return False
    return typer.confirm("Remove all students, tutors, matches and events of this cluster?")
