"""What will be applied: an overlay with its images, by wave. Decides on files alone."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from learnflow.cluster.errors import ClusterError
from learnflow.manifests.document import Document
from learnflow.manifests.images import containers, parts, with_images
from learnflow.manifests.kustomize import KUSTOMIZATION, render
from learnflow.manifests.order import WAVES, waves
from learnflow.manifests.secrets import NAMESPACE, names

ROOT: Final = Path(__file__).parents[2]
OVERLAYS: Final = ROOT / "k8s" / "overlays"
PREFIX: Final = "learnflow-"
IMAGES: Final = ("core", "match", "web")
Waves = tuple[tuple[str, tuple[Document, ...]], ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """An overlay as it will be applied."""

    overlay: str
    documents: tuple[Document, ...]
    namespace: str = NAMESPACE

    @property
    def waves(self) -> Waves:
        """By wave, each with what it is called."""
        return waves(self.documents)

    @property
    def kinds(self) -> list[tuple[str, str]]:
        """The API versions and kinds that the cluster must serve."""
        return sorted({(str(each.at("apiVersion")), each.kind) for each in self.documents})

    @property
    def images(self) -> list[str]:
        """Our images, with their tags."""
        found = {str(c.get("image", "")) for d in self.documents for c in containers(d.fields)}
        return sorted(each for each in found if short_of(each) in IMAGES)

    @property
    def secrets(self) -> frozenset[str]:
        """The Secrets that `up` makes where they are absent; none where something else does."""
        elsewhere = any(each.kind == "ExternalSecret" for each in self.documents)
        return frozenset() if elsewhere else frozenset(names())

    def of(self, kind: str, group: str = "") -> tuple[Document, ...]:
        """The resources of a kind, whose API group begins as said."""
        return tuple(
            each
            for each in self.documents
            if each.kind == kind and str(each.at("apiVersion")).startswith(group)
        )


def plan(overlay: str, tag: str | None = None, registry: str | None = None) -> Plan:
    """The plan of an overlay, by name or as a folder of this repository.

    `tag` is one for all images, or several with commas: core's, match's, web's; whose is not said
    keeps the manifest's. Raises ClusterError when there is none, ManifestError when it is broken.
    """
    folder = OVERLAYS / overlay
    if not (folder / KUSTOMIZATION).is_file():
        folder = Path(overlay).resolve()
    if not (folder / KUSTOMIZATION).is_file() or not folder.is_relative_to(ROOT):
        known = ", ".join(sorted(each.name for each in OVERLAYS.iterdir() if each.is_dir()))
        raise ClusterError(
            f"There is no overlay {overlay}.", f"choose one of: {known}; or a folder of {ROOT}"
        )
    found = render(ROOT, folder)
    return Plan(overlay, with_images(found, images(found, tag, registry)))


def images(documents: Iterable[Document], tag: str | None, registry: str | None) -> dict[str, str]:
    """Our images as they are to be: the manifests' names and tags, where nothing is said."""
    said = {str(c.get("image", "")) for d in documents for c in containers(d.fields)}
    wanted = {}
    said_tags = tag.split(",") if tag else []
    tags = dict(zip(IMAGES, said_tags * 3 if len(said_tags) == 1 else said_tags, strict=False))
    for image in said:
        if (short := short_of(image)) in IMAGES:
            name, written = parts(image)
            bare = f"{registry.rstrip('/')}/{PREFIX}{short}" if registry else name
            wanted[short] = f"{bare}:{tags.get(short, written)}"
    return wanted


def short_of(image: str) -> str:
    """`core` of dev.local/learnflow-core:dev; empty where the image is not ours."""
    last = parts(image)[0].rpartition("/")[2]
    return last.removeprefix(PREFIX) if last.startswith(PREFIX) else ""


def wave_named(wave: str) -> int:
    """The position of a wave's name among all waves."""
    return WAVES.index(wave)
