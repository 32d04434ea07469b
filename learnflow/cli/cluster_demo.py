"""`learnflow cluster demo`: the demonstration's story, told to a cluster."""

import time
from typing import Annotated

import typer

from learnflow.cli.cluster_options import Context, connected
from learnflow.cli.options import Json


def demo(
    context: Context = None,
    ingress: Annotated[
        str | None,
        typer.Option(
            envvar="LEARNFLOW_INGRESS",
            help="Where functions answer by their host name; left out: a port-forward to Kourier.",
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Register the examples at the functions' addresses, follow them, audit the databases."""
    from learnflow.cli.output import print_json
    from learnflow.cli.problem import Problem
    from learnflow.cli.show_result import show_result
    from learnflow.cli.stages import Stages
    from learnflow.cluster.telling import tell

    began = time.monotonic()
    with Stages(stderr=json) as view:
        result = connected(context, lambda cluster: tell(cluster, ingress, view, began))
    if json:
        print_json(result.document())
    else:
        show_result(result, "", stay=False)
    if not result.fine:
        raise Problem("Not everything went as promised on the cluster.", "learnflow cluster status")
