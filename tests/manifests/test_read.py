"""Reading the manifests: what they say, what they may leave out, and what is not emulated."""

import math
import time
from pathlib import Path
from typing import Any

import pytest

from learnflow.manifests import Route, Scale, read_system
from learnflow.manifests.read import system_of
from tests.manifests.trees import GONE, ROOT, broken, copied

POD = ("spec", "template", "spec")
CONTAINER = (*POD, "containers", 0)
SCALING = ("spec", "template", "metadata", "annotations")
SOURCE = "book-tutor-on-student-matched"


def test_a_command_is_read_with_its_route_and_bounds() -> None:
    function = read_system(ROOT).functions["register-student"]
    assert function.target == "register_student"
    assert function.routes == (Route("POST", "/api/students"),)
    assert (function.concurrency, function.timeout, function.image) == (16, 60.0, "core")
    assert function.scale == Scale(min=0, max=10)
    assert not function.cluster_local
    assert function.env == {"FUNCTION_TARGET": "register_student"}
    assert function.secret_env == {"LEARNFLOW_STUDENTS_DATABASE_URL": "students-db-app/url"}


def test_a_stream_is_read_with_its_target_and_start_timeout() -> None:
    function = read_system(ROOT).functions["watch-tutor"]
    assert (function.scale.target, function.scale.burst_capacity) == (100.0, 0.0)
    assert (function.timeout, function.response_start_timeout) == (600.0, 600.0)


def test_a_reaction_is_cluster_local_and_has_no_route() -> None:
    function = read_system(ROOT).functions["match-student"]
    assert function.cluster_local
    assert function.routes == ()
    assert (function.concurrency, function.image) == (4, "match")


def test_a_source_is_read_with_its_delivery() -> None:
    source = read_system(ROOT).sources[SOURCE]
    assert (source.topics, source.sink, source.group) == (
        ("student.matched",),
        "book-tutor",
        SOURCE,
    )
    assert source.delivery.dead_letter == "dead-letter"
    waits = [source.delivery.wait_before(retry) for retry in range(1, source.delivery.retry + 1)]
    assert waits == [1, 2, 4, 8, 16, 32, 64]


def test_a_topic_keeps_its_events_for_a_week() -> None:
    assert read_system(ROOT).topics["student.registered"].retention_seconds == 7 * 86_400


def test_the_repository_has_nothing_that_is_not_emulated() -> None:
    assert read_system(ROOT).warnings == ()


def test_reading_everything_takes_less_than_60_ms() -> None:
    took = []
    for _ in range(5):
        start = time.perf_counter()
        read_system(ROOT)
        took.append(time.perf_counter() - start)
    assert min(took) < 0.060


def test_a_source_without_delivery_gets_the_ten_retries_of_its_controller() -> None:
    delivery = system_of(broken(SOURCE, (("spec", "delivery"), GONE)).documents)
    assert delivery.sources[SOURCE].delivery.retry == 10
    assert delivery.sources[SOURCE].delivery.timeout == 600


def test_a_dead_letter_sink_alone_means_no_retry() -> None:
    ref = {"ref": {"kind": "KafkaSink", "name": "dead-letter"}}
    tree = broken(SOURCE, (("spec", "delivery"), {"deadLetterSink": ref}))
    assert system_of(tree.documents).sources[SOURCE].delivery.retry == 0


def test_what_a_source_leaves_out_is_ordered_and_latest() -> None:
    gone = ((("spec", "ordering"), GONE), (("spec", "initialOffset"), GONE))
    source = system_of(broken(SOURCE, *gone).documents).sources[SOURCE]
    assert (source.ordering, source.initial_offset) == ("ordered", "latest")


def test_both_versions_of_source_and_topic_are_read(tmp_path: Path) -> None:
    clone = copied(tmp_path)
    for file, new, old in (
        (f"eventing/sources/{SOURCE}.yaml", "sources.knative.dev/v1", "v1beta1"),
        ("eventing/topics/dead.letter.yaml", "kafka.strimzi.io/v1", "v1beta2"),
    ):
        text = (clone / file).read_text()
        older = new.rsplit("/", 1)[0] + "/" + old
        (clone / file).write_text(text.replace(f"apiVersion: {new}\n", f"apiVersion: {older}\n", 1))
    assert read_system(clone) == read_system(ROOT)


def test_retention_without_end_is_infinite() -> None:
    tree = broken("dead.letter", (("spec", "config", "retention.ms"), -1))
    assert system_of(tree.documents).topics["dead.letter"].retention_seconds == math.inf


@pytest.mark.parametrize(
    ("name", "keys", "value", "warning"),
    [
        pytest.param(
            "find-student",
            (*SCALING, "autoscaling.knative.dev/metric"),
            "rps",
            "annotations[autoscaling.knative.dev/metric]: not emulated: functions scale by",
            id="a known annotation",
        ),
        pytest.param(
            "find-student",
            (*SCALING, "autoscaling.knative.dev/windov"),
            "60s",
            "annotations[autoscaling.knative.dev/windov]: not emulated: the embedded mode does",
            id="a misspelt annotation",
        ),
        pytest.param(
            "find-student",
            ("metadata", "labels", "networking.knative.dev/visiblity"),
            "cluster-local",
            "labels[networking.knative.dev/visiblity]: not emulated",
            id="a misspelt label",
        ),
        pytest.param(
            "find-student",
            ("spec", "traffic"),
            [{"latestRevision": True, "percent": 100}],
            "spec.traffic: not emulated: one revision runs",
            id="traffic",
        ),
        pytest.param(
            "find-student",
            (*CONTAINER, "env", 2),
            {"name": "A_KEY", "valueFrom": {"secretKeyRef": {"name": "a", "key": "b"}}},
            "field env A_KEY: not emulated: only database URLs",
            id="a secret that nobody fills",
        ),
        pytest.param(
            "find-student",
            (*CONTAINER, "env", 2),
            {"name": "HOST", "valueFrom": {"configMapKeyRef": {"name": "a", "key": "b"}}},
            "env[2].valueFrom.configMapKeyRef: not emulated",
            id="a config map",
        ),
        pytest.param(
            SOURCE,
            ("spec", "ceOverrides"),
            {"extensions": {"replayid": "1"}},
            "spec.ceOverrides: not emulated",
            id="overrides",
        ),
    ],
)
def test_a_field_that_is_not_emulated_is_a_warning(
    name: str, keys: tuple[str | int, ...], value: Any, warning: str
) -> None:
    tree = broken(name, (keys, value))
    (said,) = system_of(tree.documents).warnings
    assert warning in said
    assert f"{name}.yaml: field " in said


def test_an_editors_hidden_file_is_no_manifest(tmp_path: Path) -> None:
    clone = copied(tmp_path)
    (clone / "eventing/sinks/.#dead-letter.yaml").write_text("[")
    assert read_system(clone) == read_system(ROOT)
