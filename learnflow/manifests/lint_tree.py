"""Lints over manifests together: sums, time limits that must nest, names and wiring."""

from collections import Counter

from learnflow.manifests.document import Document
from learnflow.manifests.fields import not_emulated
from learnflow.manifests.kinds import bounds_of, kind_of
from learnflow.manifests.messaging import source_of
from learnflow.manifests.model import ManifestError
from learnflow.manifests.read import system_of
from learnflow.manifests.rules import Lint, Together, Tree, across
from learnflow.manifests.services import SCALING, SERVICE

# A statement gives up first, then the delivery that waits for it, then the function's request.
STATEMENT_TIMEOUT = 5.0
MAX_CONSUMERS = 20
MAX_CLIENT_CONNECTIONS = 500
_NAMESPACES = {"KafkaTopic": "kafka"}


def _consumers(source: Document) -> int:
    found = source.at("spec", "consumers")
    return found if isinstance(found, int) else 1


@across(f"all sources together have at most {MAX_CONSUMERS} consumers, one dispatcher's worth")
def consumers(tree: Tree) -> Together:
    sources = tree.of("KafkaSource")
    total = sum(map(_consumers, sources))
    if total > MAX_CONSUMERS:
        yield max(sources, key=_consumers), "spec.consumers", f"{total} in all"


@across("a source leads to a reaction, and every reaction has a source")
def reactions_hear(tree: Tree) -> Together:
    heard = set()
    for source in tree.of("KafkaSource"):
        name = source.at("spec", "sink", "ref", "name")
        heard.add(name)
        service = tree.named("Service", str(name))
        if service is not None and kind_of(service) != "reaction":
            yield source, "spec.sink.ref.name", name
    for service in tree.of("Service"):
        if kind_of(service) == "reaction" and service.name not in heard:
            yield service, "metadata.name", "no source"


@across(f"statement {STATEMENT_TIMEOUT:g} s < delivery timeout < timeoutSeconds of the function")
def nested_timeouts(tree: Tree) -> Together:
    for source in tree.of("KafkaSource"):
        read = source_of(source)
        service = tree.named("Service", read.sink)
        limit = service.at("spec", "template", "spec", "timeoutSeconds") if service else None
        if isinstance(limit, int) and not STATEMENT_TIMEOUT < read.delivery.timeout < limit:
            yield source, "spec.delivery.timeout", f"{read.delivery.timeout:g} s of {limit} s"


@across(f"max-scale × pool of a database's functions stays within {MAX_CLIENT_CONNECTIONS}")
def connections(tree: Tree) -> Together:
    total: Counter[str] = Counter()
    for service in tree.of("Service"):
        bounds = bounds_of(service)
        key = ("spec", "template", "metadata", "annotations", f"{SCALING}max-scale")
        scale = service.at(*key)
        if bounds is None or not isinstance(scale, str) or not scale.isdecimal():
            continue
        owner = str(service.at("metadata", "labels", SERVICE))
        total[owner] += int(scale) * bounds.pool
        if total[owner] > MAX_CLIENT_CONNECTIONS:
            yield service, ".".join(key[:-1]), f"{total[owner]} connections for {owner}"


@across("the file is named as the resource, whose name is no other's, in the right namespace")
def names(tree: Tree) -> Together:
    for document in tree.documents:
        if document.file.name != f"{document.name}.yaml":
            yield document, "metadata.name", document.name
        namespace = document.at("metadata", "namespace")
        if namespace != _NAMESPACES.get(document.kind, "learnflow"):
            yield document, "metadata.namespace", namespace


@across("the embedded mode emulates all that is written")
def emulated(tree: Tree) -> Together:
    for document in tree.documents:
        for path, why in not_emulated(document):
            yield document, path, why


@across("the manifests can be read, and sources, sinks, topics and functions fit together")
def readable(tree: Tree) -> Together:
    try:
        system_of(tree.documents)
    except ManifestError as error:
        at_fault = [each for each in tree.documents if each.file == error.file]
        yield at_fault[0], error.field, f"{error.what}. {error.fix}"


LINTS: tuple[Lint, ...] = (
    names,
    consumers,
    reactions_hear,
    nested_timeouts,
    connections,
    emulated,
)
