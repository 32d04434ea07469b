"""A real Kubernetes 1.34 API server for `learnflow cluster`; its controllers are stand-ins."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from learnflow.cluster import applying
from learnflow.cluster.checking import Options
from learnflow.cluster.client import Cluster
from learnflow.cluster.plan import Plan, plan
from tests.eventually import eventually
from tests.manifests.api_server import TOKEN, ApiServer, serving, types

OPTIONS = Options(skip_operators=True, skip_room=True, patience=30.0)
FAILED = [
    {"type": each, "status": "True", "reason": "BackoffLimitExceeded", "message": "no more"}
    for each in ("FailureTarget", "Failed")
]


class Seen:
    """A view that keeps its lines."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str, str]] = []

    def now(self, text: str) -> None:
        """Nothing is kept of it."""

    def line(self, state: str, stage: str, detail: str) -> None:
        self.lines.append((state, stage, detail))


@pytest.fixture(scope="session")
def api_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    folder: Path = tmp_path_factory.mktemp("api")
    with serving(folder) as started:
        started.apply(types(), really=True)
        injector = {"app": "dapr-sidecar-injector"}
        container = {"name": "injector", "image": "x"}
        pod = {"metadata": {"labels": injector}, "spec": {"containers": [container]}}
        metadata = {"name": "dapr-sidecar-injector", "namespace": "dapr-system"}
        spec = {"selector": {"matchLabels": injector}, "template": pod}
        namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "dapr-system"}}
        started.apply([namespace], really=True)
        deployment = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata}
        started.apply([{**deployment, "spec": spec}], really=True)
        yield started


def kubeconfig(folder: Path, url: str) -> str:
    """A kubeconfig of one context, `tests`."""
    said = {
        "apiVersion": "v1", "kind": "Config", "current-context": "tests",
        "clusters": [{"name": "c", "cluster": {"server": url, "insecure-skip-tls-verify": True}}],
        "users": [{"name": "u", "user": {"token": TOKEN}}],
        "contexts": [{"name": "tests", "context": {"cluster": "c", "user": "u"}}],
    }  # fmt: skip
    file = folder / "kubeconfig"
    file.write_text(yaml.safe_dump(said), "utf-8")
    return str(file)


@pytest.fixture
async def cluster(
    api_server: ApiServer, minikube: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Cluster]:
    monkeypatch.setenv("KUBECONFIG", kubeconfig(tmp_path, api_server.url))
    monkeypatch.setattr(applying, "EVERY_SECONDS", 0.05)
    async with await Cluster.open("tests") as found:

        async def served() -> bool:  # a type is served a moment after it is there
            return all([await found.serves(*each) for each in minikube.kinds])

        await eventually(served, 30, 0.2)
        yield found


@pytest.fixture(scope="session")
def minikube() -> Plan:
    return plan("minikube", "0123abcd")


@pytest.fixture(scope="session")
def small(minikube: Plan) -> Plan:
    """One or two of each kind."""
    names = (
        *("learnflow", "kafka", "job", "students-db", "migrate-students-db-0123abcd", "relay"),
        *("student.registered", "register-student", "watch-student", "dead-letter"),
        *("match-student-on-student-registered", "notify-student-on-tutor-matched"),
    )
    return replace(
        minikube, documents=tuple(each for each in minikube.documents if each.name in names)
    )


def config(name: str, namespace: str = "default") -> dict[str, Any]:
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"a": "b"}}


async def passwords(cluster: Cluster) -> dict[str, Any]:
    secrets = await cluster.all("v1", "Secret", "learnflow")
    return {each["metadata"]["name"]: each["data"] for each in secrets}
