"""What a cluster must have before anything is applied: its version, kinds, and room."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from learnflow.cluster.errors import ClusterError
from learnflow.cluster.plan import Plan
from learnflow.manifests.lint_sums import cpu, mib, requests
from learnflow.manifests.rules import Tree

KUBERNETES: Final = (1, 34)
MINIKUBE: Final = "minikube start -p learnflow --cpus=6 --memory=12g --kubernetes-version=v1.34.0"
Node = Mapping[str, Any]


def check_kubernetes(version: str) -> None:
    """Raises ClusterError where the server is older than what the manifests were proved with."""
    if version_of(version)[:2] < KUBERNETES:
        raise ClusterError(
            f"The cluster runs Kubernetes {version}, and 1.34 or newer is needed.",
            f"upgrade it, or make another one: {MINIKUBE}",
        )


def version_of(text: str) -> tuple[int, ...]:
    """The numbers of v1.34.4, knative-v1.22.1 or an image's tag; empty where there are none."""
    found = re.search(r"(\d+)\.(\d+)(?:\.(\d+))?", text)
    return tuple(int(each) for each in found.groups() if each) if found else ()


def room(nodes: Iterable[Node]) -> tuple[float, float]:
    """Processors and MiB that the nodes have for pods, those that take none left out."""
    open_ = [each for each in nodes if not (each.get("spec") or {}).get("unschedulable")]
    said = [(each.get("status") or {}).get("allocatable") or {} for each in open_]
    return sum(cpu(each.get("cpu")) for each in said), sum(mib(each.get("memory")) for each in said)


def check_room(plan: Plan, nodes: Iterable[Node]) -> tuple[float, float, float, float]:
    """Needed and allocatable processors and MiB; raises ClusterError where there is too little.

    Needed is what the lint of the overlay sums up: the platform, every server, and 16 functions
    that start at once.
    """
    needed, there = requests(Tree(plan.documents)), room(nodes)
    if there[0] < needed[0]:
        raise ClusterError(
            f"The nodes have {there[0]:.1f} CPU for pods, and {needed[0]:.1f} are requested.",
            f"give it more ({MINIKUBE}), or carry on with --skip-room: pods may stay Pending",
        )
    if there[1] < needed[1]:
        raise ClusterError(
            f"The nodes have {there[1]:.0f} MiB for pods, and {needed[1]:.0f} are requested.",
            f"give it more ({MINIKUBE}), or carry on with --skip-room: pods may stay Pending",
        )
    return (*needed, *there)


def check_kinds(missing: Iterable[tuple[str, str]]) -> None:
    """Raises ClusterError where the cluster lacks a kind that the overlay needs."""
    lacking = list(missing)
    if not lacking:
        return
    said = ", ".join(f"{kind} ({version})" for version, kind in lacking)
    whose = sorted({OWNERS.get(_group(version), _group(version)) for version, _ in lacking})
    raise ClusterError(
        f"The cluster lacks these kinds: {said}.",
        f"install {', '.join(whose)}; without --skip-operators, up installs Knative, Strimzi "
        "and Dapr itself",
    )


OWNERS: Final = {
    "serving.knative.dev": "Knative Serving",
    "eventing.knative.dev": "Knative Eventing with its Kafka sink",
    "sinks.knative.dev": "Knative Eventing",
    "sources.knative.dev": "Knative's Kafka source",
    "kafka.strimzi.io": "Strimzi",
    "dapr.io": "Dapr",
    "postgresql.cnpg.io": "CloudNativePG",
    "external-secrets.io": "External Secrets",
    "monitoring.coreos.com": "the Prometheus operator",
}
"""Who brings which API group."""


def _group(version: str) -> str:
    return version.rpartition("/")[0]
