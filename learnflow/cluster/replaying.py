"""`cluster replay`: a second KafkaSource, whose new group reads its topics from the beginning."""

import asyncio
import copy
import time
from typing import Any, Final

from learnflow.cluster.applying import apply_all, wait_for
from learnflow.cluster.checking import View
from learnflow.cluster.client import Cluster
from learnflow.cluster.errors import ClusterError
from learnflow.cluster.looking import NAMESPACE, lag_of
from learnflow.cluster.looking import metrics as exporter

VERSION: Final = "sources.knative.dev/v1"
LABEL: Final = "learnflow.org/replay"
SETTLED: Final = 3
"""Looks in a row without lag that end a replay: the exporter is a moment behind."""
LOOK_SECONDS: Final = 5.0
Fields = dict[str, Any]


def replay_of(source: Fields, replay_id: str) -> Fields:
    """The second source: a group of its own, from the beginning, events marked with `replayid`."""
    spec = copy.deepcopy(source["spec"])
    name = f"{source['metadata']['name'][:40].rstrip('-')}-{replay_id}"
    spec["consumerGroup"], spec["initialOffset"] = name, "earliest"
    spec["ceOverrides"] = {"extensions": {"replayid": replay_id}}
    metadata = {
        "name": name,
        "namespace": source["metadata"]["namespace"],
        "labels": {LABEL: source["metadata"]["name"]},
    }
    return {"apiVersion": VERSION, "kind": "KafkaSource", "metadata": metadata, "spec": spec}


async def replays(cluster: Cluster, namespace: str = NAMESPACE) -> list[Fields]:
    """The replays that run."""
    return await cluster.all(VERSION, "KafkaSource", namespace, labelSelector=LABEL)


async def start(cluster: Cluster, name: str, replay_id: str, patience: float, view: View) -> Fields:
    """Make the second source and wait for it. Raises ClusterError."""
    every = await cluster.all(VERSION, "KafkaSource", NAMESPACE)
    sources = [each for each in every if LABEL not in (each["metadata"].get("labels") or {})]
    chosen = next((each for each in sources if each["metadata"]["name"] == name), None)
    if chosen is None:
        known = ", ".join(sorted(each["metadata"]["name"] for each in sources))
        raise ClusterError(
            f"The cluster has no source {name}.", f"choose one of: {known or 'none is there'}"
        )
    if running := [each for each in every if each not in sources]:
        other = running[0]["metadata"]
        raise ClusterError(
            f"A replay runs already: {other['name']}.",
            f"let it end, or end it: learnflow cluster replay {other['labels'][LABEL]} --end",
        )
    second = replay_of(chosen, replay_id)
    await apply_all(cluster, [(second, "the copy of a source")])
    await wait_for(cluster, [second], patience, view, f"replay {replay_id}")
    return second


async def follow(cluster: Cluster, second: Fields, patience: float, view: View) -> bool:
    """Until its group has no lag; False where nothing here tells lag. Raises ClusterError."""
    group, quiet = second["spec"]["consumerGroup"], 0
    deadline = time.monotonic() + patience
    while quiet < SETTLED:
        text, unknown = await exporter(cluster)
        if text is None:
            view.line("warn", "lag", unknown)
            return False
        lag = lag_of(text)[0].get(group)
        quiet = quiet + 1 if lag == 0 else 0
        view.now(f"{group}: {'no offsets yet' if lag is None else f'{lag} records to go'}")
        if time.monotonic() > deadline:
            raise ClusterError(
                f"The replay is not through after {patience:.0f} s.",
                "it goes on: learnflow cluster status shows its lag; end it with --end",
            )
        await asyncio.sleep(LOOK_SECONDS)
    return True


async def end(cluster: Cluster, name: str) -> int:
    """Delete the replays of a source, their groups with them; how many there were."""
    mine = [
        each for each in await replays(cluster) if each["metadata"]["labels"].get(LABEL) == name
    ]
    for each in mine:
        await cluster.delete(each)
    return len(mine)
