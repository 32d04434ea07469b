"""Lints over the Knative Services: what Knative refuses, and what was decided for each kind."""

from learnflow.manifests.document import Document
from learnflow.manifests.kinds import DATABASES, DEMAND, KIND, bounds_of, kind_of
from learnflow.manifests.rules import Found, Lint, each, unlike
from learnflow.manifests.services import ROUTES, SCALING, SERVICE, VISIBILITY

_POD = ("spec", "template", "spec")
_CONTAINER = (*_POD, "containers", 0)
_ANNOTATIONS = ("spec", "template", "metadata", "annotations")
_POD_FIELDS = {
    "automountServiceAccountToken",
    "containerConcurrency",
    "containers",
    "enableServiceLinks",
    "idleTimeoutSeconds",
    "imagePullSecrets",
    "responseStartTimeoutSeconds",
    "serviceAccountName",
    "timeoutSeconds",
    "volumes",
}


@each("Service", "the kind is command, query, reaction or stream, as its routes show")
def kind(service: Document) -> Found:
    if kind_of(service) != _shown_kind(service):
        yield f"metadata.labels[{KIND}]", service.at("metadata", "labels", KIND)


def _shown_kind(service: Document) -> str:
    routes = service.at("metadata", "annotations", ROUTES)
    if not routes:
        return "reaction"
    if not routes.startswith("GET "):
        return "command"
    return "stream" if routes.endswith("/events") else "query"


@each("Service", "reactions are cluster-local, all others public")
def visibility(service: Document) -> Found:
    wanted = "cluster-local" if kind_of(service) == "reaction" else None
    yield from unlike(service, ("metadata", "labels", VISIBILITY), wanted)


@each("Service", "containerConcurrency is that of its kind")
def concurrency(service: Document) -> Found:
    if bounds := bounds_of(service):
        yield from unlike(service, (*_POD, "containerConcurrency"), bounds.concurrency)


@each("Service", "min-scale is 0 and max-scale that of its kind")
def scale(service: Document) -> Found:
    if bounds := bounds_of(service):
        yield from unlike(service, (*_ANNOTATIONS, f"{SCALING}min-scale"), "0")
        yield from unlike(service, (*_ANNOTATIONS, f"{SCALING}max-scale"), str(bounds.max_scale))


@each("Service", "a stream aims at 100 connections without burst capacity, others at their bound")
def stream_target(service: Document) -> Found:
    target, burst = ("100", "0") if kind_of(service) == "stream" else (None, None)
    yield from unlike(service, (*_ANNOTATIONS, f"{SCALING}target"), target)
    yield from unlike(service, (*_ANNOTATIONS, f"{SCALING}target-burst-capacity"), burst)


@each("Service", "timeoutSeconds is 60, of a stream 600 from its first byte on")
def timeouts(service: Document) -> Found:
    if bounds := bounds_of(service):
        start = bounds.timeout if kind_of(service) == "stream" else None
        yield from unlike(service, (*_POD, "timeoutSeconds"), bounds.timeout)
        yield from unlike(service, (*_POD, "responseStartTimeoutSeconds"), start)


@each("Service", "Knative refuses this field by default")
def pod_fields(service: Document) -> Found:
    for name in (service.at(*_POD) or {}).keys() - _POD_FIELDS:
        yield f"spec.template.spec.{name}", service.at(*_POD, name)
    for variable in service.at(*_CONTAINER, "env") or ():
        for name in ("fieldRef", "resourceFieldRef"):
            if name in (variable.get("valueFrom") or {}):
                yield f"env {variable.get('name')}", name
    for volume in service.at(*_POD, "volumes") or ():
        if "persistentVolumeClaim" in volume or "hostPath" in volume:
            yield "volumes", volume.get("name")


@each("Service", "the label names one of the specification's three services")
def service_label(service: Document) -> Found:
    if service.at("metadata", "labels", SERVICE) not in DATABASES:
        yield f"metadata.labels[{SERVICE}]", service.at("metadata", "labels", SERVICE)


@each("Service", "the demand of a command is rare, or left out; other kinds have none")
def demand(service: Document) -> Found:
    said = service.at("metadata", "labels", DEMAND)
    if said is not None and (said != "rare" or kind_of(service) != "command"):
        yield f"metadata.labels[{DEMAND}]", said


LINTS: tuple[Lint, ...] = (
    kind,
    visibility,
    concurrency,
    scale,
    stream_target,
    timeouts,
    pod_fields,
    service_label,
    demand,
)
