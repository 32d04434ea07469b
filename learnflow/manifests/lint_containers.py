"""Lints over the one container of each Knative Service: probes, variables, image, limits."""

import re

from learnflow.manifests.document import Document
from learnflow.manifests.kinds import DATABASES, KINDS, bounds_of, kind_of
from learnflow.manifests.rules import Found, Lint, each, unlike
from learnflow.manifests.services import SERVICE

_CONTAINER = ("spec", "template", "spec", "containers", 0)
_LIVENESS = {
    "httpGet": {"path": "/healthz"},
    "periodSeconds": 10,
    "timeoutSeconds": 2,
    "failureThreshold": 3,
}
RESTRICTED = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "runAsNonRoot": True,
    "seccompProfile": {"type": "RuntimeDefault"},
}
_RESERVED = {"PORT", "K_SERVICE", "K_CONFIGURATION", "K_REVISION"}
_POOL_SIZE = "LEARNFLOW_POOL_SIZE"


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


@each("Service", "there is one container, named as the function")
def container_name(service: Document) -> Found:
    yield from unlike(service, (*_CONTAINER, "name"), service.name)
    yield from unlike(service, (*_CONTAINER[:-1], 1), None)


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


@each(
    "Service", "it gets the URL of its service's database from the Secret, a stream the direct one"
)
def database(service: Document) -> Found:
    name = DATABASES.get(str(service.at("metadata", "labels", SERVICE)), "")
    key = "direct-url" if kind_of(service) == "stream" else "url"
    wanted = {
        "name": f"LEARNFLOW_{name.upper()}_DATABASE_URL",
        "valueFrom": {"secretKeyRef": {"name": f"{name}-db-app", "key": key}},
    }
    urls = [each for each in service.at(*_CONTAINER, "env") or () if "_URL" in each.get("name", "")]
    if urls != [wanted]:
        yield "env", urls


@each("Service", f"{_POOL_SIZE} says a pool that is not that of its kind, and only that")
def pool(service: Document) -> Found:
    kind, bounds = kind_of(service), bounds_of(service)
    if kind is None or bounds is None:
        return
    differs = bounds.pool != KINDS[kind].pool
    wanted = [{"name": _POOL_SIZE, "value": str(bounds.pool)}] if differs else []
    found = [
        each for each in service.at(*_CONTAINER, "env") or () if each.get("name") == _POOL_SIZE
    ]
    if found != wanted:
        yield f"env {_POOL_SIZE}", found


@each("Service", "it requests 25m and 96Mi, match-student 50m and 256Mi")
def resources(service: Document) -> Found:
    if bounds := bounds_of(service):
        wanted = {"cpu": bounds.cpu, "memory": bounds.memory}
        yield from unlike(service, (*_CONTAINER, "resources", "requests"), wanted)


@each("Service", "the container runs under the restricted Pod Security Standard")
def security(service: Document) -> Found:
    yield from unlike(service, (*_CONTAINER, "securityContext"), RESTRICTED)


LINTS: tuple[Lint, ...] = (
    probes,
    no_startup_probe,
    reserved_variables,
    container_name,
    target,
    image,
    database,
    pool,
    resources,
    security,
)
