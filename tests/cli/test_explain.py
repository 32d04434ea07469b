"""`learnflow explain`: every field of a manifest, for people and as JSON, without a runner."""

from pathlib import Path

import pytest

from learnflow.cli.problem import Problem
from learnflow.manifests.meanings import FIELDS, KINDS
from tests.cli.conftest import Command, parsed
from tests.manifests.trees import ROOT, documents


def test_a_function_is_explained_by_either_of_its_names(command: Command) -> None:
    shown = command("explain", "register_student").output
    assert "Service register-student" in shown
    for word in ("max-scale", "at most so many pods", "containerConcurrency", "Emulated"):
        assert word in shown
    assert "Nothing in it is missing here." in shown
    assert command("explain", "register-student").output == shown


def test_a_file_is_explained_with_its_values(command: Command) -> None:
    file = ROOT / "eventing/sources/match-student-on-student-registered.yaml"
    (found,) = parsed(command("explain", str(file), "--json"))
    fields = {one["field"]: one for one in found["fields"]}
    assert fields["spec.delivery.retry"]["value"] == 7
    assert fields["spec.delivery.retry"]["state"] == "emulated"
    assert fields["spec.bootstrapServers"]["state"] == "meaningless"


def test_a_field_nobody_knows_is_not_emulated(command: Command, tmp_path: Path) -> None:
    text = (ROOT / "k8s/base/functions/find-student.yaml").read_text()
    file = tmp_path / "mine.yaml"
    file.write_text(text.replace("timeoutSeconds: 60", "timeoutSeconds: 60\n      tiemout: 9", 1))
    shown = command("explain", str(file)).output
    assert "Not emulated here" in shown
    assert "tiemout" in shown
    assert "the embedded mode does not know this field" in shown
    assert "Nothing in it is missing" not in shown


@pytest.mark.parametrize("document", documents(), ids=lambda document: str(document.file))
def test_every_field_of_every_manifest_is_explained(
    command: Command, document: "object", capsys: pytest.CaptureFixture[str]
) -> None:
    (found,) = parsed(command("explain", str(ROOT / document.file), "--json"))  # type: ignore[attr-defined]
    assert found["fields"]
    for one in found["fields"]:
        assert one["here"], one
        assert one["cluster"], f"{one['field']} is not explained"
        assert one["state"] != "not emulated", one


def test_every_kind_and_field_has_words_for_both_sides() -> None:
    assert FIELDS.keys() == KINDS.keys()
    for meanings in FIELDS.values():
        assert all(each.here and each.cluster for each in meanings)
        paths = [each.path for each in meanings]
        assert len(paths) == len(set(paths))


def test_what_is_not_there_or_not_read_is_said(command: Command, tmp_path: Path) -> None:
    error = command("explain", "register-studnet").exception
    assert isinstance(error, Problem)
    assert "register-student" in error.fix
    file = tmp_path / "pod.yaml"
    file.write_text("apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n")
    error = command("explain", str(file)).exception
    assert isinstance(error, Problem)
    assert error.what == "The embedded mode reads no Pod."
    file.write_text("kind: [")
    error = command("explain", str(file)).exception
    assert isinstance(error, Problem)
    assert str(file) in error.where
