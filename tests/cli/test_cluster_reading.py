"""How `learnflow cluster` reads what the API server says: ready, waiting, failed, and why."""

from datetime import UTC, datetime
from typing import Any

import pytest

from learnflow.cluster.bringing_up import has_sidecar
from learnflow.cluster.diagnosing import event_lines, not_ready, trouble_of
from learnflow.cluster.errors import NoRoom
from learnflow.cluster.gateway import Paths
from learnflow.cluster.looking import lag_of, stuck
from learnflow.cluster.plan import ROOT
from learnflow.cluster.readiness import state_of
from learnflow.manifests import read_system


def conditioned(api: str, kind: str, *conditions: dict[str, str], **status: Any) -> dict[str, Any]:
    said = {"conditions": list(conditions), **status}
    return {"apiVersion": api, "kind": kind, "metadata": {"generation": 2}, "status": said}


READY, NOT = {"type": "Ready", "status": "True"}, {"type": "Ready", "status": "False"}
KNATIVE = ("serving.knative.dev/v1", "Service")


@pytest.mark.parametrize(
    ("fields", "is_"),
    [
        (conditioned(*KNATIVE, READY, observedGeneration=2), "ready"),
        (conditioned(*KNATIVE, READY, observedGeneration=1), "waiting"),
        (conditioned(*KNATIVE, NOT, observedGeneration=2), "waiting"),
        (conditioned(*KNATIVE), "waiting"),
        (conditioned("v1", "Service"), "ready"),
        (conditioned("batch/v1", "Job", {"type": "Complete", "status": "True"}), "ready"),
        (conditioned("batch/v1", "Job", {"type": "Failed", "status": "True"}), "failed"),
        (conditioned("batch/v1", "Job"), "waiting"),
        (
            conditioned(
                "apps/v1", "Deployment", observedGeneration=2, availableReplicas=1,
                updatedReplicas=1,
            ),
            "ready",
        ),
        (
            conditioned(
                "apps/v1", "Deployment", observedGeneration=1, availableReplicas=1,
                updatedReplicas=1,
            ),
            "waiting",
        ),
        (
            conditioned(  # the one available is the old one
                "apps/v1", "Deployment", observedGeneration=2, availableReplicas=1,
                updatedReplicas=1, replicas=2,
            ),
            "waiting",
        ),
        (conditioned("apps/v1", "StatefulSet", observedGeneration=2, readyReplicas=0), "waiting"),
        (
            conditioned(
                "apps/v1", "Deployment",
                {"type": "Progressing", "reason": "ProgressDeadlineExceeded", "status": "False"},
            ),
            "failed",
        ),
    ],
)  # fmt: skip
def test_a_resource_is_ready_when_its_controller_says_so_of_its_newest_version(
    fields: dict[str, Any], is_: str
) -> None:
    assert state_of(fields).is_ == is_


# what went wrong


def pod(reason: str = "", message: str = "", **status: Any) -> dict[str, Any]:
    waiting = {"waiting": {"reason": reason, "message": message}} if reason else {}
    one = {"name": "relay", "image": "dev.local/learnflow-core:x", "state": waiting}
    return {"metadata": {"name": "relay-1"}, "status": {"containerStatuses": [one], **status}}


@pytest.mark.parametrize(
    ("broken", "what"),
    [
        (pod("ImagePullBackOff"), "The image dev.local/learnflow-core:x is not on the node"),
        (
            pod("CreateContainerConfigError", 'secret "students-db-app" not found'),
            "The Secret students-db-app is missing",
        ),
        (pod("CreateContainerConfigError", "no user"), "cannot be made: no user"),
        (
            pod(conditions=[{"reason": "Unschedulable", "message": "Insufficient cpu"}]),
            "No node has room for the pod relay-1: Insufficient cpu",
        ),
    ],
)
def test_what_keeps_a_pod_from_starting_is_named(broken: dict[str, Any], what: str) -> None:
    found = trouble_of(broken)
    assert found is not None
    assert what in found.what
    assert found.fix
    assert isinstance(found, NoRoom) == ("room" in what)


def test_a_pod_that_only_restarts_is_waited_for() -> None:
    assert trouble_of(pod("CrashLoopBackOff")) is None


def test_the_newest_warnings_of_the_named_are_told() -> None:
    def event(name: str, kind: str, at: str) -> dict[str, Any]:
        about = {"kind": "Pod", "name": name}
        said = {"type": kind, "reason": "R", "message": at}
        return {"involvedObject": about, "metadata": {}, "lastTimestamp": at, **said}

    events = [
        event("a", "Warning", "3"),
        event("a", "Warning", "1"),
        event("a", "Normal", "2"),
        event("b", "Warning", "9"),
    ]
    assert event_lines(events, {"a"}) == ["event Pod a: R: 1", "event Pod a: R: 3"]


def test_logs_are_read_of_containers_that_failed_or_are_not_ready() -> None:
    states = [
        {"name": "done", "state": {"terminated": {"exitCode": 0}}},
        {"name": "failed", "state": {"terminated": {"exitCode": 1}}},
        {"name": "again", "state": {"waiting": {}}, "lastState": {"terminated": {"exitCode": 2}}},
        {"name": "slow", "state": {"running": {}}, "ready": False},
        {"name": "fine", "state": {"running": {}}, "ready": True},
    ]
    assert not_ready({"status": {"containerStatuses": states}}) == ["failed", "again", "slow"]


def test_a_relay_without_daprd_is_noticed() -> None:
    bare = {"metadata": {}, "spec": {"containers": [{"name": "relay"}]}}
    assert not has_sidecar(bare)
    assert has_sidecar({**bare, "metadata": {"deletionTimestamp": "now"}})
    assert has_sidecar({"metadata": {}, "spec": {"initContainers": [{"name": "daprd"}]}})


# looking


def test_lag_is_summed_by_group_and_dead_letters_by_partition() -> None:
    text = (
        'kafka_consumergroup_lag{consumergroup="g",partition="0",topic="t"} 2\n'
        'kafka_consumergroup_lag{consumergroup="g",partition="1",topic="t"} 3\n'
        'kafka_consumergroup_lag{consumergroup="h",partition="0",topic="t"} -1\n'
        'kafka_topic_partition_current_offset{partition="0",topic="dead.letter"} 9\n'
        'kafka_topic_partition_current_offset{partition="1",topic="dead.letter"} 1\n'
        'kafka_topic_partition_oldest_offset{partition="0",topic="dead.letter"} 4\n'
        'kafka_topic_partition_current_offset{partition="0",topic="other"} 100\n'
    )
    assert lag_of(text) == ({"g": 5, "h": 0}, 6)
    assert lag_of("") == ({}, None)


def test_a_job_is_stuck_when_it_failed_or_runs_for_long() -> None:
    def job(name: str, *conditions: dict[str, str], began: str) -> dict[str, Any]:
        found = conditioned("batch/v1", "Job", *conditions, startTime=began)
        return {**found, "metadata": {"name": name}}

    jobs = [
        job("young", began="2026-11-22T11:50:00Z"),
        job("old", began="2026-11-22T11:30:00Z"),
        job("done", {"type": "Complete", "status": "True"}, began="2026-11-22T01:00:00Z"),
        job("failed", {"type": "Failed", "status": "True", "reason": "x"}, began=""),
    ]
    found = stuck(jobs, datetime(2026, 11, 22, 12, tzinfo=UTC))
    assert found == [("old", "it runs, for 30 minutes"), ("failed", "x")]


def test_requests_find_their_function_as_at_the_embedded_gateway() -> None:
    paths = Paths(read_system(ROOT).functions)
    assert paths.function("POST", "/api/students") == "register-student"
    assert paths.function("GET", "/api/students/0190-ab") == "find-student"
    assert paths.function("POST", "/api/matches/1/response") == "respond-to-match"
    assert paths.function("GET", "/api/nothing") is None
