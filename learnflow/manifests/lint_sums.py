"""Lints over sums in an overlay: connections, processors, memory, and what scales by them."""

import configparser
from collections.abc import Iterator
from typing import Any, Final

from learnflow.manifests.document import Document
from learnflow.manifests.kinds import DATABASES, bounds_of, kind_of
from learnflow.manifests.pods import functions, pods_of
from learnflow.manifests.rules import Lint, Tree, across
from learnflow.manifests.services import SCALING, SERVICE

Together = Iterator[tuple[Document, str, object]]
ANNOTATIONS: Final = ("spec", "template", "metadata", "annotations")
STARTING: Final = 16
"""Function pods that may start at once, on the way from zero."""
QUEUE_PROXY: Final = (0.025, 50.0)
PLATFORM: Final[dict[str, tuple[float, float]]] = {
    "Kubernetes itself": (0.85, 400),
    "Knative Serving": (0.63, 500),
    "Kourier": (0.2, 200),
    "Knative Eventing": (0.325, 400),
    "Kafka controller": (0.12, 120),
    "Kafka source dispatcher": (0.2, 1000),
    "Kafka sink receiver": (0.2, 450),
    "Strimzi": (0.2, 384),
    "Dapr": (0.3, 300),
}
"""Requests on Minikube: processors, and MiB (limits where the JVM grows into them)."""
MOST: Final = (5.5, 11 * 1024)
RELAY_CONNECTIONS: Final = 2
JOB_CONNECTIONS: Final = 3
RESERVED: Final = 3
_UNITS: Final = {"Ki": 1 / 1024, "Mi": 1.0, "Gi": 1024.0}


def cpu(text: object) -> float:
    """Processors of a quantity such as 25m; 0 where there is none."""
    said = str(text or 0)
    return float(said[:-1]) / 1000 if said.endswith("m") else float(said)


def mib(text: object) -> float:
    """MiB of a quantity such as 96Mi; 0 where there is none."""
    said = str(text or 0)
    return float(said[:-2]) * _UNITS[said[-2:]] if said[-2:] in _UNITS else float(said) / 2**20


def requests(tree: Tree) -> tuple[float, float]:
    """Processors and MiB requested at the worst moment, the platform's included."""
    always = list(PLATFORM.values())
    starting: list[tuple[float, float]] = []
    for pods in pods_of(tree):
        asked = [each.get("resources", {}).get("requests", {}) for each in pods.containers]
        own = (sum(cpu(a.get("cpu")) for a in asked), sum(mib(a.get("memory")) for a in asked))
        if pods.has_sidecar:
            said = pods.annotations.get
            own = (
                own[0] + cpu(said("dapr.io/sidecar-cpu-request")),
                own[1] + mib(said("dapr.io/sidecar-memory-request")),
            )
        if pods.is_function:
            starting.append((own[0] + QUEUE_PROXY[0], own[1] + QUEUE_PROXY[1]))
        elif not pods.is_job:
            count = pods.owner.at("spec", "replicas") or 1
            always.append((own[0] * count, own[1] * count))
    always += [_operators(each) for each in tree.documents]
    always += sorted(starting, reverse=True)[:STARTING]
    return sum(each[0] for each in always), sum(each[1] for each in always)


def _operators(document: Document) -> tuple[float, float]:
    """What the pods that Strimzi makes request."""
    if document.kind == "KafkaNodePool":
        count = document.at("spec", "replicas") or 1
        asked = document.at("spec", "resources", "requests") or {}
        return cpu(asked.get("cpu")) * count, mib(asked.get("memory")) * count
    if document.kind == "Kafka":
        places = (
            ("entityOperator", "topicOperator"),
            ("entityOperator", "userOperator"),
            ("kafkaExporter",),
        )
        said = [document.at("spec", *place, "resources", "requests") or {} for place in places]
        return sum(cpu(a.get("cpu")) for a in said), sum(mib(a.get("memory")) for a in said)
    return 0.0, 0.0


@across(f"with {STARTING} functions starting, a Minikube of 6 CPU and 12 GB has room for all")
def minikube_room(tree: Tree) -> Together:
    if tree.of("Cluster"):
        return  # production has more than one machine
    found = requests(tree)
    if found[0] > MOST[0] or found[1] > MOST[1]:
        yield tree.documents[0], "requests", f"{found[0]:.2f} CPU, {found[1]:.0f} MiB"


@across("each container requests CPU and memory")
def requested(tree: Tree) -> Together:
    for pods in pods_of(tree):
        for container in pods.containers:
            asked = container.get("resources", {}).get("requests", {})
            if not cpu(asked.get("cpu")) or not mib(asked.get("memory")):
                yield pods.owner, f"{pods.path}.spec.containers {container.get('name')}", asked


@across("scaling by CPU needs a request in every container of the pod, and never reaches zero")
def hpa(tree: Tree) -> Together:
    for pods in pods_of(tree):
        said = pods.annotations
        if said.get(f"{SCALING}class") != "hpa.autoscaling.knative.dev":
            continue
        wanted = {"metric": "cpu", "target": "70", "min-scale": "1", "max-scale": "10"}
        for name, value in wanted.items():
            if said.get(f"{SCALING}{name}") != value:
                yield pods.owner, f"{SCALING}{name}", said.get(f"{SCALING}{name}")
        if pods.has_sidecar and not cpu(said.get("dapr.io/sidecar-cpu-request")):
            yield pods.owner, "dapr.io/sidecar-cpu-request", None
        if not cpu(said.get("queue.sidecar.serving.knative.dev/cpu-resource-request")):
            yield pods.owner, "queue.sidecar.serving.knative.dev/cpu-resource-request", None


def poolers(tree: Tree) -> Iterator[tuple[str, Document, dict[str, Any], int]]:
    """Database, resource, settings and instances of each pooler."""
    for each in tree.of("Pooler"):
        short = each.name.partition("-")[0]
        said = dict(each.at("spec", "pgbouncer", "parameters") or {})
        said["pool_mode"] = each.at("spec", "pgbouncer", "poolMode")
        yield short, each, said, each.at("spec", "instances") or 1
    for each in tree.of("ConfigMap"):
        text = each.at("data", "pgbouncer.ini")
        if text is None:
            continue
        parser = configparser.ConfigParser()
        parser.read_string(text)
        deployment = tree.named("Deployment", each.name)
        count = deployment.at("spec", "replicas") if deployment else 0
        yield each.name.partition("-")[0], each, dict(parser["pgbouncer"]), count or 0


@across("each database has a pooler: transactions, 200 prepared statements, 20 to the server")
def pooler_settings(tree: Tree) -> Together:
    wanted = {
        "pool_mode": "transaction",
        "max_prepared_statements": "200",
        "default_pool_size": "20",
        "max_client_conn": "500",
    }
    found = set()
    for short, document, said, _ in poolers(tree):
        found.add(short)
        for name, value in wanted.items():
            if said.get(name) != value:
                yield document, name, said.get(name)
    for short in set(DATABASES.values()) - found:
        yield tree.documents[0], "kind", f"no pooler of {short}_db"


@across("functions' pools fit the pooler's clients, its pools and the others the server's")
def connections_fit(tree: Tree) -> Together:
    for short, document, said, count in poolers(tree):
        clients, direct = _demand(tree, short)
        if clients > int(said["max_client_conn"]) * count:
            yield document, "max_client_conn", f"{clients} clients"
        relay = tree.named("Deployment", "relay")
        relays = (relay.at("spec", "replicas") or 1) if relay else 0
        servers = int(said["default_pool_size"]) * count + direct
        servers += relays * RELAY_CONNECTIONS + JOB_CONNECTIONS
        if servers > server_connections(tree, short) - RESERVED:
            yield document, "default_pool_size", f"{servers} connections to {short}_db"


def _demand(tree: Tree, short: str) -> tuple[int, int]:
    """Connections through the pooler and past it when every function is at its most."""
    clients = direct = 0
    for function in functions(tree):
        bounds = bounds_of(function)
        if bounds and DATABASES.get(str(function.at("metadata", "labels", SERVICE))) == short:
            most = int(function.at(*ANNOTATIONS, f"{SCALING}max-scale") or 0)
            clients += most * bounds.pool
            direct += most if kind_of(function) == "stream" else 0
    return clients, direct


def server_connections(tree: Tree, short: str) -> int:
    """max_connections of a database's server."""
    for each in tree.of("Cluster"):
        if each.name == f"{short}-db":
            return int(each.at("spec", "postgresql", "parameters", "max_connections") or 100)
    for each in tree.of("StatefulSet"):
        if each.name == f"{short}-db":
            args = each.at("spec", "template", "spec", "containers", 0, "args") or ()
            said = [arg.partition("=")[2] for arg in args if arg.startswith("max_connections=")]
            return int(said[0]) if said else 100
    return 0


LINTS: tuple[Lint, ...] = (
    minikube_room,
    requested,
    hpa,
    pooler_settings,
    connections_fit,
)
