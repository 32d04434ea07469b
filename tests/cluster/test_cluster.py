"""LearnFlow's manifests and images on a real Kubernetes with a real Knative (see README)."""

import copy
from dataclasses import replace

import pytest

from learnflow.manifests import read_system
from tests.cluster import checks, node, streams
from tests.cluster.deploy import ROOT, planned
from tests.cluster.metrics import queries
from tests.cluster.story import one_match


@pytest.mark.parametrize("overlay", checks.OVERLAYS)
def test_every_resource_of_an_overlay_passes_the_real_webhooks(overlay: str) -> None:
    passed, unknown = checks.admitted(overlay)
    assert passed > 100
    assert {kind.partition(".")[2] for kind in unknown} <= {"external-secrets.io"}


def test_the_webhooks_refuse_what_knative_does_not_allow() -> None:
    found = next(each for each in planned().documents if each.name == "register-student")
    fields = copy.deepcopy(found.fields)
    fields["spec"]["template"]["spec"]["initContainers"] = [{"name": "a", "image": "dev.local/a"}]
    with pytest.raises(node.Refused, match="initContainers"):
        node.apply([replace(found, fields=fields)])


def test_every_function_is_ready_and_the_namespace_is_restricted() -> None:
    services = node.items("ksvc")
    ready = {
        each["metadata"]["name"]
        for each in services
        if node.condition(each, "Ready").get("status") == "True"
    }
    assert ready >= set(read_system(ROOT).functions)
    labels = node.found("namespace", node.NAMESPACE)["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"


def test_the_relay_has_its_sidecar() -> None:
    (pod,) = node.items("pods", selector="learnflow.org/role=relay")
    names = [each["name"] for each in pod["status"]["containerStatuses"] if each["ready"]]
    names += [each["name"] for each in pod["status"].get("initContainerStatuses", ())]
    assert sorted(names) == ["daprd", "relay"]


@pytest.mark.timeout(400)
async def test_a_function_answers_from_zero_and_goes_back() -> None:
    seconds, zero = await checks.scaled()
    assert seconds < 20
    assert zero > 0


@pytest.mark.timeout(400)
async def test_match_student_asks_list_tutors_at_zero_through_dapr() -> None:
    assert await checks.invoked() < 30


@pytest.mark.timeout(400)
async def test_an_event_to_the_jobsink_starts_one_job_and_the_same_event_no_second() -> None:
    assert "accepted matches" in await checks.trained()


@pytest.mark.timeout(200)
@pytest.mark.parametrize("name", ["maintain", "train-ranker"])
def test_a_cronjob_run_once_ends_well(name: str) -> None:
    assert checks.scheduled(name) > 0


@pytest.mark.timeout(200)
async def test_events_from_the_real_kafka_match_a_student_who_is_told() -> None:
    told = await one_match()
    assert told["match"]["tutor_id"] == told["wanted"]


@pytest.mark.timeout(400)
@pytest.mark.parametrize("wire", streams.WIRES)
async def test_a_stream_through_queue_proxy_goes_on_where_it_was_cut(wire: str) -> None:
    first, second = await streams.resumed(streams.WIRES[wire])
    assert [kind for _, kind in first] == ["matched"]
    assert [kind for _, kind in second] == ["waiting"]
    assert second[0][0] > first[-1][0]


@pytest.mark.timeout(400)
async def test_every_metric_that_is_asked_for_is_told_by_who_runs_here() -> None:
    found = await queries()
    assert [each for each in found if each.state == "missing"] == []
    assert {each.state for each in found} == {"found", "absent"}
