"""Every document of every overlay is one that the cluster takes, rendered as kubectl does."""

import copy
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from learnflow.manifests.kustomize import as_yaml, identity
from tests.manifests.overlays import FOLDER, OVERLAYS, one, rendered
from tests.manifests.trees import GONE, ROOT, put
from tools.cluster_validation import faults

KUBECTL = shutil.which(Path.home() / ".cache/learnflow-testbed/bin/kubectl") or shutil.which(
    "kubectl"
)
POD = ("spec", "template", "spec")


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_document_is_valid(overlay: str) -> None:
    wrong = {
        f"{each.file} {each.kind} {each.name}": found
        for each in rendered(overlay)
        if (found := faults(each.fields))
    }
    assert wrong == {}


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_what_is_printed_is_read_again_as_the_same(overlay: str) -> None:
    again = yaml.safe_load_all(as_yaml(rendered(overlay)))
    assert list(again) == [each.fields for each in rendered(overlay)]


@pytest.mark.skipif(KUBECTL is None, reason="there is no kubectl to compare with")
@pytest.mark.parametrize("overlay", OVERLAYS)
def test_kubectl_renders_the_same(overlay: str) -> None:
    done = subprocess.run(
        [str(KUBECTL), "kustomize", str(FOLDER / overlay)],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    theirs = sorted(yaml.safe_load_all(done.stdout), key=str_identity)
    ours = [each.fields for each in sorted(rendered(overlay), key=identity)]
    assert ours == theirs


def str_identity(fields: dict[str, Any]) -> tuple[str, str, str, str]:
    group = fields["apiVersion"].rpartition("/")[0]
    metadata = fields["metadata"]
    return (group, fields["kind"], metadata.get("namespace", ""), metadata["name"])


@pytest.mark.parametrize(
    ("overlay", "kind", "name", "keys", "value"),
    [
        ("minikube", "Deployment", "relay", ("spec", "replica"), 2),
        ("minikube", "Deployment", "relay", (*POD, "containers", 0, "imagePull"), "Never"),
        ("minikube", "Deployment", "relay", (*POD, "containers", 0, "name"), GONE),
        ("minikube", "StatefulSet", "students-db", ("spec", "replicas"), "1"),
        ("minikube", "Job", "migrate-students-db", (*POD, "restart"), "Never"),
        ("minikube", "NetworkPolicy", "default-deny", ("spec", "policytypes"), []),
        ("minikube", "Component", "kafka-pubsub", ("spec", "versions"), "v1"),
        ("minikube", "HTTPEndpoint", "list-tutors", ("spec", "baseUrl"), GONE),
        ("minikube", "Kafka", "kafka", ("spec", "kafka", "listeners", 0, "type"), "outside"),
        ("minikube", "Kafka", "kafka", ("spec", "zookeeper"), {}),
        ("minikube", "KafkaNodePool", "dual-role", ("spec", "roles"), ["zookeeper"]),
        ("minikube", "Deployment", "relay", ("apiVersion",), "apps/v1beta1"),
        ("minikube", "Deployment", "relay", ("metadata", "namespace"), GONE),
        ("dapr-subscriptions", "Subscription", "book-tutor-on-student-matched", ("spec", "a"), 1),
        ("production", "Cluster", "students-db", ("spec", "instances"), 0),
        ("production", "Pooler", "students-db-pooler", ("spec", "type"), "w"),
        ("production", "KafkaUser", "relay", ("spec", "authentication", "type"), "plain"),
        ("production", "PodMonitor", "relay", ("spec", "selektor"), {}),
        ("production", "ExternalSecret", "students-db-app", ("spec", "data", 0, "remoteRef"), GONE),
    ],
)
def test_the_schemas_refuse(
    overlay: str, kind: str, name: str, keys: tuple[str | int, ...], value: Any
) -> None:
    fields = copy.deepcopy(one(overlay, kind, name).fields)
    put(fields, keys, value)
    assert faults(fields)


def test_the_schemas_are_small_enough_to_keep() -> None:
    files = (ROOT / "k8s/schemas").rglob("*.json")
    assert sum(file.stat().st_size for file in files) <= 1_500_000
