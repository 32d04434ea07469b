"""The images of a resource's containers: found, renamed, and told by a Job's name."""

import copy
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from learnflow.manifests.document import Document, Node


def containers(fields: Any) -> Iterator[dict[str, Any]]:
    """Every container of a resource, init containers too, wherever its pods are described."""
    if isinstance(fields, list):
        for each in fields:
            yield from containers(each)
    elif isinstance(fields, dict):
        for key, value in fields.items():
            if key in ("containers", "initContainers") and isinstance(value, list):
                yield from (each for each in value if isinstance(each, dict))
            else:
                yield from containers(value)


def retag(image: Node, found: list[Document]) -> None:
    """What one entry of a kustomization's `images` does to the resources."""
    name = image.text("name")
    new = image.text("newName", name)
    for at, each in enumerate(found):
        fields = copy.deepcopy(each.fields)
        changed = [_renamed(container, name, new, image) for container in containers(fields)]
        if any(changed):
            found[at] = replace(each, fields=fields)


def _renamed(container: dict[str, Any], name: str, new: str, image: Node) -> bool:
    bare, tag = parts(str(container.get("image", "")))
    if bare != name:
        return False
    digest = image.fields.get("digest")
    tag = str(image.fields.get("newTag", tag))
    container["image"] = f"{new}@{digest}" if digest else f"{new}:{tag}"
    return True


def parts(image: str) -> tuple[str, str]:
    """An image's name, and its tag (empty where it has none)."""
    path, _, last = image.partition("@")[0].rpartition("/")
    bare, _, tag = last.partition(":")
    return (f"{path}/{bare}" if path else bare), tag


def with_images(documents: Iterable[Document], images: Mapping[str, str]) -> tuple[Document, ...]:
    """The resources with our images replaced (`core`, `match`: name:tag), Jobs named by the tag.

    A Job never changes, so one with another image is another Job: `migrate-students-db-<tag>`.
    """
    return tuple(_with(each, images) for each in documents)


def _with(document: Document, images: Mapping[str, str]) -> Document:
    fields = copy.deepcopy(document.fields)
    tags = []
    for container in containers(fields):
        ours = parts(str(container.get("image", "")))[0].rpartition("learnflow-")[2]
        if ours in images:
            container["image"] = images[ours]
            tags.append(parts(images[ours])[1])
    if document.kind == "Job" and tags:
        fields["metadata"]["name"] = f"{document.name}-{tags[0][:12]}"
    return replace(document, fields=fields, name=str(fields["metadata"]["name"]))
