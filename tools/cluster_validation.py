"""Whether a resource is one that the cluster would take, by the schemas in `k8s/schemas`."""

import json
from collections.abc import Iterator
from functools import cache
from typing import Any, Final

from jsonschema import Draft202012Validator

from tools.cluster_schemas import file_of

_TEXTS: Final = {"type": "object", "additionalProperties": {"type": "string"}}
_NAME: Final = {"type": "string", "pattern": r"^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$"}
_RESOURCE: Final = {
    "apiVersion": {"type": "string"},
    "kind": {"type": "string"},
    "metadata": {
        "type": "object",
        "properties": {
            "name": _NAME,
            "namespace": {"type": "string", "pattern": r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$"},
            "labels": _TEXTS,
            "annotations": _TEXTS,
        },
        "required": ["name"],
        "additionalProperties": False,
    },
}
"""What every resource has, which a CRD need not repeat."""
_BESIDE: Final = frozenset({"allOf", "anyOf", "oneOf", "not"})
_TAKEN: Final = _BESIDE | {"items", "additionalProperties"}


def faults(fields: dict[str, Any]) -> list[str]:
    """What is wrong with a resource by the schema of its kind, each with its place."""
    kind, api_version = str(fields.get("kind")), str(fields.get("apiVersion"))
    if not file_of(api_version, kind).is_file():
        return [f"$: there is no schema of {api_version} {kind}: see k8s/schemas/README.md"]
    found = [_told(error) for error in validator(api_version, kind).iter_errors(fields)]
    if "namespace" not in fields.get("metadata", {}) and kind != "Namespace":
        found.append("$.metadata: 'namespace' is a required property")
    return [*found, *_inner(fields)]


def _inner(fields: dict[str, Any]) -> Iterator[str]:
    """A JobSink's Job, which its own schema leaves open."""
    if fields["kind"] == "JobSink":
        job = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "inner"}}
        inner = fields.get("spec", {}).get("job") or {}
        for error in validator("batch/v1", "Job").iter_errors({**job, **inner, **_named(inner)}):
            yield f"$.spec.job{_told(error).removeprefix('$')}"


def _named(inner: dict[str, Any]) -> dict[str, Any]:
    return {"metadata": {"name": "inner", **inner.get("metadata", {})}}


def _told(error: Any) -> str:
    return f"{error.json_path}: {error.message}"


@cache
def validator(api_version: str, kind: str) -> Draft202012Validator:
    """The validator of one kind in one version; FileNotFoundError where there is no schema."""
    schema = json.loads(file_of(api_version, kind).read_bytes())
    schema["properties"] = {**schema.get("properties", {}), **_RESOURCE}
    return Draft202012Validator(strict(schema))


def strict(schema: Any, *, declares: bool = True) -> Any:
    """The schema as JSON Schema, where objects have only the properties they declare."""
    if isinstance(schema, list):
        return [strict(each, declares=declares) for each in schema]
    if not isinstance(schema, dict):
        return schema
    made = dict(schema)
    for key in ("properties", "definitions"):
        if key in made:
            made[key] = {name: strict(each, declares=declares) for name, each in made[key].items()}
    for key in made.keys() & _TAKEN:
        made[key] = strict(made[key], declares=declares and key not in _BESIDE)
    if made.pop("x-kubernetes-int-or-string", False):
        made.pop("type", None)
        made["anyOf"] = [{"type": "integer"}, {"type": "string"}]
    if made.pop("nullable", False) and "type" in made:
        made["type"] = [made["type"], "null"]
    free = made.pop("x-kubernetes-preserve-unknown-fields", False)
    if declares and not free and ("properties" in made or made.get("type") == "object"):
        made.setdefault("additionalProperties", "properties" not in made)
    return made
