"""Every lint over overlays: silent over ours, loud over one broken in just that place."""

import copy
from dataclasses import replace
from typing import Any

import pytest

from learnflow.manifests.lint_rendered import LINTS, findings_in
from learnflow.manifests.lint_sums import cpu, mib, requests
from learnflow.manifests.rules import Lint, Tree
from tests.manifests.overlays import OVERLAYS, broken, one, rendered
from tests.manifests.trees import GONE

BY_NAME = {lint.name: lint for lint in LINTS}
POD = ("spec", "template", "spec")
NOTES = ("spec", "template", "metadata", "annotations")
FIRST = (*POD, "containers", 0)
INI = ("data", "pgbouncer.ini")
KAFKA = ("spec", "kafka")
SCALING = "autoscaling.knative.dev/"
RELAY = ("minikube", "Deployment", "relay")
MATCH = ("minikube", "Service", "match-student")
JOB = ("minikube", "Job", "migrate-students-db")
POOLER = ("minikube", "Deployment", "students-db-pooler")
PUBSUB = ("minikube", "Component", "kafka-pubsub")
ENDPOINT = ("minikube", "HTTPEndpoint", "list-tutors")
WAITING = ("minikube", "Resiliency", "list-tutors")
BROKERS = ("minikube", "Kafka", "kafka")
SAFE_BROKERS = ("production", "Kafka", "kafka")
POOL = ("minikube", "KafkaNodePool", "dual-role")
HEARD = ("dapr-subscriptions", "Subscription", "book-tutor-on-student-matched")
REACTION = ("dapr-subscriptions", "Service", "book-tutor")
SERVER = ("minikube", "StatefulSet", "students-db")
HPA = ("production", "Service", "match-student")
READER = ("minikube", "Service", "system")
WEB = ("minikube", "Service", "web")
OPEN = {"name": "x", "value": "y"}

FIXTURES: list[tuple[str, tuple[str, str, str], tuple[str | int, ...], Any]] = [
    ("restricted", RELAY, (*FIRST, "securityContext", "readOnlyRootFilesystem"), GONE),
    ("restricted", RELAY, (*FIRST, "securityContext", "privileged"), True),
    ("restricted", RELAY, (*POD, "hostNetwork"), True),
    ("restricted", RELAY, (*POD, "volumes"), [{"name": "a", "hostPath": {"path": "/"}}]),
    ("restricted", JOB, (*POD, "initContainers", 0, "securityContext", "capabilities"), GONE),
    ("restricted", SERVER, (*FIRST, "securityContext", "seccompProfile"), {"type": "Unconfined"}),
    ("account", RELAY, (*POD, "serviceAccountName"), "default"),
    ("account", MATCH, (*POD, "automountServiceAccountToken"), GONE),
    ("account", ("minikube", "ServiceAccount", "relay"), ("automountServiceAccountToken",), GONE),
    ("account", READER, (*POD, "automountServiceAccountToken"), True),
    ("account", WEB, (*POD, "automountServiceAccountToken"), GONE),
    ("account", RELAY, (*POD, "serviceAccountName"), "system"),
    ("account", ("minikube", "ServiceAccount", "system"), ("automountServiceAccountToken",), False),
    ("rights", ("minikube", "RoleBinding", "system"), ("subjects", 0, "name"), "relay"),
    ("rights", ("minikube", "RoleBinding", "system"), ("roleRef", "kind"), "ClusterRole"),
    ("rights", ("minikube", "Role", "system"), ("rules", 0, "verbs"), ["get", "list", "patch"]),
    ("rights", ("minikube", "Role", "system"), ("rules", 2, "resources"), ["pods", "secrets"]),
    ("config_hash", ("minikube", "ConfigMap", "web"), ("data", "config.json"), "{}"),
    ("pinned", RELAY, (*FIRST, "image"), "dev.local/learnflow-core:latest"),
    ("pinned", SERVER, (*FIRST, "image"), "postgres"),
    ("sidecar_in_job", JOB, (*NOTES, "dapr.io/enabled"), "true"),
    ("sidecar", MATCH, (*NOTES, "dapr.io/metrics-port"), GONE),
    ("sidecar", RELAY, (*NOTES, "dapr.io/disable-builtin-k8s-secret-store"), GONE),
    ("sidecar", RELAY, (*NOTES, "dapr.io/sidecar-seccomp-profile-type"), GONE),
    ("sidecar", RELAY, (*NOTES, "dapr.io/app-id"), "learnflow"),
    ("sidecar", RELAY, ("spec", "template", "metadata", "labels", "learnflow.org/sidecar"), GONE),
    ("app_port", MATCH, (*NOTES, "dapr.io/app-port"), "8080"),
    ("app_port", REACTION, (*NOTES, "dapr.io/app-port"), "8012"),
    ("drain", RELAY, (*POD, "terminationGracePeriodSeconds"), GONE),
    ("drain", MATCH, (*POD, "timeoutSeconds"), 10),
    ("job_bounds", JOB, ("spec", "activeDeadlineSeconds"), GONE),
    ("job_bounds", JOB, (*POD, "restartPolicy"), "OnFailure"),
    ("config_hash", POOLER, (*NOTES, "learnflow.org/config-hash"), "0" * 16),
    ("config_hash", ("minikube", "ConfigMap", "students-db-pooler"), INI, "[pgbouncer]\n"),
    ("mounts", POOLER, (*POD, "volumes"), []),
    ("component_group", PUBSUB, ("spec", "metadata", 4), {"name": "consumerGroup", "value": "a"}),
    ("component_errors", PUBSUB, ("spec", "ignoreErrors"), True),
    ("component_scopes", PUBSUB, ("scopes",), GONE),
    ("component_access", PUBSUB, ("spec", "metadata", 2), OPEN),
    ("component_access", PUBSUB, ("spec", "metadata", 1, "value"), "mtls"),
    ("component_samples", PUBSUB, ("spec", "metadata", 4), {"name": "maxMessageBytes"}),
    ("component_samples", PUBSUB, ("spec", "metadata", 4), {"name": "version", "value": "0.10"}),
    ("scopes", PUBSUB, ("scopes",), ["relays"]),
    ("endpoint", ENDPOINT, ("spec", "baseUrl"), "http://list-tutors"),
    ("endpoint", ENDPOINT, ("metadata", "name"), "match-student"),
    ("invocation", WAITING, ("spec", "policies", "timeouts", "cold-start"), "2s"),
    ("invocation", WAITING, ("spec", "policies", "retries", "never", "maxRetries"), 3),
    ("invocation", WAITING, ("spec", "targets", "apps"), {}),
    ("one_delivery", HEARD, ("kind",), "KafkaSource"),
    ("topic_twice", HEARD, ("spec", "topic"), "matching.completed"),
    ("subscription", HEARD, ("spec", "topic"), "student.lost"),
    ("subscription", HEARD, ("spec", "deadLetterTopic"), GONE),
    ("subscription", HEARD, ("scopes",), ["book-tutor", "index-tutor"]),
    ("subscriber", REACTION, (*NOTES, f"{SCALING}min-scale"), "0"),
    (
        "subscriber",
        ("dapr-subscriptions", "Resiliency", "delivery"),
        ("spec", "policies", "retries", "delivery", "maxRetries"),
        1,
    ),
    ("kafka_version", BROKERS, (*KAFKA, "version"), "3.9.0"),
    ("kafka_version", BROKERS, ("apiVersion",), "kafka.strimzi.io/v1beta2"),
    ("topics_by_hand", BROKERS, (*KAFKA, "config", "auto.create.topics.enable"), GONE),
    ("exporter", BROKERS, ("spec", "kafkaExporter"), GONE),
    ("listener_peers", BROKERS, (*KAFKA, "listeners", 0, "networkPolicyPeers"), GONE),
    (
        "listener_peers",
        BROKERS,
        (*KAFKA, "listeners", 1, "networkPolicyPeers", 0, "podSelector"),
        GONE,
    ),
    ("access", BROKERS, (*KAFKA, "authorization"), {"type": "simple"}),
    ("access", SAFE_BROKERS, (*KAFKA, "listeners", 0, "authentication"), GONE),
    ("copies", BROKERS, (*KAFKA, "config", "offsets.topic.replication.factor"), 3),
    ("copies", SAFE_BROKERS, (*KAFKA, "config", "min.insync.replicas"), 3),
    ("copies", ("production", "KafkaTopic", "dead.letter"), ("spec", "replicas"), 1),
    ("node_pool", POOL, ("spec", "storage", "volumes", 0, "kraftMetadata"), GONE),
    ("node_pool", POOL, ("metadata", "labels"), GONE),
    ("bootstrap", PUBSUB, ("spec", "metadata", 0, "value"), "kafka:9092"),
    ("bootstrap", PUBSUB, ("spec", "metadata", 2, "value"), "false"),
    ("bootstrap", BROKERS, (*KAFKA, "listeners", 0, "port"), 9094),
    (
        "bootstrap",
        ("production", "KafkaSource", "record-outcome-on-match"),
        ("spec", "net"),
        GONE,
    ),
    ("bootstrap", ("production", "KafkaSink", "dead-letter"), ("spec", "auth"), GONE),
    (
        "acls",
        ("production", "KafkaUser", "knative-source"),
        ("spec", "authorization", "acls", 0, "operations"),
        ["Describe"],
    ),
    (
        "acls",
        ("production", "KafkaUser", "relay"),
        ("spec", "authorization", "acls", 0, "operations"),
        ["Write", "All"],
    ),
    ("acls", ("production", "KafkaUser", "knative-sink"), ("metadata", "name"), "sink"),
    ("minikube_room", RELAY, (*FIRST, "resources", "requests", "cpu"), "2"),
    ("minikube_room", POOL, ("spec", "resources", "requests", "memory"), "6Gi"),
    ("requested", RELAY, (*FIRST, "resources", "requests"), GONE),
    ("requested", JOB, (*POD, "initContainers", 0, "resources", "requests", "memory"), GONE),
    ("hpa", HPA, (*NOTES, f"{SCALING}min-scale"), "0"),
    ("hpa", HPA, (*NOTES, f"{SCALING}target"), "100"),
    ("hpa", HPA, (*NOTES, "dapr.io/sidecar-cpu-request"), GONE),
    ("hpa", HPA, (*NOTES, "queue.sidecar.serving.knative.dev/cpu-resource-request"), GONE),
    ("pooler_settings", ("minikube", "ConfigMap", "students-db-pooler"), INI, "[pgbouncer]\n"),
    (
        "pooler_settings",
        ("production", "Pooler", "students-db-pooler"),
        ("spec", "pgbouncer", "poolMode"),
        "session",
    ),
    ("connections_fit", POOLER, ("spec", "replicas"), 0),
    ("connections_fit", SERVER, (*FIRST, "args"), ["-c", "max_connections=30"]),
    ("connections_fit", RELAY, ("spec", "replicas"), 50),
    ("namespaces", RELAY, ("metadata", "namespace"), "default"),
    ("namespaces", ("minikube", "Namespace", "kafka"), ("metadata", "labels"), {}),
    ("default_deny", ("minikube", "NetworkPolicy", "default-deny"), ("spec", "policyTypes"), GONE),
    (
        "default_deny",
        ("minikube", "NetworkPolicy", "default-deny"),
        ("spec", "podSelector"),
        {"matchLabels": {"a": "b"}},
    ),
    (
        "selects",
        ("minikube", "NetworkPolicy", "relay"),
        ("spec", "podSelector", "matchLabels"),
        {"app": "relay"},
    ),
    (
        "selects",
        ("minikube", "NetworkPolicy", "students-db"),
        ("spec", "ingress", 0, "from", 0, "podSelector"),
        {"matchLabels": {"app": "pgbouncer"}},
    ),
    (
        "behind_queue_proxy",
        ("minikube", "NetworkPolicy", "functions"),
        ("spec", "ingress", 0, "ports", 0, "port"),
        8080,
    ),
    ("services", ("minikube", "Service", "students-db-rw"), ("spec", "selector"), {"app": "db"}),
    (
        "services",
        ("minikube", "Service", "students-db-rw"),
        ("spec", "ports", 0, "targetPort"),
        "sql",
    ),
    (
        "monitors",
        ("production", "PodMonitor", "relay"),
        ("spec", "podMetricsEndpoints", 0, "port"),
        "metrics",
    ),
    (
        "monitors",
        ("production", "PodMonitor", "relay"),
        ("spec", "selector"),
        {"matchLabels": {"a": "b"}},
    ),
]


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_an_overlay_has_no_finding(overlay: str) -> None:
    assert findings_in(Tree(rendered(overlay))) == []


@pytest.mark.parametrize(("lint", "resource", "keys", "value"), FIXTURES)
def test_a_lint_finds_what_is_broken(
    lint: str, resource: tuple[str, str, str], keys: tuple[str | int, ...], value: Any
) -> None:
    tree = broken(*resource, (keys, value))
    if keys == ("kind",):  # a resource that became one of another kind
        tree = Tree(tuple(replace(each, kind=each.fields["kind"]) for each in tree.documents))
    found = list(BY_NAME[lint].check(tree))
    assert found
    assert {finding.lint for finding in found} == {lint}


@pytest.mark.parametrize("lint", LINTS, ids=lambda lint: lint.name)
def test_every_lint_has_a_fixture_that_fails(lint: Lint) -> None:
    assert lint.name in {fixture[0] for fixture in FIXTURES}


def test_an_overlay_that_delivers_nothing_is_found() -> None:
    kept = tuple(each for each in rendered("minikube") if each.kind != "KafkaSource")
    assert list(BY_NAME["one_delivery"].check(Tree(kept)))


def test_a_database_without_a_pooler_is_found() -> None:
    tree = broken("production", "Pooler", "students-db-pooler")
    assert list(BY_NAME["pooler_settings"].check(tree))


def test_the_sum_counts_sidecars_queue_proxies_and_the_16_largest_functions() -> None:
    copies = [copy.deepcopy(one(*MATCH).fields) for _ in range(20)]
    many = tuple(replace(one(*MATCH), fields=fields) for fields in copies)
    with_them, without = requests(Tree(many)), requests(Tree(()))
    assert with_them[0] - without[0] == pytest.approx(16 * (0.05 + 0.025 + 0.025))
    assert with_them[1] - without[1] == pytest.approx(16 * (256 + 64 + 50))


def test_quantities_are_read() -> None:
    assert (cpu("25m"), cpu("2"), cpu(None)) == (0.025, 2.0, 0.0)
    assert (mib("96Mi"), mib("1Gi"), mib("512Ki"), mib(None)) == (96.0, 1024.0, 0.5, 0.0)
