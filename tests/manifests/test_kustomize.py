"""The renderer: what it does, and that it refuses what it does not do as kustomize would."""

from pathlib import Path

import pytest

from learnflow.manifests.images import containers, with_images
from learnflow.manifests.kustomize import render
from learnflow.manifests.model import ManifestError
from tests.manifests.overlays import rendered

PIECE = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: piece, namespace: a}\ndata: {one: '1'}\n"
BASE = "kind: Kustomization\nresources: [piece.yaml]\n"


def tree(folder: Path, kustomization: str, **files: str) -> Path:
    (folder / "kustomization.yaml").write_text(kustomization)
    for name, text in {"piece": PIECE, **files}.items():
        (folder / f"{name}.yaml").write_text(text)
    return folder


@pytest.mark.parametrize(
    ("addition", "said"),
    [
        ("namespace: learnflow", "out of their namespace"),
        ("commonLabels: {a: b}", "selectors"),
        ("namePrefix: a-", "whole names"),
        ("patchesStrategicMerge: [a.yaml]", "with a target"),
        ("replicas: [{name: a, count: 2}]", "we do without"),
        ("resources: [gone.yaml]", "gone.yaml"),
        ("configMapGenerator: [{name: a, namespace: a, files: [piece.yaml]}]", "disableNameSuffix"),
        ("patches: [{target: {kind: Secret}, patch: '{}'}]", "selects nothing"),
        ("patches: [{target: {name: piece}, patch: '{}'}]", "choose"),
        ("patches: [{target: {kind: ConfigMap, annotationSelector: a}, patch: '{}'}]", "choose"),
        ("patches: [{target: {kind: ConfigMap}, patch: '{data: [1]}'}]", "merged alike"),
        ("patches: [{target: {kind: ConfigMap}, patch: '{$patch: delete}'}]", "merged alike"),
        (
            "patches: [{target: {kind: ConfigMap}, "
            "patch: '[{op: replace, path: /data/two, value: 2}]'}]",
            "does not fit",
        ),
        ("patches: [{target: {kind: ConfigMap}, patch: '[{op: move, path: /data}]'}]", "none of"),
        ("components: [.]", "Kustomization"),
    ],
)
def test_a_feature_that_would_differ_is_refused(tmp_path: Path, addition: str, said: str) -> None:
    base = BASE if not addition.startswith("resources") else "kind: Kustomization\n"
    with pytest.raises(ManifestError) as refused:
        render(tmp_path, tree(tmp_path, base + addition + "\n"))
    assert said in str(refused.value)


def test_the_same_resource_twice_is_refused(tmp_path: Path) -> None:
    folder = tree(tmp_path, "kind: Kustomization\nresources: [piece.yaml, b.yaml]\n", b=PIECE)
    with pytest.raises(ManifestError, match=r"is also in piece\.yaml"):
        render(tmp_path, folder)


def test_a_kustomization_does_not_reach_out_of_the_tree(tmp_path: Path) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    (tmp_path / "out.yaml").write_text(PIECE)
    with pytest.raises(ManifestError, match="not there"):
        render(inside, tree(inside, "kind: Kustomization\nresources: [../out.yaml]\n"))


def test_null_takes_a_field_out_and_an_operation_adds_one(tmp_path: Path) -> None:
    patches = """patches:
- {target: {kind: ConfigMap, name: piece}, patch: '{data: {one: null, two: "2"}}'}
- {target: {kind: ConfigMap}, patch: '[{op: add, path: /data/three~1four, value: "34"}]'}
"""
    (found,) = render(tmp_path, tree(tmp_path, BASE + patches))
    assert found.fields["data"] == {"two": "2", "three/four": "34"}


POD = """kind: Pod
apiVersion: v1
metadata: {name: p, namespace: a}
spec: {containers: [{image: a/b:1}]}
"""
RETAG = """kind: Kustomization
resources: [p.yaml]
images: [{name: a/b, newName: c, newTag: '2'}]
"""


def test_images_get_another_name_or_tag(tmp_path: Path) -> None:
    (found,) = render(tmp_path, tree(tmp_path, RETAG, p=POD))
    assert found.at("spec", "containers", 0, "image") == "c:2"


def test_our_images_are_replaced_and_jobs_named_by_their_tag() -> None:
    core = "dev.local/learnflow-core:0a1b2c3d4e5f6789"
    images = {"core": core, "match": "other/m:1", "web": "other/w:1"}
    made = with_images(rendered("minikube"), images)
    used = {each["image"] for document in made for each in containers(document.fields)}
    assert {image for image in used if "learnflow" in image} == {images["core"]}
    assert {images["match"], images["web"]} <= used
    assert "migrate-students-db-0a1b2c3d4e5f" in {each.name for each in made}
    assert len(made) == len(rendered("minikube"))
