"""What NetworkPolicies allow: a small evaluator, for the selectors that ours use."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from learnflow.manifests.document import Document
from learnflow.manifests.pods import pods_of
from learnflow.manifests.rules import Tree

NAMESPACE: Final = "kubernetes.io/metadata.name"
Labels = Mapping[str, str]


@dataclass(frozen=True)
class Place:
    """Pods as a policy sees them: namespace and labels; `ports` by name, as far as known."""

    name: str
    namespace: str
    labels: Labels = field(default_factory=dict)
    ports: frozenset[str] = frozenset()


def allowed(policies: Sequence[Document], source: Place, target: Place, port: int) -> bool:
    """Whether a TCP connection passes both the source's egress and the target's ingress."""
    return _passes(policies, "Egress", source, target, port) and _passes(
        policies, "Ingress", target, source, port
    )


def _passes(
    policies: Sequence[Document], direction: str, of: Place, other: Place, port: int
) -> bool:
    mine = [each for each in policies if direction in types_of(each) and applies(each, of)]
    return not mine or any(
        _rule(rule, direction, each, other, port)
        for each in mine
        for rule in each.at("spec", direction.lower()) or ()
    )


def types_of(policy: Document) -> Sequence[str]:
    """Ingress, Egress or both; said, or by the rules that are there."""
    said = policy.at("spec", "policyTypes")
    implied = ["Ingress", *(["Egress"] if policy.at("spec", "egress") else [])]
    return list(said) if said else implied


def applies(policy: Document, place: Place) -> bool:
    """Whether the policy is about these pods."""
    here = policy.at("metadata", "namespace") == place.namespace
    return here and fits(policy.at("spec", "podSelector") or {}, place.labels)


def _rule(rule: dict[str, Any], direction: str, policy: Document, other: Place, port: int) -> bool:
    peers = rule.get("from" if direction == "Ingress" else "to")
    ports = rule.get("ports")
    home = str(policy.at("metadata", "namespace"))
    return (peers is None or any(_peer(peer, home, other) for peer in peers)) and (
        ports is None or any(_port(each, port) for each in ports)
    )


def _peer(peer: dict[str, Any], home: str, other: Place) -> bool:
    if "ipBlock" in peer:
        return False
    if "namespaceSelector" in peer:
        inside = fits(peer["namespaceSelector"], {NAMESPACE: other.namespace})
    else:
        inside = other.namespace == home
    return inside and fits(peer.get("podSelector") or {}, other.labels)


def _port(said: dict[str, Any], port: int) -> bool:
    if said.get("protocol", "TCP") != "TCP":
        return False
    first = said.get("port")
    return first is None or first <= port <= said.get("endPort", first)


def fits(selector: dict[str, Any], labels: Labels) -> bool:
    """Whether labels satisfy a selector; an empty one selects everything."""
    return all(
        labels.get(key) == value for key, value in (selector.get("matchLabels") or {}).items()
    ) and all(_expression(each, labels) for each in selector.get("matchExpressions") or ())


def _expression(expression: dict[str, Any], labels: Labels) -> bool:
    key, values = expression["key"], expression.get("values", ())
    match expression["operator"]:
        case "Exists":
            return key in labels
        case "DoesNotExist":
            return key not in labels
        case "In":
            return labels.get(key) in values
        case "NotIn":
            return labels.get(key) not in values
        case other:
            raise ValueError(f"no operator {other!r}")


def places(tree: Tree) -> Iterator[Place]:
    """The pods of a tree, those that operators make of its resources too."""
    for pods in pods_of(tree):
        ports = {port.get("name") for each in pods.containers for port in each.get("ports", ())}
        ports |= {"http-usermetric", "queue-port"} if pods.is_function else set()
        ports |= {"dapr-metrics"} if pods.has_sidecar else set()
        namespace = str(pods.owner.at("metadata", "namespace"))
        yield Place(pods.owner.name, namespace, pods.labels, frozenset(map(str, ports)))
    for each in tree.documents:
        namespace = str(each.at("metadata", "namespace"))
        if each.kind == "Cluster":
            labels = each.at("spec", "inheritedMetadata", "labels") or {}
            made = {**labels, "cnpg.io/cluster": each.name}
            yield Place(each.name, namespace, made, frozenset({"postgresql", "metrics"}))
        elif each.kind == "Pooler":
            labels = each.at("spec", "template", "metadata", "labels") or {}
            made = {**labels, "cnpg.io/poolerName": each.name}
            yield Place(each.name, namespace, made, frozenset({"pgbouncer", "metrics"}))
        elif each.kind == "KafkaNodePool":
            made = {"strimzi.io/cluster": "kafka", "strimzi.io/pool-name": each.name}
            yield Place(each.name, namespace, made, frozenset({"tcp-prometheus"}))
