"""Lints over Dapr's resources in an overlay: what makes it lose, split or repeat events."""

from collections.abc import Iterator
from typing import Any, Final

from learnflow.manifests.document import Document
from learnflow.manifests.pods import functions, pods_of
from learnflow.manifests.quantities import go_seconds
from learnflow.manifests.rules import Found, Lint, Tree, across, each

Together = Iterator[tuple[Document, str, object]]
COLD_START: Final = 10.0
"""Seconds within which a function at zero has always answered."""
_RETRIES: Final = 7


def _metadata(component: Document) -> dict[str, dict[str, Any]]:
    return {item.get("name"): item for item in component.at("spec", "metadata") or ()}


@each("Component", "no consumerGroup, for one group of all would split the events among functions")
def component_group(component: Document) -> Found:
    if "consumerGroup" in _metadata(component):
        yield "spec.metadata", "consumerGroup"


@each("Component", "no ignoreErrors, for a relay that cannot publish must not look ready")
def component_errors(component: Document) -> Found:
    if component.at("spec", "ignoreErrors"):
        yield "spec.ignoreErrors", True


@each("Component", "scopes name who loads it, for a sidecar ends when Kafka is away at its start")
def component_scopes(component: Document) -> Found:
    if not component.at("scopes"):
        yield "scopes", component.at("scopes")


@each("Component", "authType and disableTls are said, and fit: none without TLS, mtls with keys")
def component_access(component: Document) -> Found:
    said = _metadata(component)
    auth = (said.get("authType") or {}).get("value")
    plain = (said.get("disableTls") or {}).get("value")
    keys = {"caCert", "clientCert", "clientKey"} & {
        name for name, item in said.items() if "secretKeyRef" in item
    }
    if (auth, plain, len(keys)) not in (("none", "true", 0), ("mtls", "false", 3)):
        yield "spec.metadata", f"authType {auth}, disableTls {plain}, {sorted(keys)}"


@each("Component", "no version below Kafka 4's oldest, no maxMessageBytes of the samples")
def component_samples(component: Document) -> Found:
    for name in ("version", "maxMessageBytes"):
        if name in _metadata(component):
            yield "spec.metadata", _metadata(component)[name]


@across("scopes name sidecars that are there")
def scopes(tree: Tree) -> Together:
    there = {pods.annotations.get("dapr.io/app-id") for pods in pods_of(tree) if pods.has_sidecar}
    for kind in ("Component", "HTTPEndpoint", "Resiliency", "Subscription"):
        for document in tree.of(kind):
            for scope in document.at("scopes") or ():
                if scope not in there:
                    yield document, "scopes", scope


@across("an HTTPEndpoint leads to a function by its cluster address, and is no sidecar's app-id")
def endpoint(tree: Tree) -> Together:
    names = {each.name for each in functions(tree)}
    ids = {pods.annotations.get("dapr.io/app-id") for pods in pods_of(tree)}
    for document in tree.of("HTTPEndpoint"):
        wanted = f"http://{document.name}.learnflow.svc.cluster.local"
        if document.name not in names or document.at("spec", "baseUrl") != wanted:
            yield document, "spec.baseUrl", document.at("spec", "baseUrl")
        if document.name in ids:
            yield document, "metadata.name", document.name


@across(f"a call waits longer than a cold start ({COLD_START:g} s) and is not repeated")
def invocation(tree: Tree) -> Together:
    for document in tree.of("HTTPEndpoint"):
        rules = [each for each in tree.of("Resiliency") if _target(each, document.name)]
        if len(rules) != 1:
            yield document, "metadata.name", f"{len(rules)} Resiliency resources"
            continue
        target = _target(rules[0], document.name)
        timeout = rules[0].at("spec", "policies", "timeouts", str(target.get("timeout"))) or "0"
        if not COLD_START < go_seconds(timeout) <= 30:
            yield rules[0], "spec.policies.timeouts", timeout
        retries = rules[0].at("spec", "policies", "retries", str(target.get("retry"))) or {}
        if retries.get("maxRetries") != 0:
            yield rules[0], "spec.policies.retries", retries


def _target(resiliency: Document, name: str) -> dict[str, Any]:
    return resiliency.at("spec", "targets", "apps", name) or {}


@across("events are delivered by KafkaSources or by Dapr Subscriptions, never both")
def one_delivery(tree: Tree) -> Together:
    sources, subscriptions = tree.of("KafkaSource"), tree.of("Subscription")
    if sources and subscriptions:
        yield subscriptions[0], "kind", f"beside {len(sources)} KafkaSources"
    if not sources and not subscriptions:
        yield tree.documents[0], "kind", "nothing delivers events"


@across("no topic reaches a function twice")
def topic_twice(tree: Tree) -> Together:
    ways: set[tuple[str, str]] = set()
    for document in (*tree.of("KafkaSource"), *tree.of("Subscription")):
        for way in _ways(document):
            if way in ways:
                yield document, "spec", " to ".join(way)
            ways.add(way)


def _ways(document: Document) -> list[tuple[str, str]]:
    if document.kind == "KafkaSource":
        sink = str(document.at("spec", "sink", "ref", "name"))
        return [(topic, sink) for topic in document.at("spec", "topics") or ()]
    return [(str(document.at("spec", "topic")), each) for each in document.at("scopes") or ()]


@across("a Subscription names one function, a topic that exists, and where dead letters go")
def subscription(tree: Tree) -> Together:
    topics = {each.name for each in tree.of("KafkaTopic")}
    for document in tree.of("Subscription"):
        if len(document.at("scopes") or ()) != 1:
            yield document, "scopes", document.at("scopes")
        if document.at("spec", "topic") not in topics:
            yield document, "spec.topic", document.at("spec", "topic")
        if document.at("spec", "deadLetterTopic") != "dead.letter":
            yield document, "spec.deadLetterTopic", document.at("spec", "deadLetterTopic")


@across("a function that Dapr delivers to is always on, and tries again as a KafkaSource does")
def subscriber(tree: Tree) -> Together:
    heard = {scope for each in tree.of("Subscription") for scope in each.at("scopes") or ()}
    tries = {
        scope: retry.get("maxRetries")
        for each in tree.of("Resiliency")
        for retry in (each.at("spec", "policies", "retries") or {}).values()
        if each.at("spec", "targets", "components")
        for scope in each.at("scopes") or ()
    }
    for function in functions(tree):
        if function.name not in heard:
            continue
        key = ("spec", "template", "metadata", "annotations", "autoscaling.knative.dev/min-scale")
        if function.at(*key) != "1":
            yield function, ".".join(key[:-1]), function.at(*key)
        if tries.get(function.name) != _RETRIES:
            yield function, "metadata.name", f"{tries.get(function.name)} retries"


LINTS: tuple[Lint, ...] = (
    component_group,
    component_errors,
    component_scopes,
    component_access,
    component_samples,
    scopes,
    endpoint,
    invocation,
    one_delivery,
    topic_twice,
    subscription,
    subscriber,
)
