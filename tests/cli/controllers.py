"""Stand-ins for the controllers and operators of a cluster: they say that all is ready."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from learnflow.cluster.client import Cluster
from learnflow.cluster.plan import Plan
from learnflow.cluster.readiness import state_of

Fields = Mapping[str, Any]
INJECTOR = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "dapr-sidecar-injector", "namespace": "dapr-system"},
}


@asynccontextmanager
async def controllers(cluster: Cluster, plan: Plan) -> AsyncIterator[None]:
    """While the block runs, whatever of the plan is there becomes ready."""
    fields = [each.fields for each in plan.documents if not state_of(each.fields).ready]
    fields.append(INJECTOR)
    task = asyncio.create_task(_run(cluster, fields))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _run(cluster: Cluster, resources: list[dict[str, Any]]) -> None:
    while True:
        for each in resources:
            there = await cluster.get(each)
            if there and state_of(there).is_ == "waiting":
                await say(cluster, there, status_of(there))
        await asyncio.sleep(0.05)


async def say(cluster: Cluster, there: Fields, status: Fields) -> None:
    """Write the status of a resource, as its controller would."""
    path = f"{await cluster._path(dict(there))}/status"
    await cluster._ask(
        "PATCH",
        path,
        content=json.dumps({"status": status}),
        headers={"content-type": "application/merge-patch+json"},
    )


def status_of(there: Fields) -> dict[str, Any]:
    """The status of a resource that is ready."""
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    name, kind = there["metadata"]["name"], there["kind"]
    generation = there["metadata"].get("generation", 1)
    if kind == "Job":
        return {"startTime": now, "completionTime": now, "succeeded": 1, "conditions": [
            {"type": each, "status": "True", "lastTransitionTime": now}
            for each in ("SuccessCriteriaMet", "Complete")
        ]}  # fmt: skip
    if there["apiVersion"] == "apps/v1":
        counted = ("replicas", "readyReplicas", "updatedReplicas", "availableReplicas")
        return {"observedGeneration": generation, **dict.fromkeys(counted, 1)}
    ready = {"type": "Ready", "status": "True", "lastTransitionTime": now}
    url = {"url": f"http://{name}.learnflow.localhost"} if "knative" in there["apiVersion"] else {}
    return {"observedGeneration": generation, "conditions": [ready], **url}
