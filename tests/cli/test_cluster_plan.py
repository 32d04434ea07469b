"""What `learnflow cluster` decides before, and without, talking to a cluster."""

from dataclasses import replace
from typing import Any

import pytest

from learnflow.cluster import operators
from learnflow.cluster.errors import ClusterError
from learnflow.cluster.installing import chart_command, documents_of
from learnflow.cluster.operators import OPERATORS, Operator
from learnflow.cluster.plan import ROOT, Plan, plan
from learnflow.cluster.replaying import replay_of
from learnflow.cluster.requirements import check_kinds, check_kubernetes, check_room, room
from learnflow.cluster.taking_down import KEPT, is_stream, steps
from learnflow.manifests.lint_sums import requests
from learnflow.manifests.order import WAVES, wave_of
from learnflow.manifests.rules import Tree

SERVING, STRIMZI, DAPR = OPERATORS[0], OPERATORS[4], OPERATORS[5]


@pytest.fixture(scope="module")
def minikube() -> Plan:
    return plan("minikube")


def node(cpu: str, memory: str, **spec: Any) -> dict[str, Any]:
    return {"spec": spec, "status": {"allocatable": {"cpu": cpu, "memory": memory}}}


# what is applied, and when


def test_every_resource_of_an_overlay_has_its_wave_and_namespaces_come_first(
    minikube: Plan,
) -> None:
    names = [name for name, _ in minikube.waves]
    assert sum(len(each) for _, each in minikube.waves) == len(minikube.documents)
    assert names == [name for name in WAVES if name in names]
    assert "Namespace" in {each.kind for each in minikube.waves[0][1]}


def test_one_tag_is_for_all_images_and_names_the_jobs() -> None:
    found = plan("minikube", "1a2b3c4d5e6f7")
    assert found.images == [
        "dev.local/learnflow-core:1a2b3c4d5e6f7",
        "dev.local/learnflow-match:1a2b3c4d5e6f7",
        "dev.local/learnflow-web:1a2b3c4d5e6f7",
    ]
    assert {each.name for each in found.of("Job")} >= {"migrate-students-db-1a2b3c4d5e6f"}


@pytest.mark.parametrize(("tags", "web"), [("a,b,c", "c"), ("a,b", "dev")])
def test_each_image_may_have_its_own_tag_and_registry(tags: str, web: str) -> None:
    assert plan("production", tags, "docker.io/us/").images == [
        "docker.io/us/learnflow-core:a",
        "docker.io/us/learnflow-match:b",
        f"docker.io/us/learnflow-web:{web}",
    ]


def test_secrets_are_made_here_except_where_external_secrets_brings_them() -> None:
    assert "students-db-owner" in plan("minikube").secrets
    assert plan("production").secrets == frozenset()


def test_an_overlay_that_is_not_there_names_those_that_are() -> None:
    with pytest.raises(ClusterError, match="There is no overlay nope") as raised:
        plan("nope")
    assert "dapr-subscriptions, minikube, production" in raised.value.fix


# what a cluster must have


@pytest.mark.parametrize("version", ["v1.34.0", "v1.35.2", "v1.34.4-eks-3abc", "v2.0.0"])
def test_a_kubernetes_that_is_new_enough_will_do(version: str) -> None:
    check_kubernetes(version)


@pytest.mark.parametrize("version", ["v1.33.9", "v1.9.0", "v0.49.1", "unknown"])
def test_an_older_kubernetes_is_refused(version: str) -> None:
    with pytest.raises(ClusterError, match=r"1\.34 or newer is needed"):
        check_kubernetes(version)


def test_room_is_the_sum_of_the_nodes_that_take_pods() -> None:
    nodes = [node("4", "8Gi"), node("1500m", "512Mi"), node("8", "8Gi", unschedulable=True)]
    assert room(nodes) == (5.5, 8704.0)


def test_a_minikube_of_6_cpu_and_12_gb_has_room(minikube: Plan) -> None:
    needed = requests(Tree(minikube.documents))
    assert check_room(minikube, [node("6", "12Gi")])[:2] == needed


@pytest.mark.parametrize(("there", "lacks"), [(("4", "12Gi"), "CPU"), (("6", "8Gi"), "MiB")])
def test_too_little_room_is_refused_with_what_is_needed(
    minikube: Plan, there: tuple[str, str], lacks: str
) -> None:
    with pytest.raises(ClusterError, match=f"{lacks} for pods") as raised:
        check_room(minikube, [node(*there)])
    assert "--cpus=6 --memory=12g" in raised.value.fix


def test_a_missing_kind_is_named_with_who_brings_it() -> None:
    check_kinds([])
    with pytest.raises(ClusterError, match="ExternalSecret") as raised:
        check_kinds([("external-secrets.io/v1", "ExternalSecret")])
    assert "External Secrets" in raised.value.fix


# operators


def deployment(image: str, **labels: str) -> dict[str, Any]:
    pod = {"spec": {"containers": [{"image": image}]}}
    return {"metadata": {"labels": labels}, "spec": {"template": pod}}


@pytest.mark.parametrize(
    ("there", "version"),
    [
        (deployment("x@sha256:ab", **{"app.kubernetes.io/version": "1.22.1"}), "1.22.1"),
        (deployment("x", **{"kafka.eventing.knative.dev/release": "knative-v1.22.3"}), "1.22.3"),
        (deployment("quay.io/strimzi/operator:0.49.1"), "0.49.1"),
        (deployment("x@sha256:ab"), ""),
    ],
)
def test_an_operators_version_is_read_from_its_labels_or_image(
    there: dict[str, Any], version: str
) -> None:
    assert operators.installed(there) == version


def test_only_operators_that_are_not_there_are_installed() -> None:
    def there(each: Operator) -> dict[str, Any] | None:
        return None if each is DAPR else deployment(f"x:{each.version}")

    assert operators.absent(OPERATORS, there) == (DAPR,)


def test_another_patch_of_an_operator_will_do_and_another_minor_is_refused() -> None:
    assert operators.absent([STRIMZI], lambda _: deployment("x:0.49.0")) == ()
    with pytest.raises(ClusterError, match=r"Strimzi 0\.50\.0 is installed, and 0\.49\.1"):
        operators.absent([STRIMZI], lambda _: deployment("x:0.50.0"))


def test_an_overlay_without_knative_sources_needs_no_eventing() -> None:
    needed = {each.name for each in operators.needed(plan("dapr-subscriptions").kinds)}
    assert needed == {"Knative Serving", "Kourier", "Strimzi", "Dapr"}


def test_every_operator_is_pinned_in_every_address_it_comes_from() -> None:
    for each in OPERATORS:
        assert all(each.version in url for url in each.urls)
        assert each.urls or each.version in chart_command(each, "here")


def test_strimzi_moves_into_our_namespace_where_restricted_is_enforced() -> None:
    text = (
        "kind: Deployment\nmetadata: {name: o}\n"
        "spec: {template: {spec: {containers: [{name: o}]}}}\n"
        "---\nkind: RoleBinding\nmetadata:\n  name: o\n  namespace: myproject\n"
    )
    made, binding = documents_of(text, STRIMZI)
    pod = made["spec"]["template"]["spec"]
    assert binding["metadata"]["namespace"] == "kafka"
    assert pod["securityContext"] == {"runAsNonRoot": True}
    assert pod["containers"][0]["securityContext"]["capabilities"] == {"drop": ["ALL"]}


# replays and the end


def test_a_replay_has_a_group_of_its_own_and_marks_its_events(minikube: Plan) -> None:
    source = minikube.of("KafkaSource")[0].fields
    made = replay_of(source, "replay-1")
    assert made["spec"]["consumerGroup"] == made["metadata"]["name"] != source["metadata"]["name"]
    assert made["spec"]["ceOverrides"] == {"extensions": {"replayid": "replay-1"}}
    assert made["spec"]["initialOffset"] == "earliest"
    assert (made["spec"]["topics"], made["spec"]["sink"], made["spec"]["delivery"]) == (
        source["spec"]["topics"], source["spec"]["sink"], source["spec"]["delivery"],
    )  # fmt: skip
    assert len(made["metadata"]["name"]) <= 63


def test_down_goes_backwards_with_streams_before_the_other_functions(minikube: Plan) -> None:
    order = [stage for stage, _ in steps(minikube, keep_data=False)]
    assert order[:4] == ["sources", "sinks", "streams", "functions, jobs, monitoring"]
    streams = dict(steps(minikube, keep_data=False))["streams"]
    assert {each.name for each in streams} == {"watch-student", "watch-tutor"}
    assert all(is_stream(each) for each in streams)
    assert order[4:] == [name for name in reversed(WAVES[:6]) if name in order]


def test_keeping_data_keeps_kafka_topics_and_namespaces(minikube: Plan) -> None:
    gone = [each for _, stage in steps(minikube, keep_data=True) for each in stage]
    assert not {wave_of(each) for each in gone} & KEPT
    assert not {"Kafka", "KafkaTopic", "Namespace"} & {each.kind for each in gone}
    assert len(gone) + len([d for d in minikube.documents if wave_of(d) in KEPT]) == len(
        minikube.documents
    )


def test_a_plan_of_a_folder_of_the_repository_is_as_good_as_a_name(minikube: Plan) -> None:
    by_folder = plan(str(ROOT / "k8s" / "overlays" / "minikube"))
    assert replace(by_folder, overlay="minikube") == minikube


@pytest.mark.parametrize("small", [True, False])
def test_serving_is_set_to_tell_the_metrics_that_dashboards_ask_for(small: bool) -> None:
    serving = next(each for each in OPERATORS if each.name == "Knative Serving")
    parts = {each["metadata"]["name"]: each for each in operators.settings(serving, small=small)}
    said = parts["config-observability"]["data"]
    assert said["request-metrics-protocol"] == said["metrics-protocol"] == "prometheus"
    assert ("config-domain" in parts) is small
