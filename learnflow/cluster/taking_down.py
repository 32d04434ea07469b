"""`cluster down`: the waves backwards, streams first; data only when it is not to be kept."""

import asyncio
import time
from collections.abc import Iterable
from typing import Any, Final

from learnflow.cluster.applying import named
from learnflow.cluster.checking import View
from learnflow.cluster.client import Cluster, Declined
from learnflow.cluster.errors import ClusterError
from learnflow.cluster.plan import Plan
from learnflow.manifests.document import Document
from learnflow.manifests.order import WAVES, wave_of

PATIENCE_SECONDS: Final = 660.0
"""A stream's request may last 600 s, and its pod waits for it."""
KEPT: Final = frozenset({0, 3, 4})
"""Waves that hold or guard data: namespaces and accounts, Kafka, topics."""
FUNCTIONS: Final = 6
SERVED: Final = "serving.knative.dev/service"
MIGRATION: Final = "learnflow.org/role=migration"
KIND_LABEL: Final = "learnflow.org/kind"
Fields = dict[str, Any]


def steps(plan: Plan, *, keep_data: bool) -> list[tuple[str, list[Document]]]:
    """What is deleted, in this order; namespaces are not among it.

    Sources go before functions, so that nothing is delivered to what is gone; of the functions
    streams go first, for they take longest. With `keep_data`, Kafka, topics, Secrets and volumes
    stay.
    """
    by_wave: dict[int, list[Document]] = {}
    for each in plan.documents:
        by_wave.setdefault(wave_of(each), []).append(each)
    found = []
    for wave in sorted(by_wave, reverse=True):
        if keep_data and wave in KEPT:
            continue
        chosen = [each for each in by_wave[wave] if each.kind != "Namespace"]
        streams = [each for each in chosen if is_stream(each)]
        rest = [each for each in chosen if not is_stream(each)]
        if streams:
            found.append(("streams", streams))
        if rest:
            found.append((WAVES[wave], rest))
    return found


def is_stream(document: Document) -> bool:
    """Whether it is a function that keeps connections open."""
    return bool(document.at("metadata", "labels", KIND_LABEL) == "stream")


async def down(
    cluster: Cluster,
    plan: Plan,
    view: View,
    *,
    keep_data: bool,
    patience: float = PATIENCE_SECONDS,
) -> int:
    """Delete what the plan names and wait for it; how many resources were there."""
    count = 0
    for stage, documents in steps(plan, keep_data=keep_data):
        count += await _delete(cluster, stage, [each.fields for each in documents], view, patience)
        if stage == WAVES[FUNCTIONS]:
            await _pods_gone(cluster, plan.namespace, view, patience)
    # a Job's name has the image's tag, which `up` was told and this was not
    jobs = await cluster.all("batch/v1", "Job", plan.namespace, labelSelector=MIGRATION)
    count += await _delete(cluster, "migrations", jobs, view, patience)
    if not keep_data:
        count += await _data(cluster, plan, view, patience)
    return count


async def _data(cluster: Cluster, plan: Plan, view: View, patience: float) -> int:
    """The brokers' volumes, and our namespaces with all that is left in them."""
    kafka = [each.name for each in plan.of("Kafka")]
    claims: list[Fields] = []
    for name in kafka:
        claims += await cluster.all(
            "v1", "PersistentVolumeClaim", labelSelector=f"strimzi.io/cluster={name}"
        )
    count = await _delete(cluster, "brokers' volumes", claims, view, patience)
    shared = {str(each.at("metadata", "namespace")) for each in plan.of("Kafka")}
    namespaces = [each.fields for each in plan.of("Namespace") if each.name not in shared]
    return count + await _delete(cluster, "namespaces", namespaces, view, patience)


async def _delete(
    cluster: Cluster, stage: str, resources: Iterable[Fields], view: View, patience: float
) -> int:
    going = []
    for fields in resources:
        if not await cluster.serves(fields["apiVersion"], fields["kind"]):
            continue
        try:
            if await cluster.delete(fields):
                going.append(fields)
        except Declined as declined:
            raise ClusterError(
                f"The cluster does not delete {named(fields)}: {declined.said.rstrip('.')}.",
                "mend what it says, then learnflow cluster down again",
            ) from declined
    if going:
        began = time.monotonic()
        await _gone(cluster, stage, going, view, patience)
        view.line("done", stage, f"{len(going)} deleted, {time.monotonic() - began:.0f} s")
    return len(going)


async def _pods_gone(cluster: Cluster, namespace: str, view: View, patience: float) -> None:
    """A function is gone at once and its pods only after their last request: databases wait."""
    pods = await cluster.all("v1", "Pod", namespace, labelSelector=SERVED)
    if pods:
        began = time.monotonic()
        await _gone(cluster, "functions' pods", pods, view, patience)
        took = time.monotonic() - began
        view.line("done", "functions' pods", f"{len(pods)} ended, {took:.0f} s")


async def _gone(
    cluster: Cluster, stage: str, going: list[Fields], view: View, patience: float
) -> None:
    deadline = time.monotonic() + patience
    count = len(going)
    while going := [each for each in going if await cluster.get(each) is not None]:
        view.now(f"{stage}: {count - len(going)} of {count} gone; {named(going[0])} still there")
        if time.monotonic() > deadline:
            there = await cluster.get(going[0]) or {}
            holds = ", ".join(there.get("metadata", {}).get("finalizers") or ()) or "its pods"
            raise ClusterError(
                f"{named(going[0])} is not gone after {patience:.0f} s: {holds} hold it.",
                "its operator must run to let it go; then learnflow cluster down again",
                going[0]["metadata"].get("namespace", ""),
            )
        await asyncio.sleep(1.0)
