"""Every manifest is valid by the CRD of its kind and version."""

from typing import Any

import pytest

from learnflow.manifests.document import Document
from tests.manifests.crds import faults
from tests.manifests.trees import GONE, broken, documents

CONTAINER = ("spec", "template", "spec", "containers", 0)
SINK_POD = ("spec", "job", "spec", "template", "spec")


@pytest.mark.parametrize("document", documents(), ids=lambda document: str(document.file))
def test_a_manifest_is_valid_by_its_crd(document: Document) -> None:
    assert faults(document.fields) == []


@pytest.mark.parametrize(
    ("name", "keys", "value"),
    [
        pytest.param("find-student", ("sepc",), {}, id="a misspelt top field"),
        pytest.param("find-student", ("metadata", "lables"), {}, id="a misspelt label block"),
        pytest.param(
            "find-student", (*CONTAINER, "readynessProbe"), {}, id="a misspelt container field"
        ),
        pytest.param(
            "find-student",
            ("spec", "template", "spec", "timeoutSeconds"),
            "60",
            id="text for a number",
        ),
        pytest.param(
            "find-student",
            ("spec", "template", "metadata", "annotations", "a/b"),
            0,
            id="a number for an annotation",
        ),
        pytest.param("find-student", (*CONTAINER, "env", 0, "name"), GONE, id="no variable name"),
        pytest.param(
            "book-tutor-on-student-matched", ("spec", "topics"), GONE, id="no topics to read"
        ),
        pytest.param(
            "book-tutor-on-student-matched",
            ("spec", "delivery", "retries"),
            7,
            id="a misspelt delivery field",
        ),
        pytest.param("dead-letter", ("spec", "contentMode"), "json", id="an unknown mode"),
        pytest.param("dead.letter", ("spec", "partitions"), 0, id="a topic of no partition"),
        pytest.param("maintain", ("spec", "schedule"), "daily", id="a schedule that is none"),
        pytest.param(
            "maintain",
            ("spec", "jobTemplate", "spec", "template", "spec", "contaners"),
            [],
            id="a misspelt pod field",
        ),
        pytest.param(
            "maintain",
            ("spec", "jobTemplate", "spec", "template", "spec", "containers", 0, "comand"),
            [],
            id="a misspelt field of a job's container",
        ),
    ],
)
def test_the_schemas_refuse(name: str, keys: tuple[str | int, ...], value: Any) -> None:
    tree = broken(name, (keys, value))
    assert faults(next(each.fields for each in tree.documents if each.name == name))


@pytest.mark.parametrize(
    ("keys", "value"),
    [
        pytest.param(("spec", "jobs"), {}, id="a misspelt field"),
        pytest.param((*SINK_POD, "contaners"), [], id="a misspelt field of its pod"),
        pytest.param((*SINK_POD, "restartPolicy"), "Always", id="a pod that never ends"),
        pytest.param(("spec", "job", "kind"), "CronJob", id="not a job"),
    ],
)
def test_the_schema_of_a_sink_s_job_refuses(keys: tuple[str | int, ...], value: Any) -> None:
    tree = broken("train-ranker", (keys, value), kind="JobSink")
    (sink,) = tree.of("JobSink")
    assert faults(sink.fields)
