"""Lints over the Knative Services: what Knative refuses, and what was decided for each kind."""

import re

from learnflow.manifests.document import Document
from learnflow.manifests.kinds import KIND, bounds_of, kind_of
from learnflow.manifests.rules import Found, Lint, each, unlike
from learnflow.manifests.services import ROUTES, SCALING, SERVICE, VISIBILITY

_POD = ("spec", "template", "spec")
_CONTAINER = (*_POD, "containers", 0)
_ANNOTATIONS = ("spec", "template", "metadata", "annotations")
_LIVENESS = {
    "httpGet": {"path": "/healthz"},
    "periodSeconds": 10,
    "timeoutSeconds": 2,
    "failureThreshold": 3,
}
_RESTRICTED = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "runAsNonRoot": True,
    "seccompProfile": {"type": "RuntimeDefault"},
}
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
_RESERVED = {"PORT", "K_SERVICE", "K_CONFIGURATION", "K_REVISION"}
_DATABASES = {"student-api": "students", "tutor-api": "tutors", "matching-service": "matching"}


@each("Service", "readiness is GET /readyz alone; liveness GET /healthz, 10 s, 2 s, 3 failures")
def probes(service: Document) -> Found:
    yield from unlike(service, (*_CONTAINER, "readinessProbe"), {"httpGet": {"path": "/readyz"}})
    yield from unlike(service, (*_CONTAINER, "livenessProbe"), _LIVENESS)


@each("Service", "no startup probe, for it turns the activator's fast path off")
def no_startup_probe(service: Document) -> Found:
    yield from unlike(service, (*_CONTAINER, "startupProbe"), None)


@each("Service", "PORT and Knative's own variables are never set")
def reserved_variables(service: Document) -> Found:
    for variable in service.at(*_CONTAINER, "env") or ():
        if variable.get("name") in _RESERVED:
            yield "env", variable["name"]


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


@each("Service", "there is one container, named as the function")
def container_name(service: Document) -> Found:
    yield from unlike(service, (*_CONTAINER, "name"), service.name)
    yield from unlike(service, (*_POD, "containers", 1), None)


@each("Service", "FUNCTION_TARGET is the name with underscores")
def target(service: Document) -> Found:
    wanted = {"name": "FUNCTION_TARGET", "value": service.name.replace("-", "_")}
    yield from unlike(service, (*_CONTAINER, "env", 0), wanted)


@each("Service", "the image is dev.local/learnflow-core, of match-student -match, with a tag")
def image(service: Document) -> Found:
    found = str(service.at(*_CONTAINER, "image"))
    bounds = bounds_of(service)
    wanted = bounds.image if bounds else "core"
    if not re.fullmatch(rf"dev\.local/learnflow-{wanted}:(?!latest$)[\w.-]+", found):
        yield ".".join(map(str, (*_CONTAINER, "image"))), found


@each("Service", "the label names one of the specification's three services")
def service_label(service: Document) -> Found:
    if service.at("metadata", "labels", SERVICE) not in _DATABASES:
        yield f"metadata.labels[{SERVICE}]", service.at("metadata", "labels", SERVICE)


@each(
    "Service", "it gets the URL of its service's database from the Secret, a stream the direct one"
)
def database(service: Document) -> Found:
    name = _DATABASES.get(str(service.at("metadata", "labels", SERVICE)), "")
    key = "direct-url" if kind_of(service) == "stream" else "url"
    wanted = {
        "name": f"LEARNFLOW_{name.upper()}_DATABASE_URL",
        "valueFrom": {"secretKeyRef": {"name": f"{name}-db-app", "key": key}},
    }
    urls = [each for each in service.at(*_CONTAINER, "env") or () if "_URL" in each.get("name", "")]
    if urls != [wanted]:
        yield "env", urls


@each("Service", "it requests 25m and 96Mi, match-student 50m and 256Mi")
def resources(service: Document) -> Found:
    if bounds := bounds_of(service):
        wanted = {"cpu": bounds.cpu, "memory": bounds.memory}
        yield from unlike(service, (*_CONTAINER, "resources", "requests"), wanted)


@each("Service", "the container runs under the restricted Pod Security Standard")
def security(service: Document) -> Found:
    yield from unlike(service, (*_CONTAINER, "securityContext"), _RESTRICTED)


LINTS: tuple[Lint, ...] = (
    probes,
    no_startup_probe,
    reserved_variables,
    kind,
    visibility,
    concurrency,
    scale,
    stream_target,
    timeouts,
    pod_fields,
    container_name,
    target,
    image,
    service_label,
    database,
    resources,
    security,
)
