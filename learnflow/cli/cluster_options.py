"""What the cluster commands share: options, and running one with a connection."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

if TYPE_CHECKING:
    from learnflow.cluster.client import Cluster

T = TypeVar("T")
Context = Annotated[
    str | None,
    typer.Option(
        "--context",
        envvar="LEARNFLOW_CONTEXT",
        help="A context of the kubeconfig; left out: its current one.",
    ),
]
Overlay = Annotated[
    str,
    typer.Option(
        "--overlay",
        envvar="LEARNFLOW_OVERLAY",
        help="minikube, production, dapr-subscriptions, or a folder with a kustomization.yaml.",
    ),
]
Patience = Annotated[
    float,
    typer.Option(
        "--timeout", envvar="LEARNFLOW_TIMEOUT", min=1, help="Seconds that one wave may take."
    ),
]


def connected(context: str | None, work: "Callable[[Cluster], Awaitable[T]]") -> T:
    """Run `work` with a connection; its errors are shown as problems."""
    import asyncio

    from learnflow.cli.problem import explained

    async def run() -> T:
        from learnflow.cluster.client import Cluster

        async with await Cluster.open(context) as cluster:
            return await work(cluster)

    with explained():
        return asyncio.run(run())
