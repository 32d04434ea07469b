"""Lints over who reaches whom in an overlay: policies, Services and monitors that select."""

from collections.abc import Iterator
from typing import Any, Final

from learnflow.manifests.document import Document
from learnflow.manifests.network import fits, places, types_of
from learnflow.manifests.pods import group_of
from learnflow.manifests.rules import Lint, Tree, across

Together = Iterator[tuple[Document, str, object]]
HOME: Final = "learnflow"
FUNCTIONS_OWN_PORT: Final = 8080
_STANDARD: Final = "pod-security.kubernetes.io/enforce"


@across("every namespace enforces the restricted Pod Security Standard of Kubernetes 1.34")
def namespaces(tree: Tree) -> Together:
    there = {each.name for each in tree.of("Namespace")}
    for each in tree.of("Namespace"):
        labels = each.at("metadata", "labels") or {}
        said = (labels.get(_STANDARD), labels.get(f"{_STANDARD}-version"))
        if said != ("restricted", "v1.34"):
            yield each, "metadata.labels", said
    for document in tree.documents:
        namespace = document.at("metadata", "namespace")
        if namespace is not None and namespace not in there:
            yield document, "metadata.namespace", namespace


@across("in learnflow nothing comes in or goes out unless a policy names it")
def default_deny(tree: Tree) -> Together:
    closed = set()
    for each in tree.of("NetworkPolicy"):
        everyone = not each.at("spec", "podSelector") and each.at("metadata", "namespace") == HOME
        for direction in types_of(each):
            if everyone and not each.at("spec", direction.lower()):
                closed.add(direction)
    for direction in {"Ingress", "Egress"} - closed:
        yield tree.documents[0], "NetworkPolicy", f"no denial of all {direction}"


@across("policies and their peers of the same namespace select pods that are there")
def selects(tree: Tree) -> Together:
    there = tuple(places(tree))
    for policy in tree.of("NetworkPolicy"):
        home = policy.at("metadata", "namespace")
        for path, selector in _selectors(policy):
            if not any(each.namespace == home and fits(selector, each.labels) for each in there):
                yield policy, path, selector


def _selectors(policy: Document) -> Iterator[tuple[str, dict[str, Any]]]:
    yield "spec.podSelector", policy.at("spec", "podSelector") or {}
    for direction, side in (("ingress", "from"), ("egress", "to")):
        for rule in policy.at("spec", direction) or ():
            for peer in rule.get(side) or ():
                if "namespaceSelector" not in peer:
                    yield f"spec.{direction}", peer.get("podSelector") or {}


@across(f"nobody is let in to {FUNCTIONS_OWN_PORT}, a function's port behind queue-proxy")
def behind_queue_proxy(tree: Tree) -> Together:
    functions = [each for each in places(tree) if "queue-port" in each.ports]
    for policy in tree.of("NetworkPolicy"):
        if not any(fits(policy.at("spec", "podSelector") or {}, each.labels) for each in functions):
            continue
        for rule in policy.at("spec", "ingress") or ():
            ports = [each.get("port") for each in rule.get("ports") or ()]
            if not ports or FUNCTIONS_OWN_PORT in ports:
                yield policy, "spec.ingress", ports


@across("a Service selects pods that are there and names one of their ports")
def services(tree: Tree) -> Together:
    there = tuple(places(tree))
    for service in tree.of("Service"):
        selector = service.at("spec", "selector")
        if group_of(service) or not selector:
            continue
        chosen = [each for each in there if fits({"matchLabels": selector}, each.labels)]
        if not chosen:
            yield service, "spec.selector", selector
        for port in service.at("spec", "ports") or ():
            if not all(port.get("targetPort") in each.ports for each in chosen):
                yield service, "spec.ports", port.get("targetPort")


@across("a PodMonitor selects pods that are there and names one of their ports")
def monitors(tree: Tree) -> Together:
    there = tuple(places(tree))
    for monitor in tree.of("PodMonitor"):
        home, selector = monitor.at("metadata", "namespace"), monitor.at("spec", "selector") or {}
        chosen = [each for each in there if each.namespace == home and fits(selector, each.labels)]
        if not chosen:
            yield monitor, "spec.selector", selector
        for place in monitor.at("spec", "podMetricsEndpoints") or ():
            if not all(place.get("port") in each.ports for each in chosen):
                yield monitor, "spec.podMetricsEndpoints", place.get("port")


LINTS: tuple[Lint, ...] = (
    namespaces,
    default_deny,
    selects,
    behind_queue_proxy,
    services,
    monitors,
)
