"""What `kubectl kustomize FOLDER` would print, for the few features that our manifests use.

Those are: resources, components, patches with a target (JSON6902, or a mapping without lists),
images, and configMapGenerator without a name suffix. Another field is an error, so that both
always agree (decision 20); a test compares them where kubectl is at hand.
"""

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import yaml

from learnflow.manifests.document import Document, Node, StrictLoader
from learnflow.manifests.images import retag
from learnflow.manifests.model import ManifestError
from learnflow.manifests.patches import merge, patched, selected

KUSTOMIZATION: Final = "kustomization.yaml"
FIELDS: Final = frozenset(
    {
        "apiVersion", "kind", "resources", "components", "patches", "images",
        "configMapGenerator", "generatorOptions",
    }
)  # fmt: skip
WHY: Final = {
    "namespace": "It would move Kafka's resources out of their namespace; write it in each.",
    "commonLabels": "It would change selectors, which are immutable; write labels in each.",
    "namePrefix": "References in custom resources would not follow; write whole names.",
    "patchesStrategicMerge": "Use patches with a target.",
    "patchesJson6902": "Use patches with a target.",
}
Documents = list[Document]


def render(root: Path, folder: Path) -> tuple[Document, ...]:
    """Every resource of the kustomization in `folder` (below `root`); ManifestError if broken."""
    return tuple(_built(root, folder, [], "Kustomization"))


def as_yaml(documents: tuple[Document, ...]) -> str:
    """The resources as one YAML text, for `kubectl apply -f -`."""
    return yaml.dump_all(
        (each.fields for each in documents), Dumper=_Plain, sort_keys=False, width=1000
    )


class _Plain(yaml.CSafeDumper):
    def ignore_aliases(self, data: object) -> bool:
        return True


def _built(root: Path, folder: Path, below: Documents, kind: str) -> Documents:
    top = _kustomization(root, folder, kind)
    found = list(below)
    for entry in top.fields.get("resources") or ():
        found += _resources(root, folder, top, entry)
    found += _config_maps(root, folder, top)
    for entry in top.fields.get("components") or ():
        found = _built(root, _inside(root, folder, top, entry), found, "Component")
    for patch in top.each("patches"):
        _apply(folder, patch, found)
    for image in top.each("images"):
        retag(image, found)
    _unique(found)
    return found


def _kustomization(root: Path, folder: Path, kind: str) -> Node:
    file = folder / KUSTOMIZATION
    if not file.is_file():
        raise ManifestError(file.relative_to(root), "file", "is missing", "Add it.")
    (fields,) = _parsed(root, file)
    top = Node(file.relative_to(root), "", fields)
    top.choice("kind", (kind,))
    for name in fields.keys() - FIELDS:
        fix = WHY.get(name, f"Use only {', '.join(sorted(FIELDS))}.")
        raise top.error(name, "is a kustomize feature that we do without", fix)
    return top


def _parsed(root: Path, file: Path) -> list[dict[str, Any]]:
    shown = file.relative_to(root)
    try:
        found = [each for each in yaml.load_all(file.read_bytes(), StrictLoader) if each]
    except OSError as error:
        raise ManifestError(
            shown, "file", f"{error.strerror}", "Make it a readable file."
        ) from None
    except yaml.YAMLError as error:
        what = " ".join(str(error).split())
        raise ManifestError(shown, "YAML", what, "Correct the YAML there.") from None
    if not found or not all(isinstance(each, dict) for each in found):
        raise ManifestError(shown, "YAML", "holds no resource", "Write one, or remove the file.")
    return found


def _inside(root: Path, folder: Path, top: Node, entry: object) -> Path:
    path = (folder / str(entry)).resolve()
    if not path.exists() or not path.is_relative_to(root.resolve()):
        raise top.error("resources", f"{entry} is not there", "Name a file or folder of this tree.")
    return path


def _resources(root: Path, folder: Path, top: Node, entry: object) -> Iterator[Document]:
    path = _inside(root, folder, top, entry)
    if path.is_dir():
        yield from _built(root, path, [], "Kustomization")
        return
    for fields in _parsed(root, path):
        shown = path.relative_to(root)
        node = Node(shown, "", fields)
        yield Document(shown, node.text("kind"), node.under("metadata").text("name"), fields)


def _config_maps(root: Path, folder: Path, top: Node) -> Iterator[Document]:
    generators = list(top.each("configMapGenerator"))
    options = top.under("generatorOptions").fields
    if generators and options != {"disableNameSuffixHash": True}:
        raise top.error("generatorOptions", "must be disableNameSuffixHash: true alone", "Say so.")
    for generator in generators:
        name = generator.text("name")
        data = {}
        for entry in generator.texts("files"):
            file = _inside(root, folder, top, entry)
            data[file.name] = file.read_text("utf-8")
        metadata: dict[str, Any] = {"name": name, "namespace": generator.text("namespace")}
        labels = generator.under("options", "labels").fields
        if labels:
            metadata["labels"] = dict(labels)
        fields = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}
        yield Document(top.file, "ConfigMap", name, fields)


def _apply(folder: Path, patch: Node, found: Documents) -> None:
    if "path" in patch.fields:
        text = (folder / patch.text("path")).read_text("utf-8")
    else:
        text = patch.text("patch")
    change = yaml.load(text, StrictLoader)  # StrictLoader is a safe loader
    chosen = [each for each in found if selected(patch.under("target"), each)]
    if not chosen:
        raise patch.error("target", "selects nothing", "Correct it, or remove the patch.")
    for each in chosen:
        at = found.index(each)
        fields = copy.deepcopy(each.fields)
        try:
            fields = patched(fields, change) if isinstance(change, list) else merge(fields, change)
        except (KeyError, IndexError, TypeError, ValueError) as error:
            what = f"does not fit {each.kind} {each.name}: {error}"
            raise patch.error("patch", what, "Correct the path.") from None
        found[at] = Document(each.file, fields["kind"], fields["metadata"]["name"], fields)


def identity(document: Document) -> tuple[str, str, str, str]:
    """Group, kind, namespace and name, which a cluster has once."""
    group = str(document.at("apiVersion")).rpartition("/")[0]
    return (group, document.kind, str(document.at("metadata", "namespace") or ""), document.name)


def _unique(found: Documents) -> None:
    seen: dict[tuple[str, str, str, str], Document] = {}
    for each in found:
        first = seen.setdefault(identity(each), each)
        if first is not each:
            what = f"{each.kind} {each.name} is also in {first.file}"
            raise ManifestError(each.file, "metadata.name", what, "Rename or remove one.")
