"""Writes `k8s/schemas`: what each kind we deploy may hold, from the pinned CRDs and Kubernetes.

    python -m tools.cluster_schemas CRDS SWAGGER

CRDS is a folder of CustomResourceDefinitions, SWAGGER the `api/openapi-spec/swagger.json` of the
Kubernetes release. Descriptions and status are left out; one compact JSON file for each kind.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import yaml

FOLDER: Final = Path(__file__).parents[1] / "k8s" / "schemas"
OWN: Final = FOLDER / "own"
"""Written by hand, for kinds that are not pinned."""
KUBERNETES: Final = (
    ("v1", "ConfigMap"),
    ("v1", "Namespace"),
    ("v1", "Secret"),
    ("v1", "Service"),
    ("v1", "ServiceAccount"),
    ("apps/v1", "Deployment"),
    ("apps/v1", "StatefulSet"),
    ("batch/v1", "CronJob"),
    ("batch/v1", "Job"),
    ("networking.k8s.io/v1", "NetworkPolicy"),
    ("policy/v1", "PodDisruptionBudget"),
    ("rbac.authorization.k8s.io/v1", "Role"),
    ("rbac.authorization.k8s.io/v1", "RoleBinding"),
)
CUSTOM: Final = frozenset(
    {
        "Cluster", "Pooler", "ScheduledBackup",
        "Component", "Configuration", "HTTPEndpoint", "Resiliency", "Subscription",
        "EventType", "JobSink", "KafkaSink", "KafkaSource", "Service",
        "Kafka", "KafkaNodePool", "KafkaTopic", "KafkaUser",
        "PodMonitor", "PrometheusRule", "ServiceMonitor",
    }
)  # fmt: skip
_KEPT: Final = frozenset(
    {
        "$ref", "additionalProperties", "allOf", "anyOf", "enum", "exclusiveMaximum",
        "exclusiveMinimum", "items", "maxItems", "maxLength", "maxProperties", "maximum",
        "minItems", "minLength", "minProperties", "minimum", "not", "nullable", "oneOf", "pattern",
        "properties", "required", "type",
        "x-kubernetes-int-or-string", "x-kubernetes-preserve-unknown-fields",
        "x-kubernetes-embedded-resource",
    }
)  # fmt: skip
_OTHERS: Final = {
    ("serving.knative.dev", "Configuration"),
    ("messaging.knative.dev", "Subscription"),
}
_FREE: Final = {"x-kubernetes-preserve-unknown-fields": True, "type": "object"}


def slim(schema: Any) -> Any:
    """The schema without words for people."""
    if isinstance(schema, list):
        return [slim(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {key: value for key, value in schema.items() if key in _KEPT}
    for key in kept.keys() & {"properties"}:
        kept[key] = {name: slim(each) for name, each in kept[key].items()}
    for key in kept.keys() & {"items", "additionalProperties", "not", "allOf", "anyOf", "oneOf"}:
        kept[key] = slim(kept[key])
    if schema.get("format") == "int-or-string":
        kept = {"x-kubernetes-int-or-string": True}
    return kept


def custom(folder: Path) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """API version, kind and schema of each served version of each CRD that we use."""
    for file in sorted(folder.glob("*.yaml")):
        for crd in yaml.load_all(file.read_bytes(), yaml.CSafeLoader):
            if not crd or crd["spec"]["names"]["kind"] not in CUSTOM:
                continue
            served = [each for each in crd["spec"]["versions"] if _used(crd, each)]
            for version in served:
                schema = slim(version["schema"]["openAPIV3Schema"])
                schema.get("properties", {}).pop("status", None)
                group = f"{crd['spec']['group']}/{version['name']}"
                yield group, crd["spec"]["names"]["kind"], schema


def _used(crd: dict[str, Any], version: dict[str, Any]) -> bool:
    """Not Knative's own Configuration, and of Strimzi only what outlives its next release."""
    group, kind = crd["spec"]["group"], crd["spec"]["names"]["kind"]
    if (group, kind) in _OTHERS:
        return False
    return bool(version["served"]) and (group != "kafka.strimzi.io" or version["name"] == "v1")


def built_in(swagger: Path) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """API version, kind and schema of each of Kubernetes' own kinds that we use."""
    definitions = json.loads(swagger.read_bytes())["definitions"]
    by_kind = {}
    for name, definition in definitions.items():
        for each in definition.get("x-kubernetes-group-version-kind", ()):
            version = f"{each['group']}/{each['version']}".removeprefix("/")
            by_kind[version, each["kind"]] = name
    for version, kind in KUBERNETES:
        yield version, kind, _resolved(definitions, by_kind[version, kind])


def _resolved(definitions: dict[str, Any], name: str) -> dict[str, Any]:
    """A definition with all that it refers to beside it."""
    top = slim(definitions[name])
    top["properties"].pop("status", None)
    found: dict[str, Any] = {}
    waiting = list(_references(top))
    while waiting:
        each = waiting.pop()
        if each in found:
            continue
        found[each] = slim(definitions[each])
        if each.endswith(("IntOrString", "Quantity")):
            found[each] = {"x-kubernetes-int-or-string": True}
        elif each.endswith("ObjectMeta"):
            found[each] = _metadata(found[each])
        elif each.endswith(("FieldsV1", "RawExtension")):
            found[each] = _FREE
        waiting += _references(found[each])
    return {**top, "definitions": dict(sorted(found.items()))}


def _metadata(schema: dict[str, Any]) -> dict[str, Any]:
    wanted = ("annotations", "finalizers", "generateName", "labels", "name", "namespace")
    return {"type": "object", "properties": {key: schema["properties"][key] for key in wanted}}


def _references(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        if isinstance(schema.get("$ref"), str):
            yield schema["$ref"].removeprefix("#/definitions/")
        for each in schema.values():
            yield from _references(each)
    elif isinstance(schema, list):
        for each in schema:
            yield from _references(each)


def file_of(api_version: str, kind: str) -> Path:
    """Where the schema of a kind lies."""
    group, _, version = api_version.rpartition("/")
    name = f"{'-'.join(filter(None, (kind.lower(), group, version)))}.json"
    return OWN / name if (OWN / name).is_file() else FOLDER / name


def main(crds: str, swagger: str) -> None:
    """Write every schema and say how large they are together."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for old in FOLDER.glob("*.json"):
        old.unlink()
    size = 0
    for api_version, kind, schema in (*custom(Path(crds)), *built_in(Path(swagger))):
        text = json.dumps(schema, sort_keys=True, separators=(",", ":")) + "\n"
        file_of(api_version, kind).write_text(text, "utf-8")
        size += len(text)
        print(f"{len(text):8,} {file_of(api_version, kind).name}")
    print(f"{size:8,} together")


if __name__ == "__main__":
    main(*sys.argv[1:])
