"""Lints over Kafka in an overlay: the cluster, who may reach it, and what they may do."""

from collections.abc import Iterator
from typing import Any, Final

from learnflow.manifests.document import Document
from learnflow.manifests.rules import Found, Lint, Tree, across, each, unlike

Together = Iterator[tuple[Document, str, object]]
BOOTSTRAP: Final = "kafka-kafka-bootstrap.kafka.svc.cluster.local"
_KAFKA: Final = ("spec", "kafka")
_FACTORS: Final = (
    "default.replication.factor",
    "offsets.topic.replication.factor",
    "transaction.state.log.replication.factor",
)
_MINIMA: Final = ("min.insync.replicas", "transaction.state.log.min.isr")
_READERS: Final = {"kafka-controller", "kafka-source-dispatcher", "kafka-sink-receiver"}


@each(
    "Kafka", "Kafka 4.1.1 with metadata 4.1-IV1: Strimzi 0.49 refuses 3.9, and v1beta2 is leaving"
)
def kafka_version(kafka: Document) -> Found:
    yield from unlike(kafka, ("apiVersion",), "kafka.strimzi.io/v1")
    yield from unlike(kafka, (*_KAFKA, "version"), "4.1.1")
    yield from unlike(kafka, (*_KAFKA, "metadataVersion"), "4.1-IV1")


@each("Kafka", "no topic makes itself, for a misspelt one would swallow events")
def topics_by_hand(kafka: Document) -> Found:
    yield from unlike(kafka, (*_KAFKA, "config", "auto.create.topics.enable"), False)


@each("Kafka", "lag is read from the exporter, for brokers advertise in-cluster addresses only")
def exporter(kafka: Document) -> Found:
    if not isinstance(kafka.at("spec", "kafkaExporter"), dict):
        yield "spec.kafkaExporter", None


@each("Kafka", "each listener says who may come: Strimzi opens it to all, and policies only add")
def listener_peers(kafka: Document) -> Found:
    for position, listener in enumerate(kafka.at(*_KAFKA, "listeners") or ()):
        peers = listener.get("networkPolicyPeers") or []
        if not peers or not all(each.get("podSelector") for each in peers):
            yield f"spec.kafka.listeners[{position}].networkPolicyPeers", peers
        apps = {
            value
            for each in peers
            for rule in (each.get("podSelector") or {}).get("matchExpressions", ())
            for value in rule.get("values", ())
        }
        if peers and not apps >= _READERS:
            yield f"spec.kafka.listeners[{position}].networkPolicyPeers", sorted(apps)


@each(
    "Kafka", "authorization and listener authentication come together, or plain clients are denied"
)
def access(kafka: Document) -> Found:
    listeners = kafka.at(*_KAFKA, "listeners") or ()
    known = [bool(each.get("authentication")) for each in listeners]
    if any(known) != all(known) or any(known) != bool(kafka.at(*_KAFKA, "authorization")):
        yield "spec.kafka.authorization", kafka.at(*_KAFKA, "authorization")


@across("copies: as many as there are brokers, at most 3; of 3, 2 must have a record")
def copies(tree: Tree) -> Together:
    brokers = sum(
        each.at("spec", "replicas") or 0
        for each in tree.of("KafkaNodePool")
        if "broker" in (each.at("spec", "roles") or ())
    )
    wanted = min(brokers, 3)
    for kafka in tree.of("Kafka"):
        config = kafka.at(*_KAFKA, "config") or {}
        said = {name: config.get(name) for name in (*_FACTORS, *_MINIMA)}
        right = dict.fromkeys(_FACTORS, wanted) | dict.fromkeys(_MINIMA, max(wanted - 1, 1))
        for name in said:
            if said[name] != right[name]:
                yield kafka, f"spec.kafka.config[{name}]", said[name]
    for topic in tree.of("KafkaTopic"):
        if topic.at("spec", "replicas") != wanted:
            yield topic, "spec.replicas", topic.at("spec", "replicas")


@across("one pool holds the metadata, on its first volume, and its heap fits the memory twice")
def node_pool(tree: Tree) -> Together:
    for pool in tree.of("KafkaNodePool"):
        volumes = pool.at("spec", "storage", "volumes") or ()
        if [each.get("kraftMetadata") for each in volumes].count("shared") != 1:
            yield pool, "spec.storage.volumes", "no kraftMetadata: shared"
        if pool.at("metadata", "labels", "strimzi.io/cluster") != "kafka":
            yield pool, "metadata.labels[strimzi.io/cluster]", None


@across("clients use the address and a port of a listener, with TLS where that has it")
def bootstrap(tree: Tree) -> Together:
    ports = {
        f"{BOOTSTRAP}:{listener.get('port')}": bool(listener.get("tls"))
        for kafka in tree.of("Kafka")
        for listener in kafka.at(*_KAFKA, "listeners") or ()
    }
    for document, path, address, tls in _clients(tree):
        if ports.get(address) is not tls:
            yield document, path, f"{address}, TLS {tls}"


def _clients(tree: Tree) -> Iterator[tuple[Document, str, str, bool]]:
    for source in tree.of("KafkaSource"):
        tls = bool(source.at("spec", "net", "tls", "enable"))
        for address in source.at("spec", "bootstrapServers") or ():
            yield source, "spec.bootstrapServers", address, tls
    for sink in tree.of("KafkaSink"):
        for address in sink.at("spec", "bootstrapServers") or ():
            yield sink, "spec.bootstrapServers", address, sink.at("spec", "auth") is not None
    for component in tree.of("Component"):
        said = {item["name"]: item.get("value") for item in component.at("spec", "metadata")}
        tls = said.get("disableTls") != "true"
        for address in str(said.get("brokers")).split(","):
            yield component, "spec.metadata[brokers]", address, tls


@across("where Kafka authorizes, a KafkaUser may do what sources, sink and relay do, and no more")
def acls(tree: Tree) -> Together:
    if not any(kafka.at(*_KAFKA, "authorization") for kafka in tree.of("Kafka")):
        return
    users = {each.name: each for each in tree.of("KafkaUser")}
    for name, kind, resource, operation, document in _needed(tree):
        user = users.get(name)
        if user is None or not _allowed(user, kind, resource, operation):
            yield document, "metadata.name", f"{name} may not {operation} {kind} {resource}"
    for user in users.values():
        for rule in user.at("spec", "authorization", "acls") or ():
            if "All" in rule["operations"] or not (rule["resource"].get("name") or "*").strip("*"):
                yield user, "spec.authorization.acls", rule


def _needed(tree: Tree) -> Iterator[tuple[str, str, str, str, Document]]:
    for source in tree.of("KafkaSource"):
        for topic in source.at("spec", "topics") or ():
            yield "knative-source", "topic", topic, "Read", source
        group = str(source.at("spec", "consumerGroup"))
        yield "knative-source", "group", group, "Read", source
        yield "knative-source", "group", group, "Delete", source
    for sink in tree.of("KafkaSink"):
        yield "knative-sink", "topic", str(sink.at("spec", "topic")), "Write", sink
    for topic in tree.of("KafkaTopic"):
        if topic.name != "dead.letter":
            yield "relay", "topic", topic.name, "Write", topic


def _allowed(user: Document, kind: str, name: str, operation: str) -> bool:
    return any(
        rule["resource"]["type"] == kind
        and operation in rule["operations"]
        and _covers(rule["resource"], name)
        for rule in user.at("spec", "authorization", "acls") or ()
    )


def _covers(resource: dict[str, Any], name: str) -> bool:
    said = str(resource.get("name"))
    return name.startswith(said) if resource.get("patternType") == "prefix" else name == said


LINTS: tuple[Lint, ...] = (
    kafka_version,
    topics_by_hand,
    exporter,
    listener_peers,
    access,
    copies,
    node_pool,
    bootstrap,
    acls,
)
