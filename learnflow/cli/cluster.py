"""`learnflow cluster`: the same LearnFlow on Kubernetes."""

import typer

from learnflow.cli.cluster_demo import demo
from learnflow.cli.cluster_down import down
from learnflow.cli.cluster_replay import replay
from learnflow.cli.cluster_status import status
from learnflow.cli.cluster_up import up

cluster = typer.Typer(
    help="LearnFlow on Kubernetes: bring it up, look at it, take it down.", no_args_is_help=True
)
for command in (up, status, demo, replay, down):
    cluster.command()(command)
