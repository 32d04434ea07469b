"""The schema of a custom resource, made strict: a field nobody declared is an error."""

import json
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator

from tests.manifests.batch import cron_job, job
from tools.cluster_schemas import file_of

_TEXTS = {"type": "object", "additionalProperties": {"type": "string"}}
# What every resource has, which a CRD need not repeat.
_RESOURCE = {
    "apiVersion": {"type": "string"},
    "kind": {"type": "string"},
    "metadata": {
        "type": "object",
        "properties": {
            "name": {"type": "string", "pattern": r"^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$"},
            "namespace": {"type": "string", "pattern": r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$"},
            "labels": _TEXTS,
            "annotations": _TEXTS,
        },
        "required": ["name", "namespace"],
    },
}


@cache
def validator(kind: str, api_version: str) -> Draft202012Validator:
    """The validator of one kind in one version; FileNotFoundError if there is none."""
    if kind == "CronJob":  # no custom resource, so there is no CRD of it
        return _made(cron_job(_container()))
    schema = _of_crd(kind, api_version)
    if kind == "JobSink":  # its CRD takes any Job
        schema["properties"]["spec"]["properties"]["job"] = job(_container())
    return _made(schema)


def _of_crd(kind: str, api_version: str) -> dict[str, Any]:
    schema: dict[str, Any] = json.loads(file_of(api_version, kind).read_bytes())
    return schema


def _container() -> dict[str, Any]:
    schema = _of_crd("Service", "serving.knative.dev/v1")
    for name in ("spec", "template", "spec", "containers"):
        schema = schema["properties"][name]
    container: dict[str, Any] = schema["items"]
    return container


def _made(schema: dict[str, Any]) -> Draft202012Validator:
    schema = {**schema, "properties": {**schema["properties"], **_RESOURCE}}
    return Draft202012Validator(strict(schema))


def strict(schema: Any) -> Any:
    """The schema as JSON Schema, where objects have only the properties they declare."""
    if isinstance(schema, list):
        return [strict(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    made = {
        key: {name: strict(each) for name, each in value.items()}
        if key == "properties"
        else strict(value)
        for key, value in schema.items()
        if key not in ("default", "description", "enum", "example", "pattern")
    }
    made |= {key: schema[key] for key in ("enum", "pattern") if key in schema}
    if schema.get("x-kubernetes-int-or-string"):
        made.pop("type", None)
        made["anyOf"] = [{"type": "integer"}, {"type": "string"}]
    if schema.get("nullable") and "type" in made:
        made["type"] = [made["type"], "null"]
    if "properties" in schema and not schema.get("x-kubernetes-preserve-unknown-fields"):
        made.setdefault("additionalProperties", False)
    return made


def faults(fields: dict[str, Any]) -> list[str]:
    """What is wrong with a resource by its CRD, each with its place."""
    found = validator(fields["kind"], fields["apiVersion"]).iter_errors(fields)
    return [f"{error.json_path}: {error.message}" for error in found]
