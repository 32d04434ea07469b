"""Every lint: silent over the repository, loud over a manifest broken in just that place."""

from pathlib import Path
from typing import Any

import pytest

from learnflow.manifests.lint import LINTS, READABLE, findings_in, main
from learnflow.manifests.rules import Lint, Tree
from tests.manifests.trees import GONE, ROOT, broken, copied, documents

BY_NAME = {lint.name: lint for lint in (*LINTS, READABLE)}
LABELS = ("metadata", "labels")
POD = ("spec", "template", "spec")
CONTAINER = (*POD, "containers", 0)
SCALING = ("spec", "template", "metadata", "annotations")
DELIVERY = ("spec", "delivery")
VISIBILITY = (*LABELS, "networking.knative.dev/visibility")
POOL_SIZE = "LEARNFLOW_POOL_SIZE"
SOURCE = "book-tutor-on-student-matched"
MATCH_SOURCE = "record-outcome-on-match"
JOB = ("spec", "jobTemplate", "spec")
JOB_POD = (*JOB, "template", "spec")
SINK = "train-ranker of JobSink"
SINK_JOB = ("spec", "job", "spec")
SINK_POD = (*SINK_JOB, "template", "spec")

FIXTURES: list[tuple[str, str, tuple[str | int, ...], Any]] = [
    ("readable", SOURCE, ("spec", "topics"), ["student.lost"]),
    ("readable", SOURCE, ("spec", "sink", "ref", "name"), "nobody"),
    ("readable", SOURCE, ("spec", "consumerGroup"), "book-tutor-on-matching-completed"),
    ("names", "find-student", ("metadata", "name"), "find-students"),
    ("names", "find-student", ("metadata", "namespace"), "default"),
    ("names", "dead.letter", ("metadata", "namespace"), "learnflow"),
    ("consumers", SOURCE, ("spec", "consumers"), 5),
    ("reactions_hear", SOURCE, ("spec", "sink", "ref", "name"), "find-student"),
    ("reactions_hear", "find-student", (*LABELS, "learnflow.org/kind"), "reaction"),
    ("nested_timeouts", SOURCE, (*DELIVERY, "timeout"), "PT5S"),
    ("nested_timeouts", "book-tutor", (*POD, "timeoutSeconds"), 30),
    ("connections", "register-tutor", (*SCALING, "autoscaling.knative.dev/max-scale"), "17"),
    ("emulated", "find-student", (*SCALING, "autoscaling.knative.dev/metric"), "rps"),
    ("probes", "find-student", (*CONTAINER, "readinessProbe", "timeoutSeconds"), 1),
    ("probes", "find-student", (*CONTAINER, "readinessProbe", "httpGet", "path"), "/health"),
    ("probes", "find-student", (*CONTAINER, "livenessProbe"), GONE),
    ("no_startup_probe", "find-student", (*CONTAINER, "startupProbe"), {"httpGet": {"path": "/"}}),
    ("reserved_variables", "find-student", (*CONTAINER, "env", 2), {"name": "PORT", "value": "80"}),
    ("kind", "find-student", (*LABELS, "learnflow.org/kind"), "command"),
    ("kind", "find-student", (*LABELS, "learnflow.org/kind"), "job"),
    ("visibility", "match-student", VISIBILITY, GONE),
    ("visibility", "find-student", VISIBILITY, "cluster-local"),
    ("concurrency", "find-student", (*POD, "containerConcurrency"), 16),
    ("concurrency", "match-student", (*POD, "containerConcurrency"), 8),
    ("concurrency", "watch-student", (*POD, "containerConcurrency"), GONE),
    ("scale", "find-student", (*SCALING, "autoscaling.knative.dev/max-scale"), "10"),
    ("scale", "find-student", (*SCALING, "autoscaling.knative.dev/min-scale"), "1"),
    ("concurrency", "update-student", (*POD, "containerConcurrency"), 32),
    ("scale", "rate-match", (*SCALING, "autoscaling.knative.dev/max-scale"), "10"),
    ("pool", "rate-match", (*CONTAINER, "env", 2), GONE),
    ("pool", "update-student", (*CONTAINER, "env", 2, "value"), "16"),
    ("pool", "update-student", (*CONTAINER, "env", 2, "value"), 4),
    ("pool", "find-student", (*CONTAINER, "env", 2), {"name": POOL_SIZE, "value": "8"}),
    ("stream_target", "watch-student", (*SCALING, "autoscaling.knative.dev/target"), GONE),
    ("stream_target", "find-student", (*SCALING, "autoscaling.knative.dev/target"), "100"),
    (
        "stream_target",
        "watch-student",
        (*SCALING, "autoscaling.knative.dev/target-burst-capacity"),
        "211",
    ),
    ("timeouts", "find-student", (*POD, "timeoutSeconds"), 300),
    ("timeouts", "watch-student", (*POD, "responseStartTimeoutSeconds"), GONE),
    ("pod_fields", "find-student", (*POD, "initContainers"), []),
    ("pod_fields", "find-student", (*POD, "securityContext"), {"runAsUser": 1}),
    ("pod_fields", "find-student", (*POD, "nodeSelector"), {"a": "b"}),
    ("pod_fields", "find-student", (*POD, "terminationGracePeriodSeconds"), 60),
    (
        "pod_fields",
        "find-student",
        (*CONTAINER, "env", 2),
        {"name": "POD", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
    ),
    (
        "pod_fields",
        "find-student",
        (*POD, "volumes"),
        [{"name": "state", "persistentVolumeClaim": {"claimName": "state"}}],
    ),
    ("container_name", "find-student", (*CONTAINER, "name"), "user-container"),
    ("container_name", "find-student", (*POD, "containers", 1), {"name": "second"}),
    ("target", "find-student", (*CONTAINER, "env", 0, "value"), "find_tutor"),
    ("image", "find-student", (*CONTAINER, "image"), "learnflow-core:dev"),
    ("image", "find-student", (*CONTAINER, "image"), "dev.local/learnflow-match:dev"),
    ("image", "find-student", (*CONTAINER, "image"), "dev.local/learnflow-core:latest"),
    ("image", "match-student", (*CONTAINER, "image"), "dev.local/learnflow-core:dev"),
    ("service_label", "find-student", (*LABELS, "learnflow.org/service"), "students"),
    ("demand", "find-student", (*LABELS, "learnflow.org/demand"), "rare"),
    ("demand", "register-tutor", (*LABELS, "learnflow.org/demand"), "usual"),
    ("database", "find-student", (*LABELS, "learnflow.org/service"), "tutor-api"),
    (
        "database",
        "find-student",
        (*CONTAINER, "env", 1),
        {"name": "LEARNFLOW_STUDENTS_DATABASE_URL", "value": "postgresql://in-the-open"},
    ),
    (
        "database",
        "watch-student",
        (*CONTAINER, "env", 1, "valueFrom", "secretKeyRef", "key"),
        "url",
    ),
    ("resources", "find-student", (*CONTAINER, "resources", "requests", "cpu"), "1"),
    ("security", "find-student", (*CONTAINER, "securityContext", "runAsNonRoot"), GONE),
    ("source_name", SOURCE, ("spec", "topics"), ["matching.completed"]),
    ("source_name", SOURCE, ("metadata", "name"), "book-tutor"),
    ("source_name", MATCH_SOURCE, ("metadata", "name"), "record-outcome-on-match-ended"),
    ("source_name", MATCH_SOURCE, ("spec", "topics"), ["match.ended"]),
    ("source_name", MATCH_SOURCE, ("spec", "topics"), ["match.ended", "tutor.matched"]),
    ("source_name", MATCH_SOURCE, ("spec", "topics"), ["match.ended", "matching.completed"]),
    ("source_name", MATCH_SOURCE, ("spec", "topics"), []),
    ("job_schedule", "maintain", ("spec", "concurrencyPolicy"), "Allow"),
    ("job_schedule", "maintain", ("spec", "timeZone"), GONE),
    ("job_schedule", "maintain", ("spec", "startingDeadlineSeconds"), GONE),
    ("job_ends", "maintain", (*JOB, "activeDeadlineSeconds"), GONE),
    ("job_ends", "maintain", (*JOB_POD, "restartPolicy"), "OnFailure"),
    ("job_ends", "maintain", (*JOB, "template", "metadata", "annotations"), GONE),
    ("job_ends", "maintain", (*JOB_POD, "containers", 1), {"name": "daprd"}),
    ("job_security", "maintain", (*JOB_POD, "automountServiceAccountToken"), True),
    ("job_security", "maintain", (*JOB_POD, "containers", 0, "securityContext"), GONE),
    ("job_security", "maintain", (*JOB_POD, "securityContext", "runAsNonRoot"), False),
    (
        "job_databases",
        "maintain",
        (*JOB_POD, "containers", 0, "env", 0, "valueFrom", "secretKeyRef", "name"),
        "students-db-owner",
    ),
    ("job_schedule", "train-ranker", ("spec", "concurrencyPolicy"), "Replace"),
    ("job_ends", SINK, (*SINK_JOB, "activeDeadlineSeconds"), GONE),
    ("job_security", SINK, (*SINK_POD, "containers", 0, "securityContext"), GONE),
    ("job_security", SINK, (*SINK_POD, "automountServiceAccountToken"), GONE),
    ("job_databases", SINK, (*SINK_POD, "containers", 0, "env"), GONE),
    (
        "job_databases",
        "train-ranker",
        (*JOB_POD, "containers", 0, "env", 0, "valueFrom", "secretKeyRef", "name"),
        "matching-db-app",
    ),
    ("job_command", "train-ranker", (*JOB_POD, "containers", 0, "command", 2), "promote"),
    ("job_command", SINK, (*SINK_POD, "containers", 0, "command", 5), "/etc/event"),
    ("job_command", SINK, (*SINK_POD, "containers", 0, "image"), "dev.local/learnflow-core:dev"),
    ("job_command", "maintain", (*JOB_POD, "containers", 0, "image"), "learnflow-core:latest"),
    ("sink_job", SINK, (*SINK_JOB, "ttlSecondsAfterFinished"), GONE),
    ("sink_job", SINK, ("spec", "job", "kind"), "CronJob"),
    ("sink_job", SINK, (*SINK_POD, "serviceAccountName"), GONE),
    ("sink_job", SINK, (*SINK_JOB, "template", "metadata", "labels"), GONE),
    ("group", SOURCE, ("spec", "consumerGroup"), "book-tutor"),
    ("unordered", SOURCE, ("spec", "ordering"), GONE),
    ("earliest", SOURCE, ("spec", "initialOffset"), "latest"),
    ("delivery", SOURCE, (*DELIVERY, "retry"), 10),
    ("delivery", SOURCE, (*DELIVERY, "backoffPolicy"), "linear"),
    ("delivery", SOURCE, (*DELIVERY, "backoffDelay"), "PT1S"),
    ("delivery", SOURCE, (*DELIVERY, "timeout"), "PT20S"),
    ("delivery", SOURCE, (*DELIVERY, "deadLetterSink"), GONE),
    ("total_wait", SOURCE, (*DELIVERY, "retry"), 6),
    ("total_wait", SOURCE, (*DELIVERY, "retry"), 8),
    ("source_bootstrap", SOURCE, ("spec", "bootstrapServers"), ["kafka:9092"]),
    ("sink_bootstrap", "dead-letter", ("spec", "bootstrapServers"), ["kafka:9092"]),
    ("dead_letters", "dead-letter", ("spec", "contentMode"), "binary"),
    ("dead_letters", "dead-letter", ("spec", "topic"), "student.matched"),
    ("retention", "student.matched", ("spec", "config", "retention.ms"), 604_799_999),
    ("retention", "student.matched", ("spec", "config"), GONE),
    ("retention", "dead.letter", ("spec", "config", "retention.ms"), 604_800_000),
    ("partitions", "student.matched", ("spec", "partitions"), 1),
    ("partitions", "student.matched", ("spec", "replicas"), 3),
    ("topic_cluster", "student.matched", (*LABELS, "strimzi.io/cluster"), "learnflow"),
    ("topic_version", "student.matched", ("apiVersion",), "kafka.strimzi.io/v1beta2"),
]


def test_the_repository_has_no_finding() -> None:
    assert findings_in(Tree(documents())) == []


@pytest.mark.parametrize(("lint", "name", "keys", "value"), FIXTURES)
def test_a_lint_finds_what_is_broken(
    lint: str, name: str, keys: tuple[str | int, ...], value: Any
) -> None:
    name, _, kind = name.partition(" of ")
    found = list(BY_NAME[lint].check(broken(name, (keys, value), kind=kind)))
    assert found
    assert {finding.lint for finding in found} == {lint}


@pytest.mark.parametrize("lint", BY_NAME.values(), ids=lambda lint: lint.name)
def test_every_lint_has_a_fixture_that_fails(lint: Lint) -> None:
    assert lint.name in {fixture[0] for fixture in FIXTURES}


def test_a_reaction_that_lost_its_sources_is_found() -> None:
    heard = [each for each in documents() if not each.name.startswith("notify-student-on-")]
    (finding,) = BY_NAME["reactions_hear"].check(Tree(tuple(heard)))
    assert finding.file.name == "notify-student.yaml"


def test_what_cannot_be_read_is_the_only_finding() -> None:
    tree = broken("find-student", ((*POD, "containers"), []))
    assert [finding.lint for finding in findings_in(tree)] == ["readable"]


def test_the_command_passes_over_the_repository(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(ROOT)]) == 0
    assert capsys.readouterr().out.endswith(" 0 findings\n")


def test_the_command_names_file_and_field_of_a_finding(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = copied(tmp_path) / f"eventing/sources/{SOURCE}.yaml"
    source.write_text(source.read_text().replace("  initialOffset: earliest\n", ""))
    assert main([str(tmp_path)]) == 1
    assert f"eventing/sources/{SOURCE}.yaml: spec.initialOffset: " in capsys.readouterr().out


def test_the_command_says_what_yaml_it_cannot_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path)]) == 1
    assert "holds no function" in capsys.readouterr().out
