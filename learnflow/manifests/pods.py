"""The pods that resources describe, wherever their kind keeps the description."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from learnflow.manifests.document import Document
from learnflow.manifests.rules import Tree

SERVING: Final = "serving.knative.dev"
_TEMPLATES: Final = {
    ("apps", "Deployment"): ("spec", "template"),
    ("apps", "StatefulSet"): ("spec", "template"),
    ("batch", "Job"): ("spec", "template"),
    ("batch", "CronJob"): ("spec", "jobTemplate", "spec", "template"),
    ("sinks.knative.dev", "JobSink"): ("spec", "job", "spec", "template"),
    (SERVING, "Service"): ("spec", "template"),
}
_JOBS: Final = ("Job", "CronJob", "JobSink")


@dataclass(frozen=True, slots=True)
class Pods:
    """The pods of one resource, and the path under which they are described."""

    owner: Document
    path: str
    template: dict[str, Any]

    @property
    def spec(self) -> dict[str, Any]:
        return self.template.get("spec") or {}

    @property
    def annotations(self) -> dict[str, str]:
        return (self.template.get("metadata") or {}).get("annotations") or {}

    @property
    def labels(self) -> dict[str, str]:
        """Their labels; Knative adds the name of its Service."""
        written = (self.template.get("metadata") or {}).get("labels") or {}
        added = {f"{SERVING}/service": self.owner.name} if self.is_function else {}
        return {**written, **added}

    @property
    def is_function(self) -> bool:
        return group_of(self.owner) == SERVING

    @property
    def is_job(self) -> bool:
        return self.owner.kind in _JOBS

    @property
    def containers(self) -> list[dict[str, Any]]:
        """Init containers too."""
        return [*self.spec.get("initContainers", ()), *self.spec.get("containers", ())]

    @property
    def has_sidecar(self) -> bool:
        return self.annotations.get("dapr.io/enabled") == "true"


def group_of(document: Document) -> str:
    """The API group; empty for Kubernetes' core."""
    return str(document.at("apiVersion")).rpartition("/")[0]


def pods_of(tree: Tree) -> Iterator[Pods]:
    """All pods that a tree describes itself (operators' pods are not among them)."""
    for document in tree.documents:
        path = _TEMPLATES.get((group_of(document), document.kind))
        template = document.at(*path) if path else None
        if path and isinstance(template, dict):
            yield Pods(document, ".".join(path), template)


def functions(tree: Tree) -> tuple[Document, ...]:
    """The Knative Services, which share their kind's name with Kubernetes' own."""
    return tuple(each for each in tree.of("Service") if group_of(each) == SERVING)
