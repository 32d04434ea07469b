"""Each metric that a dashboard or an alert asks for, sought where its PodMonitor would have it.

Pods, ports and paths are the PodMonitors' own, so a port that has another name is noticed as well.
"""

import asyncio
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

from learnflow.cluster.client import Cluster, Declined
from learnflow.manifests.document import Document
from tests.cluster.acting import acting
from tests.cluster.calling import call
from tests.cluster.story import one_match
from tests.manifests.monitored import expressions, metrics
from tests.manifests.overlays import rendered

ABSENT: Final = {
    "kafka_": "Strimzi's kafkaExporter is not here",
    "cnpg_": "CloudNativePG's pooler is not here",
}
ALIVE: Final = ("register-student", "find-student", "list-tutors")
_SAMPLE: Final = re.compile(r"^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? [-+.\w]+", re.MULTILINE)
_LABEL: Final = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
_ASKED: Final = re.compile(r"(\w+)\{([^}]*)\}|\bby \(([^)]*)\)")
Fields = dict[str, Any]


@dataclass
class Seen:
    """What was scraped: of each metric, who told it, and its labels' values."""

    by: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    labels: dict[str, dict[str, set[str]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(set))
    )
    targets: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def add(self, monitor: str, text: str, target: Mapping[str, str]) -> None:
        """Take what a target answered; `target` are labels that Prometheus adds."""
        self.targets[monitor] += 1
        for name, labels in _SAMPLE.findall(text):
            self.by[name].add(monitor)
            for label, value in (*_LABEL.findall(labels), *target.items()):
                self.labels[name][label].add(value)


@dataclass(frozen=True, slots=True)
class Found:
    """One query: `state` is found, absent or missing; `where` says why or by whom it was told."""

    title: str
    query: str
    state: str
    where: str


async def queries() -> list[Found]:
    """Every query, after one match: found where, or not. What is missing is a mistake."""
    async with acting(), await Cluster.open() as cluster:
        await one_match()
        await asyncio.gather(*(call(each) for each in ALIVE))
        seen = await scraped(cluster)
    return [_sought(title, query, seen) for title, query in expressions()]


async def scraped(cluster: Cluster) -> Seen:
    """All that the PodMonitors' targets say, through the API server."""
    seen = Seen()
    monitors = [each for each in rendered("production") if each.kind == "PodMonitor"]
    for monitor in monitors:
        namespace = str(monitor.at("metadata", "namespace"))
        chosen = _selector(monitor.at("spec", "selector"))
        for pod in await cluster.all("v1", "Pod", namespace, labelSelector=chosen):
            for endpoint in monitor.at("spec", "podMetricsEndpoints"):
                for number in _ports(pod, endpoint["port"]):
                    name = pod["metadata"]["name"]
                    path = f"/api/v1/namespaces/{namespace}/pods/{name}:{number}/proxy"
                    with suppress(Declined):  # a pod that is on its way out
                        text = await cluster.text(path + endpoint.get("path", "/metrics"))
                        target = _target_labels(monitor, pod)
                        seen.add(f"{namespace}/{monitor.name}", text, target)
    return seen


def _target_labels(monitor: Document, pod: Fields) -> dict[str, str]:
    """As the operator has them written: what is no letter or number becomes an underscore."""
    labels = pod["metadata"].get("labels") or {}
    wanted = monitor.at("spec", "podTargetLabels") or ()
    found = {re.sub(r"\W", "_", key): labels[key] for key in wanted if key in labels}
    return {**found, "pod": pod["metadata"]["name"]}


def _selector(fields: Mapping[str, Any]) -> str:
    said = [f"{key}={value}" for key, value in fields.get("matchLabels", {}).items()]
    return ",".join([*said, *(each["key"] for each in fields.get("matchExpressions", ()))])


def _ports(pod: Fields, name: str) -> Iterator[int]:
    spec = pod["spec"]
    for container in [*spec["containers"], *spec.get("initContainers", ())]:
        for port in container.get("ports", ()):
            if port.get("name") == name:
                yield port["containerPort"]


def _sought(title: str, query: str, seen: Seen) -> Found:
    asked = metrics(query)
    for name in asked - {"up"}:
        reason = next((why for part, why in ABSENT.items() if name.startswith(part)), None)
        if reason:
            return Found(title, query, "absent", reason)
        if name not in seen.by:
            return Found(title, query, "missing", f"nobody tells {name}")
        for label, value in _labels(query):
            values = seen.labels[name].get(label)
            if label != "le" and values is None:
                return Found(title, query, "missing", f"{name} has no label {label}")
            if value and label != "success" and value not in (values or ()):
                return Found(title, query, "missing", f"{name}: {label} is never {value}")
    jobs = {value for label, value in _labels(query) if label == "job"}
    if silent := [each for each in jobs if not seen.targets.get(each)]:
        return Found(title, query, "missing", f"no target of {', '.join(silent)} answers")
    where = jobs or {one for name in asked for one in seen.by[name]}
    return Found(title, query, "found", ", ".join(sorted(where)))


def _labels(query: str) -> Iterator[tuple[str, str]]:
    """The labels that a query selects or sums by, with the value that it wants, if any."""
    for _, selected, summed in _ASKED.findall(query):
        yield from _LABEL.findall(selected)
        yield from ((label.strip(), "") for label in summed.split(",") if label.strip())
