"""`learnflow cluster up` against a real Kubernetes 1.34 API server, its controllers stand-ins."""

import asyncio
import copy
from dataclasses import replace
from typing import Any

import pytest

from learnflow.cluster import applying, client
from learnflow.cluster.applying import apply_all, wait_for
from learnflow.cluster.bringing_up import dry_run, make_secrets, up
from learnflow.cluster.client import Cluster
from learnflow.cluster.errors import ClusterError
from learnflow.cluster.plan import Plan, plan
from tests.cli.cluster_api import FAILED, OPTIONS, Seen, config, passwords
from tests.cli.controllers import controllers, say
from tests.eventually import eventually
from tests.manifests.api_server import absent
from tests.ports import free_port

pytestmark = [
    pytest.mark.peers,
    pytest.mark.skipif(absent() is not None, reason=absent() or ""),
    pytest.mark.timeout(300),
]


async def test_up_brings_everything_up_in_order_and_again_it_changes_nothing(
    cluster: Cluster, minikube: Plan
) -> None:
    view = Seen()
    async with controllers(cluster, minikube):
        urls = await up(cluster, minikube, OPTIONS, view)
        kept = await passwords(cluster)
        await up(cluster, minikube, OPTIONS, Seen())
    there = [await cluster.get(each.fields) for each in minikube.documents]
    assert all(there)
    stages = [stage for _, stage, _ in view.lines if stage not in ("kubernetes", "kinds")]
    assert stages == [minikube.waves[0][0], "Secrets", *[name for name, _ in minikube.waves[1:]]]
    assert kept.keys() == minikube.secrets
    assert await passwords(cluster) == kept
    assert urls["register-student"] == "http://register-student.learnflow.localhost"
    assert "match-student" not in urls, "only reactions' sources call it"


async def test_up_again_mends_what_is_missing_and_makes_a_failed_job_anew(
    cluster: Cluster, small: Plan
) -> None:
    job = small.of("Job")[0].fields
    topic = small.of("KafkaTopic")[0].fields
    async with controllers(cluster, small):
        await up(cluster, small, OPTIONS, Seen())
    kept = await passwords(cluster)
    await cluster.delete(topic)
    secret = {"apiVersion": "v1", "kind": "Secret"}
    await cluster.delete(
        {**secret, "metadata": {"name": "tutors-db-app", "namespace": "learnflow"}}
    )
    await cluster.delete(job)
    await cluster.apply(job)
    failed = await cluster.get(job) or {}
    began = {"startTime": "2026-11-22T10:00:00Z"}
    await say(cluster, failed, {**began, "conditions": FAILED, "failed": 1})
    async with controllers(cluster, small):
        await up(cluster, small, OPTIONS, Seen())
    anew = await cluster.get(job) or {}
    assert anew["metadata"]["uid"] != failed["metadata"]["uid"]
    assert await cluster.get(topic)
    changed = {name for name, data in (await passwords(cluster)).items() if data != kept[name]}
    assert changed == {"tutors-db-app"}


async def test_a_job_that_differs_is_made_anew(cluster: Cluster, minikube: Plan) -> None:
    job = copy.deepcopy(minikube.of("Job")[0].fields)
    await apply_all(cluster, [(each.fields, "") for each in minikube.of("Namespace")])
    job["metadata"]["name"] = "differs"
    await apply_all(cluster, [(job, "")])
    job["spec"]["template"]["spec"]["containers"][0]["command"] = ["true"]
    await apply_all(cluster, [(job, "")])
    there = await cluster.get(job) or {}
    assert there["spec"]["template"]["spec"]["containers"][0]["command"] == ["true"]


async def test_a_dry_run_tells_what_is_there_and_changes_nothing(
    cluster: Cluster, minikube: Plan
) -> None:
    new = replace(minikube.of("Namespace")[0], name="dry", fields={
        "apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "dry"},
    })  # fmt: skip
    failed, found = await dry_run(cluster, replace(minikube, documents=(new,)), OPTIONS, Seen())
    assert (failed, [(each.name, each.there) for each in found]) == (0, [("dry", False)])
    assert await cluster.get(new.fields) is None
    await cluster.apply(new.fields)
    _, found = await dry_run(cluster, replace(minikube, documents=(new,)), OPTIONS, Seen())
    assert found[0].there


async def test_a_kind_that_the_cluster_lacks_is_named_before_anything_is_applied(
    cluster: Cluster,
) -> None:
    with pytest.raises(ClusterError, match="lacks these kinds: ExternalSecret"):
        await up(cluster, plan("production"), OPTIONS, Seen())


async def test_a_field_that_the_cluster_does_not_know_is_refused_with_its_file(
    cluster: Cluster, minikube: Plan
) -> None:
    topic = copy.deepcopy(minikube.of("KafkaTopic")[0].fields)
    topic["metadata"] = {"name": "odd", "namespace": "default"}
    topic["spec"]["partition"] = 3
    with pytest.raises(ClusterError, match=r"refuses KafkaTopic odd.*partition") as raised:
        await apply_all(cluster, [(topic, "k8s/odd.yaml")])
    assert raised.value.where == "k8s/odd.yaml"


async def test_secrets_that_are_there_are_never_touched(cluster: Cluster) -> None:
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "own"}}
    await cluster.apply(namespace)
    wanted = frozenset({"students-db-app", "students-db-owner"})
    mine = {"name": "students-db-app", "namespace": "own"}
    await cluster.create({"apiVersion": "v1", "kind": "Secret", "metadata": mine})
    assert await make_secrets(cluster, wanted, "own") == ["students-db-owner"]
    assert await make_secrets(cluster, wanted, "own") == []
    found = await cluster.get({"apiVersion": "v1", "kind": "Secret", "metadata": mine}) or {}
    assert "data" not in found


async def test_a_missing_image_ends_the_waiting_with_what_to_do(
    cluster: Cluster, minikube: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(applying, "STUBBORN_SECONDS", 0.0)
    job = copy.deepcopy(minikube.of("Job")[0].fields)
    job["metadata"] = {"name": "waits", "namespace": "default"}
    labels = {"batch.kubernetes.io/job-name": "waits"}
    spec = {"containers": [{"name": "migrate", "image": "dev.local/learnflow-core:x"}]}
    pod = {"apiVersion": "v1", "kind": "Pod", "spec": spec}
    pod["metadata"] = {"name": "waits-1", "namespace": "default", "labels": labels}
    account = {"name": "default", "namespace": "default"}
    await cluster.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": account})
    await cluster.apply(job)
    await cluster.apply(pod)
    waiting = {"waiting": {"reason": "ErrImageNeverPull"}}
    said: dict[str, Any] = {"imageID": "", "ready": False, "restartCount": 0, "state": waiting}
    said |= {"name": "migrate", "image": "dev.local/learnflow-core:x"}
    await say(cluster, pod, {"containerStatuses": [said]})
    with pytest.raises(ClusterError, match="learnflow-core:x is not on the node") as raised:
        await wait_for(cluster, [job], 30.0, Seen(), "migrations")
    assert "image load dev.local/learnflow-core:x" in raised.value.fix


async def test_what_is_not_ready_in_time_is_named_with_what_its_controller_says(
    cluster: Cluster, minikube: Plan
) -> None:
    topic = copy.deepcopy(minikube.of("KafkaTopic")[0].fields)
    topic["metadata"] = {"name": "late", "namespace": "default"}
    await cluster.apply(topic)
    condition = {"type": "Ready", "status": "False", "reason": "KafkaError", "message": "no broker"}
    await say(cluster, topic, {"observedGeneration": 1, "conditions": [condition]})
    with pytest.raises(ClusterError, match=r"KafkaTopic late is not ready.*KafkaError: no broker"):
        await wait_for(cluster, [topic], 0.1, Seen(), "topics")


async def test_an_operators_webhook_that_is_not_up_yet_is_waited_for(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "resources": ["configmaps"]}
    hook = {
        "name": "late.learnflow.org",
        "clientConfig": {"url": f"https://127.0.0.1:{free_port()}/"},
        "rules": [{**rule, "operations": ["CREATE"]}],
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
        "matchConditions": [{"name": "one", "expression": "object.metadata.name == 'hooked'"}],
    }
    kind = "ValidatingWebhookConfiguration"
    api = "admissionregistration.k8s.io/v1"
    late = {"apiVersion": api, "kind": kind, "metadata": {"name": "late"}, "webhooks": [hook]}
    await cluster.apply(late)
    impatient = Cluster(cluster.api, "tests", patience=0.0)

    async def refused() -> bool:  # a webhook is asked a moment after it is there
        try:
            await impatient.apply(config("hooked"))
        except ClusterError as error:
            return "failed calling webhook" in error.what
        await cluster.delete(config("hooked"))
        return False

    await eventually(refused, 20, 0.2)
    attempts = []

    class Counting(Cluster):
        async def _ask_once(self, method: str, path: str, **request: Any) -> str:
            attempts.append(method)
            return await super()._ask_once(method, path, **request)

    monkeypatch.setattr(client, "_PAUSE", 0.05)
    applied = asyncio.create_task(Counting(cluster.api, "tests").apply(config("hooked")))
    await eventually(lambda: attempts.count("PATCH") > 2 or applied.done(), 20)
    assert not applied.done()
    await cluster.delete(late)
    await applied
    assert await cluster.get(config("hooked"))
