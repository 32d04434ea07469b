"""Reads all manifests below a root, and refuses what does not fit together."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Protocol, TypeVar

from learnflow.manifests.document import Document, Node, parse
from learnflow.manifests.fields import warnings_of
from learnflow.manifests.messaging import sink_of, source_of, topic_of
from learnflow.manifests.model import Function, ManifestError, Sink, Source, System, Topic
from learnflow.manifests.services import ROUTES, function_of

FOLDERS: dict[str, tuple[str, ...]] = {
    "k8s/base/functions": ("Service",),
    "k8s/base/jobs": ("CronJob",),
    "eventing/topics": ("KafkaTopic",),
    "eventing/sources": ("KafkaSource",),
    "eventing/sinks": ("KafkaSink", "JobSink"),
    "eventing/event-types": ("EventType",),
}
API_VERSIONS = {
    "Service": ("serving.knative.dev/v1",),
    "CronJob": ("batch/v1",),
    "KafkaSource": ("sources.knative.dev/v1", "sources.knative.dev/v1beta1"),
    "KafkaSink": ("eventing.knative.dev/v1alpha1",),
    "JobSink": ("sinks.knative.dev/v1alpha1",),
    "KafkaTopic": ("kafka.strimzi.io/v1", "kafka.strimzi.io/v1beta2"),
    "EventType": ("eventing.knative.dev/v1beta3",),
}
KUSTOMIZATION = "kustomization.yaml"


class Named(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def file(self) -> Path: ...


Resource = TypeVar("Resource", bound=Named)


def read_system(root: Path) -> System:
    """The system that the manifests below `root` declare; ManifestError says what is broken."""
    return system_of(read_documents(root))


def read_documents(root: Path) -> tuple[Document, ...]:
    """Every manifest below `root`, parsed but not yet understood."""
    documents = tuple(
        _document(root, file, kinds)
        for folder, kinds in FOLDERS.items()
        for file in sorted((root / folder).glob("[!.]*.y*ml"))
        if file.name != KUSTOMIZATION
    )
    if not any(document.kind == "Service" for document in documents):
        folder = Path("k8s/base/functions")
        raise ManifestError(
            folder, "folder", "holds no function", f"Run this where {folder} is, or add one."
        )
    return documents


def _document(root: Path, file: Path, kinds: tuple[str, ...]) -> Document:
    shown = file.relative_to(root)
    try:
        text = file.read_bytes()
    except OSError as error:
        raise ManifestError(
            shown, "file", f"{error.strerror}", "Make it a readable file."
        ) from None
    top = Node(shown, "", parse(shown, text))
    kind = top.choice("kind", kinds)
    top.choice("apiVersion", API_VERSIONS[kind])
    return Document(shown, kind, top.under("metadata").text("name"), top.fields)


def system_of(documents: Iterable[Document]) -> System:
    """The system of these documents, each understood and all fitting together."""
    found = tuple(documents)
    system = System(
        functions=_by_name(function_of(each) for each in found if each.kind == "Service"),
        sources=_by_name(source_of(each) for each in found if each.kind == "KafkaSource"),
        sinks=_by_name(sink_of(each) for each in found if each.kind == "KafkaSink"),
        topics=_by_name(topic_of(each) for each in found if each.kind == "KafkaTopic"),
        warnings=tuple(warning for each in found for warning in warnings_of(each)),
    )
    _check_routes(system.functions)
    _check_sinks(system.sinks, system.topics)
    _check_sources(system)
    return system


def _by_name(resources: Iterable[Resource]) -> dict[str, Resource]:
    by_name: dict[str, Resource] = {}
    for resource in resources:
        first = by_name.setdefault(resource.name, resource)
        if first is not resource:
            raise ManifestError(
                resource.file,
                "metadata.name",
                f"{resource.name} is also in {first.file}",
                "Rename one of them.",
            )
    return by_name


def _check_routes(functions: Mapping[str, Function]) -> None:
    owners: dict[tuple[str, str], Function] = {}
    for function in functions.values():
        for route in function.routes:
            shape = re.sub(r"\{[^}]*\}", "{}", route.path)
            owner = owners.setdefault((route.method, shape), function)
            if owner is not function:
                raise ManifestError(
                    function.file,
                    f"metadata.annotations[{ROUTES}]",
                    f"{route.method} {route.path} already leads to {owner.name}",
                    "Give each route to one function.",
                )


def _check_sinks(sinks: Mapping[str, Sink], topics: Mapping[str, Topic]) -> None:
    for sink in sinks.values():
        _exists(sink.file, "spec.topic", "topic", sink.topic, topics)


def _check_sources(system: System) -> None:
    groups: dict[str, Source] = {}
    for source in system.sources.values():
        for topic in source.topics:
            _exists(source.file, "spec.topics", "topic", topic, system.topics)
        _exists(source.file, "spec.sink.ref.name", "function", source.sink, system.functions)
        dead_letter = source.delivery.dead_letter
        if dead_letter is not None:
            field = "spec.delivery.deadLetterSink.ref.name"
            _exists(source.file, field, "KafkaSink", dead_letter, system.sinks)
        first = groups.setdefault(source.group, source)
        if first is not source:
            raise ManifestError(
                source.file,
                "spec.consumerGroup",
                f"{source.group} is also the group of {first.name}",
                f"Use the source's own name, {source.name}.",
            )


def _exists(file: Path, field: str, noun: str, name: str, among: Mapping[str, object]) -> None:
    if name in among:
        return
    from difflib import get_close_matches  # only a broken tree pays for it

    near = get_close_matches(name, among, n=3)
    meant = f"Did you mean {' or '.join(near)}?" if near else f"Add its manifest, or name a {noun}."
    raise ManifestError(file, field, f"there is no {noun} {name!r}", meant)
