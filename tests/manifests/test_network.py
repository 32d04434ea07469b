"""Who reaches whom, by the policies of each overlay: a table of what must and must not pass."""

from functools import cache

import pytest

from learnflow.manifests.document import Document
from learnflow.manifests.network import Place, allowed, fits, places
from learnflow.manifests.rules import Tree
from tests.manifests.overlays import OVERLAYS, rendered

OUTSIDE = {
    "activator": Place("activator", "knative-serving", {"app": "activator"}),
    "kourier": Place("kourier", "kourier-system", {"app": "3scale-kourier-gateway"}),
    "prometheus": Place("prometheus", "monitoring"),
    "dispatcher": Place("dispatcher", "knative-eventing", {"app": "kafka-source-dispatcher"}),
    "dapr": Place("dapr", "dapr-system", {"app": "dapr-operator"}),
    "broker": Place("broker", "kafka", {"strimzi.io/cluster": "kafka"}),
    "names": Place("names", "kube-system", {"k8s-app": "kube-dns"}),
    "stranger": Place("stranger", "default"),
    "internet": Place("internet", "elsewhere"),
}


@cache
def inside(overlay: str) -> dict[str, Place]:
    return {each.name: each for each in places(Tree(rendered(overlay)))} | OUTSIDE


def passes(overlay: str, source: str, target: str, port: int) -> bool:
    there = inside(overlay)
    policies: list[Document] = [e for e in rendered(overlay) if e.kind == "NetworkPolicy"]
    return allowed(policies, there[source], there[target], port)


ALLOWED = [
    ("activator", "register-student", 8012),
    ("activator", "register-student", 8112),
    ("activator", "match-student", 9090),
    ("kourier", "find-student", 8012),
    ("prometheus", "find-student", 9091),
    ("prometheus", "match-student", 9095),
    ("prometheus", "relay", 9095),
    ("prometheus", "relay", 8080),
    ("match-student", "kourier", 8081),
    ("match-student", "dapr", 50001),
    ("match-student", "dapr", 6500),
    ("match-student", "dapr", 50006),
    ("relay", "students-db", 5432),
    ("relay", "tutors-db", 5432),
    ("relay", "matching-db", 5432),
    ("relay", "broker", 9092),
    ("relay", "broker", 9093),
    ("relay", "dapr", 50001),
    ("migrate-students-db", "students-db", 5432),
    ("maintain", "matching-db", 5432),
    ("train-ranker", "matching-db", 5432),
    ("watch-student", "students-db", 5432),
    ("watch-tutor", "tutors-db", 5432),
    ("students-db-pooler", "students-db", 5432),
    ("find-student", "names", 53),
    ("relay", "names", 53),
    ("activator", "web", 8012),
    ("kourier", "system", 8012),
    ("system", "internet", 443),
    ("system", "internet", 6443),
    ("system", "names", 53),
]
DENIED = [
    ("stranger", "register-student", 8012),
    ("stranger", "students-db", 5432),
    ("stranger", "students-db-pooler", 6432),
    ("activator", "register-student", 8080),
    ("kourier", "register-student", 8080),
    ("kourier", "register-student", 9090),
    ("prometheus", "register-student", 8012),
    ("dispatcher", "match-student", 8012),
    ("find-student", "register-student", 8012),
    ("find-student", "students-db", 5432),
    ("find-student", "tutors-db-pooler", 6432),
    ("find-student", "tutors-db-pooler", 5432),
    ("find-student", "kourier", 8081),
    ("register-student", "broker", 9092),
    ("register-student", "dapr", 50001),
    ("register-student", "internet", 443),
    ("match-student", "students-db-pooler", 6432),
    ("match-student", "matching-db", 5432),
    ("watch-student", "tutors-db", 5432),
    ("watch-student", "matching-db", 5432),
    ("migrate-students-db", "tutors-db", 5432),
    ("students-db-pooler", "tutors-db", 5432),
    ("relay", "internet", 443),
    ("relay", "students-db-pooler", 6432),
    ("maintain", "broker", 9092),
    ("train-ranker", "internet", 443),
    ("students-db", "tutors-db", 5432),
    ("web", "internet", 443),
    ("web", "kourier", 8081),
    ("web", "students-db-pooler", 6432),
    ("system", "internet", 80),
    ("system", "students-db", 5432),
    ("system", "students-db-pooler", 6432),
    ("system", "kourier", 8081),
]


@pytest.mark.parametrize("overlay", OVERLAYS)
@pytest.mark.parametrize(("source", "target", "port"), ALLOWED)
def test_it_passes(overlay: str, source: str, target: str, port: int) -> None:
    assert passes(overlay, source, target, port)


@pytest.mark.parametrize("overlay", OVERLAYS)
@pytest.mark.parametrize(("source", "target", "port"), DENIED)
def test_it_is_stopped(overlay: str, source: str, target: str, port: int) -> None:
    assert not passes(overlay, source, target, port)


@pytest.mark.parametrize("overlay", OVERLAYS)
@pytest.mark.parametrize("name", ["register-student", "list-tutors", "match-student"])
def test_a_function_reaches_the_pooler_of_its_own_database(overlay: str, name: str) -> None:
    database = inside(overlay)[name].labels["learnflow.org/database"]
    port, other = (5432, 6432) if overlay == "production" else (6432, 5432)
    assert passes(overlay, name, f"{database}-db-pooler", port)
    assert not passes(overlay, name, f"{database}-db-pooler", other)


def test_only_with_subscriptions_functions_reach_kafka() -> None:
    for name in ("match-student", "book-tutor", "notify-student"):
        assert passes("dapr-subscriptions", name, "broker", 9092)
        assert not passes("minikube", name, "broker", 9092)


def test_in_production_replicas_are_read_by_explain_match_alone() -> None:
    assert passes("production", "explain-match", "matching-db", 5432)
    assert not passes("minikube", "explain-match", "matching-db", 5432)
    assert not passes("production", "match-student", "matching-db", 5432)


def test_servers_of_cloudnative_pg_reach_one_another() -> None:
    assert passes("production", "students-db", "students-db", 5432)
    assert not passes("production", "stranger", "students-db", 8000)


@pytest.mark.parametrize(
    ("operator", "values", "labels", "right"),
    [
        ("In", ["b"], {"a": "b"}, True),
        ("In", ["c"], {"a": "b"}, False),
        ("NotIn", ["c"], {"a": "b"}, True),
        ("NotIn", ["b"], {"a": "b"}, False),
        ("Exists", [], {"a": "b"}, True),
        ("Exists", [], {}, False),
        ("DoesNotExist", [], {}, True),
        ("DoesNotExist", [], {"a": "b"}, False),
    ],
)
def test_expressions(operator: str, values: list[str], labels: dict[str, str], right: bool) -> None:
    expression = {"key": "a", "operator": operator, "values": values}
    assert fits({"matchExpressions": [expression]}, labels) is right
