"""What the system page is shown of a cluster: functions with their instances, and the flow.

The JSON of the embedded gateway's `/system/api/functions` and `/flow`; what Kubernetes does not
know (requests in flight, seconds to zero) is null, and `pid` is the pod's name. Decided on plain
mappings as the API server answers them.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import yaml

from learnflow.cluster.readiness import condition
from learnflow.local.flow import flow
from learnflow.manifests import Function, Source, System
from learnflow.manifests.document import Document
from learnflow.manifests.kinds import KIND
from learnflow.manifests.messaging import source_of
from learnflow.manifests.services import function_of

Fields = Mapping[str, Any]
SERVICE: Final = "serving.knative.dev/service"
_OF_THE_SERVER: Final = frozenset(
    {"creationTimestamp", "generation", "managedFields", "resourceVersion", "uid", "finalizers"}
)
_OF_CONTROLLERS: Final = ("serving.knative.dev/", "kubectl.kubernetes.io/", "argocd.argoproj.io/")


def functions(services: Iterable[Fields], pods: Sequence[Fields], now: datetime) -> Fields:
    """`{"functions": […], "sources": []}`; other Services of the namespace are left out."""
    found = [_document("Service", each) for each in services if _is_function(each)]
    return {"functions": [_shown(function_of(each), pods, now) for each in found], "sources": []}


def flow_of(root: Path, services: Iterable[Fields], sources: Iterable[Fields]) -> Fields:
    """Nodes and arrows by what runs there; below `root` lie the functions' own files."""
    found = [_document("Service", each) for each in services if _is_function(each)]
    heard = [_document("KafkaSource", each) for each in sources]
    texts = {(each.kind, each.name): _text(each.fields) for each in (*found, *heard)}
    system = System(
        functions={each.name: function_of(each) for each in found},
        sources={each.name: source_of(each) for each in heard},
        sinks={},
        topics={},
    )

    def manifest(one: Function | Source) -> str:
        return texts["Service" if isinstance(one, Function) else "KafkaSource", one.name]

    return flow(root, system, manifest)


def _is_function(fields: Fields) -> bool:
    return KIND in (fields["metadata"].get("labels") or {})


def _document(kind: str, fields: Fields) -> Document:
    metadata = fields["metadata"]
    where = Path(str(metadata.get("namespace", "")), kind, metadata["name"])
    return Document(where, kind, metadata["name"], dict(fields))


def _text(fields: Fields) -> str:
    """The manifest that made it: what the server and its controllers added is left out."""
    metadata = {k: v for k, v in fields["metadata"].items() if k not in _OF_THE_SERVER}
    annotations = {
        name: value
        for name, value in (metadata.pop("annotations", None) or {}).items()
        if not name.startswith(_OF_CONTROLLERS)
    }
    if annotations:
        metadata["annotations"] = annotations
    kept = {k: v for k, v in fields.items() if k not in ("metadata", "status", "spec")}
    whole = {**kept, "metadata": metadata, "spec": fields.get("spec")}
    return yaml.dump(whole, Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True)


def _shown(function: Function, pods: Sequence[Fields], now: datetime) -> Fields:
    mine = [each for each in pods if each["metadata"]["labels"].get(SERVICE) == function.name]
    mine = [each for each in mine if (each.get("status") or {}).get("phase") in _ALIVE]
    instances = [_instance(each, now) for each in mine]
    started = [each for each in mine if _ready_at(each) is not None]
    return {
        "function": function.name,
        "requests": None,
        "waiting": None,
        "starting": sum(not each["ready"] and not each["draining"] for each in instances),
        "panics": None,
        "cold_starts": None,
        "starts": None,
        "last_cold_start": _cold_start(started),
        "scale": {"min": function.scale.min, "max": function.scale.max},
        "seconds_to_zero": None,
        "instances": [each for each in instances if each["ready"] or each["draining"]],
        "faults": [],
    }


_ALIVE: Final = ("Pending", "Running")


def _instance(pod: Fields, now: datetime) -> dict[str, Any]:
    ready = condition(pod, "Ready")
    return {
        "pid": pod["metadata"]["name"],
        "in_flight": None,
        "ready": ready is not None and ready.get("status") == "True",
        "draining": bool(pod["metadata"].get("deletionTimestamp")),
        "start_ms": _start_ms(pod),
        "age_s": round((now - _made_at(pod)).total_seconds(), 1),
    }


def _cold_start(pods: Sequence[Fields]) -> dict[str, float | None] | None:
    """The newest instance's start; Kubernetes counts whole seconds."""
    if not pods:
        return None
    newest = max(pods, key=_made_at)
    return {"at": _made_at(newest).timestamp() * 1000, "ms": _start_ms(newest)}


def _start_ms(pod: Fields) -> float | None:
    ready = _ready_at(pod)
    return None if ready is None else (ready - _made_at(pod)).total_seconds() * 1000


def _made_at(pod: Fields) -> datetime:
    return _time(pod["metadata"]["creationTimestamp"])


def _ready_at(pod: Fields) -> datetime | None:
    """When it became ready; a pod that ends is no longer, so its start is forgotten."""
    ready = condition(pod, "Ready")
    if ready is None or ready.get("status") != "True":
        return None
    return _time(ready["lastTransitionTime"])


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(UTC)
