"""A real Kubernetes 1.34 takes every document, and every pod under `restricted`."""

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from learnflow.manifests.pods import Pods, pods_of
from learnflow.manifests.rules import Tree
from learnflow.manifests.secrets import absent as absent_secrets
from tests.eventually import eventually
from tests.manifests.api_server import ApiServer, absent, serving, types
from tests.manifests.overlays import OVERLAYS, rendered

pytestmark = [
    pytest.mark.peers,
    pytest.mark.skipif(absent() is not None, reason=absent() or ""),
    pytest.mark.timeout(300),
]
NOT_PINNED = ("external-secrets.io/v1",)
APPLIED = "serverside-applied"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    """With our types, namespaces and accounts."""
    folder: Path = tmp_path_factory.mktemp("api")
    with serving(folder) as started:
        said = started.apply(types(), really=True)
        assert said.count(APPLIED) == len(types()), said
        first = [
            each.fields
            for each in (*rendered("minikube"), *rendered("production"))
            if each.kind in ("Namespace", "ServiceAccount")
        ]
        for kind in ("Namespace", "ServiceAccount"):
            started.apply([each for each in first if each["kind"] == kind], really=True)
        yield started


def known(overlay: str) -> list[dict[str, Any]]:
    return [
        each.fields for each in rendered(overlay) if each.fields["apiVersion"] not in NOT_PINNED
    ]


@pytest.mark.parametrize("overlay", OVERLAYS)
async def test_every_document_is_taken_without_a_warning(server: ApiServer, overlay: str) -> None:
    documents = known(overlay)

    def taken() -> str | None:  # a type is served a moment after it is there
        said = server.apply(documents)
        return said if said.count(APPLIED) == len(documents) else None

    assert "Warning" not in await eventually(taken, 30, 0.5)


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_pod_is_taken_where_restricted_is_enforced(server: ApiServer, overlay: str) -> None:
    pods = [pod(each) for each in pods_of(Tree(rendered(overlay)))]
    said = server.apply(pods)
    assert said.count(APPLIED) == len(pods), said


def test_a_pod_that_is_not_restricted_is_refused(server: ApiServer) -> None:
    loose = pod(next(pods_of(Tree(rendered("minikube")))))
    del loose["spec"]["containers"][0]["securityContext"]["seccompProfile"]
    loose["spec"].pop("securityContext", None)
    assert 'violates PodSecurity "restricted:v1.34"' in server.apply([loose])


def test_a_misspelt_field_is_refused(server: ApiServer) -> None:
    wrong = copy.deepcopy(next(each for each in known("minikube") if each["kind"] == "KafkaSource"))
    wrong["spec"]["deliver"] = {}
    assert APPLIED not in server.apply([wrong])


def test_the_secrets_that_are_made_are_taken(server: ApiServer) -> None:
    made = list(absent_secrets(set()))
    assert server.apply(made).count(APPLIED) == len(made)


def pod(pods: Pods) -> dict[str, Any]:
    """One pod as its controller would make it; Knative's own fields and probes left out."""
    spec = copy.deepcopy(pods.spec)
    for name in ("containerConcurrency", "timeoutSeconds", "responseStartTimeoutSeconds"):
        spec.pop(name, None)
    for container in spec["containers"]:
        if pods.is_function:
            container.pop("readinessProbe", None)
            container.pop("livenessProbe", None)
        mounts = container.get("volumeMounts", [])
        container["volumeMounts"] = [each for each in mounts if each["name"] != "data"]
    name = f"{pods.owner.kind.lower()}-{pods.owner.name}"
    metadata = {"name": name, "namespace": "learnflow", "labels": dict(pods.labels)}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}
