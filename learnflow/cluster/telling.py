"""`cluster demo`: the embedded demonstration's own story against the functions of a cluster."""

import base64
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Final

from learnflow.cluster.checking import View
from learnflow.cluster.client import Cluster
from learnflow.cluster.errors import ClusterError
from learnflow.cluster.gateway import Paths, gateway
from learnflow.cluster.looking import NAMESPACE
from learnflow.cluster.plan import ROOT
from learnflow.demo.examples import load
from learnflow.demo.result import Result
from learnflow.demo.story import Running, Story
from learnflow.manifests import read_system

KOURIER: Final = ("kourier-system", "app=3scale-kourier-gateway", 8080)
AUDITED: Final = ("students", "tutors")
PATIENCE_SECONDS: Final = 180.0
"""A pod's start takes seconds, and each of the flow's functions is at zero."""


async def tell(cluster: Cluster, ingress: str | None, view: View, began: float) -> Result:
    """Send the examples and audit the databases, by port-forwards. Raises ClusterError."""
    async with running(cluster, ingress) as found:
        return await Story(found, load(), view, began, patience=PATIENCE_SECONDS).tell()


@asynccontextmanager
async def running(cluster: Cluster, ingress: str | None) -> AsyncIterator[Running]:
    """The cluster as the story needs it: one address, the databases, no list of instances."""
    async with AsyncExitStack() as open_:
        addresses = await _addresses(cluster)
        if ingress is None:
            ingress = await open_.enter_async_context(_kourier(cluster))
        dsns = {
            short: await open_.enter_async_context(_database(cluster, short)) for short in AUDITED
        }
        paths = Paths(read_system(ROOT).functions)
        url = await open_.enter_async_context(gateway(paths, addresses, ingress.rstrip("/")))
        yield Running(url, lambda name: dsns[name], lambda: ())


async def _addresses(cluster: Cluster) -> dict[str, str]:
    found = {}
    for each in await cluster.all("serving.knative.dev/v1", "Service", NAMESPACE):
        if url := (each.get("status") or {}).get("url"):
            found[each["metadata"]["name"]] = str(url)
    if not found:
        raise ClusterError(
            "The cluster has no function that has an address.", "learnflow cluster up first"
        )
    return found


@asynccontextmanager
async def _kourier(cluster: Cluster) -> AsyncIterator[str]:
    namespace, selector, port = KOURIER
    pods = await cluster.all("v1", "Pod", namespace, labelSelector=selector)
    if not pods:
        raise ClusterError(
            "Kourier, through which functions are called, does not run.",
            "learnflow cluster up; or name another ingress with --ingress http://HOST:PORT",
            namespace,
        )
    async with cluster.forward(namespace, pods[0]["metadata"]["name"], port) as local:
        yield f"http://127.0.0.1:{local}"


@asynccontextmanager
async def _database(cluster: Cluster, short: str) -> AsyncIterator[str]:
    """The address of a database by a port-forward, as its owner: the audit only reads."""
    service = await cluster.get(_named("Service", f"{short}-db-rw"))
    secret = await cluster.get(_named("Secret", f"{short}-db-owner"))
    selector = ((service or {}).get("spec") or {}).get("selector") or {}
    labels = ",".join(f"{key}={value}" for key, value in selector.items())
    pods = await cluster.all("v1", "Pod", NAMESPACE, labelSelector=labels) if labels else []
    if not pods or secret is None:
        raise ClusterError(
            f"The database {short}-db, or the Secret of its owner, is not there.",
            "learnflow cluster up makes both",
            NAMESPACE,
        )
    user, password = (
        base64.b64decode(secret["data"][key]).decode() for key in ("username", "password")
    )
    async with cluster.forward(NAMESPACE, pods[0]["metadata"]["name"], 5432) as local:
        yield f"postgresql://{user}:{password}@127.0.0.1:{local}/{short}_db"


def _named(kind: str, name: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": kind,
        "metadata": {"name": name, "namespace": NAMESPACE},
    }
