"""Why a resource is not ready: its pods' troubles, its last events and log lines."""

import contextlib
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from learnflow.cluster.client import Cluster, Declined
from learnflow.cluster.errors import ClusterError, NoRoom

IMAGE_REASONS: Final = frozenset(
    {"ErrImageNeverPull", "ImagePullBackOff", "ErrImagePull", "InvalidImageName"}
)
CONFIG_REASONS: Final = frozenset({"CreateContainerConfigError", "CreateContainerError"})
LINES: Final = 8
Fields = Mapping[str, Any]


def selector_of(fields: Fields) -> str | None:
    """The label selector of a resource's pods; None for kinds without."""
    name, kind = fields["metadata"]["name"], fields["kind"]
    group = str(fields.get("apiVersion", "")).rpartition("/")[0]
    if kind == "Job":
        return f"batch.kubernetes.io/job-name={name}"
    if group == "serving.knative.dev":
        return f"serving.knative.dev/service={name}"
    if group == "apps":
        labels = fields["spec"]["selector"]["matchLabels"]
        return ",".join(f"{key}={value}" for key, value in labels.items())
    if group == "kafka.strimzi.io":
        return f"strimzi.io/cluster={name}"
    if group == "postgresql.cnpg.io":
        return f"cnpg.io/cluster={name}"
    return None


def trouble_of(pod: Fields) -> ClusterError | None:
    """What keeps a pod from starting at all, where waiting alone seldom helps."""
    name = pod["metadata"]["name"]
    status = pod.get("status") or {}
    for each in status.get("conditions") or ():
        if each.get("reason") == "Unschedulable":
            return NoRoom(
                f"No node has room for the pod {name}: {str(each.get('message')).rstrip('.')}.",
                "give the cluster more CPU or memory (minikube delete, then start with "
                "--cpus=6 --memory=12g), then learnflow cluster up again",
            )
    containers = [*(status.get("initContainerStatuses") or ())]
    containers += status.get("containerStatuses") or ()
    for each in containers:
        waiting = (each.get("state") or {}).get("waiting") or {}
        reason, said = waiting.get("reason", ""), waiting.get("message", "")
        if reason in IMAGE_REASONS:
            return ClusterError(
                f"The image {each.get('image')} is not on the node.",
                f"minikube -p learnflow image load {each.get('image')}, or name another with "
                "--image-tag; then learnflow cluster up again",
                f"container {each.get('name')} of the pod {name}",
            )
        if reason in CONFIG_REASONS and (missing := re.search(r'secret "([^"]+)" not found', said)):
            return ClusterError(
                f"The Secret {missing[1]} is missing.",
                "learnflow cluster up makes those of the databases; in production its "
                "ExternalSecret says why: kubectl -n learnflow describe externalsecret",
                f"container {each.get('name')} of the pod {name}",
            )
        if reason in CONFIG_REASONS:
            return ClusterError(
                f"A container of the pod {name} cannot be made: {said}.",
                "mend what it names, then learnflow cluster up again",
                f"container {each.get('name')}",
            )
    return None


async def pods_of(cluster: Cluster, fields: Fields) -> list[dict[str, Any]]:
    """The pods of a resource; none for kinds that have none."""
    selector = selector_of(fields)
    if selector is None:
        return []
    namespace = fields["metadata"].get("namespace")
    return await cluster.all("v1", "Pod", namespace, labelSelector=selector)


async def trouble(cluster: Cluster, fields: Fields) -> ClusterError | None:
    """The first trouble among a resource's pods."""
    found = [trouble_of(pod) for pod in await pods_of(cluster, fields)]
    return next((each for each in found if each), None)


async def last_words(cluster: Cluster, fields: Fields) -> list[str]:
    """The last events of a resource and its pods, and the last log lines of what is not ready."""
    namespace = fields["metadata"].get("namespace")
    pods = await pods_of(cluster, fields)
    names = {fields["metadata"]["name"], *(pod["metadata"]["name"] for pod in pods)}
    events = await cluster.all("v1", "Event", namespace)
    lines = event_lines(events, names)
    for pod in pods:
        for container in not_ready(pod):
            lines += await _log(cluster, pod, container)
    return lines


def event_lines(events: Sequence[Fields], names: set[str], most: int = LINES) -> list[str]:
    """The newest warnings about these names; other events where there is no warning."""
    about = [each for each in events if (each.get("involvedObject") or {}).get("name") in names]
    warnings = [each for each in about if each.get("type") == "Warning"] or about
    newest = sorted(warnings, key=_moment)[-most:]
    return [
        f"event {each['involvedObject']['kind']} {each['involvedObject']['name']}: "
        f"{each.get('reason')}: {' '.join(str(each.get('message')).split())}"
        for each in newest
    ]


def _moment(event: Fields) -> str:
    for key in ("lastTimestamp", "eventTime"):
        if event.get(key):
            return str(event[key])
    return str(event["metadata"].get("creationTimestamp") or "")


def not_ready(pod: Fields) -> list[str]:
    """The containers of a pod that started and are not ready or failed."""
    status = pod.get("status") or {}
    found = []
    for each in [
        *(status.get("initContainerStatuses") or ()),
        *status.get("containerStatuses", ()),
    ]:
        state = {**(each.get("lastState") or {}), **(each.get("state") or {})}
        over = state.get("terminated") or {}
        failed = bool(over) and over.get("exitCode") != 0
        if failed or ("running" in state and not each.get("ready")):
            found.append(str(each["name"]))
    return found


async def _log(cluster: Cluster, pod: Fields, container: str) -> list[str]:
    metadata = pod["metadata"]
    path = f"/api/v1/namespaces/{metadata['namespace']}/pods/{metadata['name']}/log"
    for previous in ("false", "true"):
        with contextlib.suppress(Declined):
            said = await cluster.text(
                path, container=container, tailLines=str(LINES), previous=previous
            )
            if said.strip():
                return [f"log {metadata['name']} {container}: {one}" for one in said.splitlines()]
    return []
