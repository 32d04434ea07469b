"""Status, replay, down and operators against a real API server, its controllers stand-ins."""

import copy
from dataclasses import replace

import pytest

from learnflow.cluster import installing, operators
from learnflow.cluster.applying import apply_all
from learnflow.cluster.bringing_up import up
from learnflow.cluster.checking import Options, to_install
from learnflow.cluster.client import Cluster
from learnflow.cluster.errors import ClusterError
from learnflow.cluster.looking import status
from learnflow.cluster.operators import Operator
from learnflow.cluster.plan import Plan, plan
from learnflow.cluster.replaying import end, start
from learnflow.cluster.taking_down import down
from tests.cli import controllers as controllers_
from tests.cli.cluster_api import FAILED, OPTIONS, Seen, config, passwords
from tests.cli.controllers import controllers, say
from tests.manifests.api_server import absent

pytestmark = [
    pytest.mark.skipif(absent() is not None, reason=absent() or ""),
    pytest.mark.timeout(300),
]

RELEASE = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: toys.tests.learnflow.org, creationTimestamp: null}
spec:
  group: tests.learnflow.org
  names: {kind: Toy, plural: toys, singular: toy}
  scope: Namespaced
  versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}]
---
apiVersion: v1
kind: ConfigMap
metadata: {name: config-network, namespace: kafka}
data: {ingress-class: other, kept: "yes"}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: toy-operator, namespace: kafka}
spec:
  selector: {matchLabels: {app: toy}}
  template:
    metadata: {labels: {app: toy}}
    spec: {containers: [{name: toy, image: "toy:1.0.0"}]}
"""


async def test_status_tells_functions_servers_stuck_jobs_and_what_it_cannot_know(
    cluster: Cluster, small: Plan
) -> None:
    async with controllers(cluster, small):
        await up(cluster, small, OPTIONS, Seen())
    found = await status(cluster)
    assert {each.name for each in found.functions} >= {"register-student", "watch-student"}
    assert all(each.ready and each.replicas == 0 for each in found.functions)
    assert {"students-db", "relay", "kafka"} <= {each.name for each in found.servers}
    assert found.dead_letters is None
    assert found.sources[0].lag is None
    assert "exporter does not run" in found.unknown
    job = small.of("Job")[0].fields
    await cluster.delete(job)
    await cluster.apply(job)
    began = {"startTime": "2026-11-22T10:00:00Z", "failed": 1}
    await say(cluster, job, {**began, "conditions": FAILED})
    later = await status(cluster)
    assert (job["metadata"]["name"], "BackoffLimitExceeded: no more") in later.stuck_jobs
    assert not later.fine


async def test_a_replay_is_a_second_source_one_at_a_time(cluster: Cluster, small: Plan) -> None:
    async with controllers(cluster, small):
        await up(cluster, small, OPTIONS, Seen())
    name = "notify-student-on-tutor-matched"
    with pytest.raises(ClusterError, match="is not ready"):  # nobody makes the second one ready
        await start(cluster, name, "replay-1", 0.1, Seen())
    with pytest.raises(ClusterError, match="A replay runs already: notify-student-on"):
        await start(cluster, name, "replay-2", 0.1, Seen())
    with pytest.raises(ClusterError, match="has no source nothing") as raised:
        await start(cluster, "nothing", "replay-3", 0.1, Seen())
    assert name in raised.value.fix
    assert "replay-1" not in raised.value.fix
    assert (await end(cluster, name), await end(cluster, name)) == (1, 0)


async def test_down_keeps_data_when_told_and_says_what_holds_a_resource(
    cluster: Cluster, small: Plan
) -> None:
    async with controllers(cluster, small):
        await up(cluster, small, OPTIONS, Seen())
    held = copy.deepcopy(small.of("KafkaSink")[0].fields)
    held["metadata"]["finalizers"] = ["learnflow.org/held"]
    await cluster.apply(held)
    with pytest.raises(ClusterError, match=r"dead-letter is not gone .*learnflow\.org/held hold"):
        await down(cluster, small, Seen(), keep_data=True, patience=0.1)
    await cluster.apply(small.of("KafkaSink")[0].fields)
    untagged = replace(
        small, documents=plan("minikube").documents
    )  # whoever takes it down need not know the tag
    await down(cluster, untagged, Seen(), keep_data=True, patience=30.0)
    assert not await cluster.all("serving.knative.dev/v1", "Service", "learnflow")
    assert not await cluster.all("batch/v1", "Job", "learnflow", labelSelector="learnflow.org/role")
    assert (await passwords(cluster)).keys() == small.secrets
    assert await cluster.all("kafka.strimzi.io/v1", "KafkaTopic", "kafka")


async def test_an_operator_is_installed_once_set_and_marked_and_anew_where_that_broke_off(
    cluster: Cluster, small: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    toy = Operator(
        "Kourier", "1.0.0", ((1, 0),), "kafka", "toy-operator", ("dapr.io",), ("memory:",)
    )

    async def fetched(url: str) -> str:
        return RELEASE

    monkeypatch.setattr(installing, "fetched", fetched)
    monkeypatch.setattr(operators, "OPERATORS", (toy,))
    deployment = {"apiVersion": "apps/v1", "kind": "Deployment"}
    proof = {**deployment, "metadata": {"name": "toy-operator", "namespace": "kafka"}}
    monkeypatch.setattr(controllers_, "INJECTOR", proof)
    assert await to_install(cluster, small) == (toy,)
    async with controllers(cluster, small):
        impatient = Options(patience=30.0)
        await installing.install(cluster, (), small, impatient, Seen())
        await apply_all(cluster, [(each.fields, "") for each in small.of("Namespace")])
        await installing.release(cluster, toy, impatient, Seen())
        assert await to_install(cluster, small) == (toy,), "it is not marked yet"
        await installing.install(cluster, (toy,), small, impatient, Seen())
        assert await to_install(cluster, small) == ()
    there = await cluster.get(proof) or {}
    assert there["spec"]["template"]["spec"]["containers"][0]["image"] == "toy:1.0.0"
    changed = await cluster.get(config("config-network", "kafka")) or {}
    assert changed["data"] == {
        "ingress-class": "kourier.ingress.networking.knative.dev", "kept": "yes",
    }  # fmt: skip
    assert await cluster.serves("tests.learnflow.org/v1", "Toy")
