"""Manifests that are broken are refused: by file and field, with what to do."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from learnflow.manifests import ManifestError, read_system
from learnflow.manifests.read import system_of
from tests.manifests.trees import GONE, broken, copied

POD = ("spec", "template", "spec")
CONTAINER = (*POD, "containers", 0)
SCALING = ("spec", "template", "metadata", "annotations")
SOURCE = "book-tutor-on-student-matched"


@pytest.mark.parametrize(
    ("name", "keys", "value", "field", "what"),
    [
        (SOURCE, ("spec", "sink", "ref", "name"), "bok-tutor", "spec.sink.ref.name", "'bok-tutor'"),
        (SOURCE, ("spec", "topics"), ["student.match"], "spec.topics", "no topic 'student.match'"),
        (SOURCE, ("spec", "topics"), [], "spec.topics", "list of texts"),
        (SOURCE, ("spec", "consumerGroup"), GONE, "spec.consumerGroup", "is missing"),
        (SOURCE, ("spec", "delivery", "timeout"), "30s", "spec.delivery.timeout", "ISO 8601"),
        (SOURCE, ("spec", "delivery", "retry"), "7", "spec.delivery.retry", "is '7', not a whole"),
        (SOURCE, ("spec", "delivery", "retry"), True, "spec.delivery.retry", "is True, not"),
        (SOURCE, ("spec", "ordering"), "random", "spec.ordering", "is 'random'"),
        (SOURCE, ("spec", "sink"), {"uri": "http://x"}, "spec.sink.ref.kind", "is missing"),
        (
            SOURCE,
            ("spec", "delivery", "deadLetterSink", "ref", "kind"),
            "Service",
            "spec.delivery.deadLetterSink.ref.kind",
            "is 'Service'",
        ),
        (
            SOURCE,
            ("spec", "consumerGroup"),
            "book-tutor-on-matching-completed",
            "spec.consumerGroup",
            "is also the group of",
        ),
        ("dead-letter", ("spec", "topic"), "lost", "spec.topic", "no topic 'lost'"),
        ("dead.letter", ("spec", "partitions"), 0, "spec.partitions", "is 0"),
        (
            "dead.letter",
            ("spec", "config", "retention.ms"),
            "14d",
            "spec.config[retention.ms]",
            "is '14d'",
        ),
        ("find-student", (*CONTAINER, "image"), "nginx", "containers[0].image", "none of ours"),
        ("find-student", (*CONTAINER, "env"), [], "containers[0].env", "FUNCTION_TARGET is ''"),
        ("find-student", (*POD, "containers"), [], "containers", "holds 0"),
        ("find-student", (*POD, "timeoutSeconds"), 601, "timeoutSeconds", "is 601"),
        ("find-student", (*POD, "containerConcurrency"), -1, "containerConcurrency", "is -1"),
        (
            "find-student",
            (*SCALING, "autoscaling.knative.dev/window"),
            "60",
            "annotations[autoscaling.knative.dev/window]",
            "is no duration",
        ),
        (
            "find-student",
            (*SCALING, "autoscaling.knative.dev/max-scale"),
            5,
            "annotations[autoscaling.knative.dev/max-scale]",
            "is 5, not text",
        ),
        (
            "find-student",
            (*SCALING, "autoscaling.knative.dev/min-scale"),
            "6",
            "annotations[autoscaling.knative.dev/min-scale]",
            "exceeds max-scale 5",
        ),
        (
            "find-student",
            ("metadata", "annotations", "learnflow.org/routes"),
            "/api/students",
            "annotations[learnflow.org/routes]",
            "is no route",
        ),
        (
            "find-student",
            ("metadata", "annotations", "learnflow.org/routes"),
            "DELETE /api/students/{id}",
            "annotations[learnflow.org/routes]",
            "already leads to",
        ),
        (
            "find-student",
            ("metadata", "labels", "networking.knative.dev/visibility"),
            "private",
            "labels[networking.knative.dev/visibility]",
            "is 'private'",
        ),
    ],
)
def test_a_broken_manifest_is_refused_by_file_and_field(
    name: str, keys: tuple[str | int, ...], value: Any, field: str, what: str
) -> None:
    tree = broken(name, (keys, value))
    with pytest.raises(ManifestError) as refused:
        system_of(tree.documents)
    text = str(refused.value)
    assert field in text
    assert what in text
    assert refused.value.fix.endswith((".", "?"))


def test_a_misspelt_name_is_answered_with_the_one_that_was_meant() -> None:
    tree = broken(SOURCE, (("spec", "topics"), ["student.match"]))
    with pytest.raises(ManifestError, match=r"Did you mean .*student\.matched"):
        system_of(tree.documents)


@pytest.mark.parametrize(
    ("text", "place", "what"),
    [
        ("kind: Service\n  name: [", "line 2", "mapping values"),
        ("kind: Service\nkind: Service\n", "line 2", "written twice"),
        ("kind: Service\n---\nkind: Service\n", "line 2", "another document"),
        ("", "YAML", "holds no resource"),
        ("- kind: Service\n", "YAML", "holds no resource"),
        ("kind: Deployment\napiVersion: apps/v1\n", "kind", "is 'Deployment'"),
        ("kind: Service\napiVersion: v1\n", "apiVersion", "is 'v1'"),
        ("kind: Service\napiVersion: serving.knative.dev/v1\n", "metadata.name", "is missing"),
        ("kind: \x01\n", "YAML", "control characters"),
    ],
)
def test_a_file_that_is_no_manifest_is_refused_with_its_line(
    tmp_path: Path, text: str, place: str, what: str
) -> None:
    folder = tmp_path / "k8s/base/functions"
    folder.mkdir(parents=True)
    (folder / "find-student.yaml").write_text(text)
    with pytest.raises(ManifestError) as refused:
        read_system(tmp_path)
    assert refused.value.file == Path("k8s/base/functions/find-student.yaml")
    assert refused.value.field == place
    assert what in refused.value.what


def test_a_folder_without_functions_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="holds no function"):
        read_system(tmp_path)


def test_a_name_used_twice_is_refused(tmp_path: Path) -> None:
    clone = copied(tmp_path)
    folder = clone / "eventing/sinks"
    shutil.copy(folder / "dead-letter.yaml", folder / "second.yaml")
    with pytest.raises(ManifestError, match="dead-letter is also in"):
        read_system(clone)
