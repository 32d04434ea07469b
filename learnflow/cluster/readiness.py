"""Is a resource ready, not yet, or failed for good? Decided from what the API server says of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

Fields = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class State:
    """`why` says what it waits for, or why it failed."""

    is_: Literal["ready", "waiting", "failed"]
    why: str = ""

    @property
    def ready(self) -> bool:
        return self.is_ == "ready"


READY: Final = State("ready")


def state_of(fields: Fields) -> State:
    """The state of a resource as it was read; kinds that have no state are ready once there."""
    group = str(fields.get("apiVersion", "")).rpartition("/")[0]
    judge = _JUDGES.get((group, str(fields.get("kind"))))
    return judge(fields) if judge else READY


def condition(fields: Fields, kind: str) -> Fields | None:
    """One condition of a status, by its type."""
    found = (fields.get("status") or {}).get("conditions") or ()
    return next((each for each in found if each.get("type") == kind), None)


def _behind(fields: Fields) -> bool:
    """Whether its controller has not seen the newest version."""
    seen = (fields.get("status") or {}).get("observedGeneration")
    wanted = (fields.get("metadata") or {}).get("generation")
    return seen is not None and wanted is not None and int(seen) < int(wanted)


def _job(fields: Fields) -> State:
    if (failed := condition(fields, "Failed")) and failed.get("status") == "True":
        return State("failed", _words(failed))
    done = condition(fields, "Complete")
    if done and done.get("status") == "True":
        return READY
    tried = (fields.get("status") or {}).get("failed") or 0
    return State("waiting", f"{tried} attempts failed" if tried else "it runs")


def _replicas(fields: Fields, ready: str) -> State:
    status = fields.get("status") or {}
    spec = fields.get("spec") or {}
    wanted = spec.get("replicas", 1)
    count = status.get(ready) or 0
    updated = status.get("updatedReplicas") or 0
    if _behind(fields) or "observedGeneration" not in status:
        return State("waiting", "its controller has not seen it yet")
    old = max(0, (status.get("replicas") or 0) - updated)
    if count >= wanted and updated >= wanted:  # of those available some may be old ones
        return State("waiting", f"{old} old pods are not replaced yet") if old else READY
    return State("waiting", f"{min(count, updated)} of {wanted} pods are ready")


def _deployment(fields: Fields) -> State:
    progressing = condition(fields, "Progressing")
    if progressing and progressing.get("reason") == "ProgressDeadlineExceeded":
        return State("failed", _words(progressing))
    return _replicas(fields, "availableReplicas")


def _stateful(fields: Fields) -> State:
    return _replicas(fields, "readyReplicas")


def _conditioned(fields: Fields) -> State:
    ready = condition(fields, "Ready")
    if ready is None or _behind(fields):
        return State("waiting", "its controller has not said anything yet")
    if ready.get("status") == "True":
        return READY
    return State("waiting", _words(ready))


def _established(fields: Fields) -> State:
    found = condition(fields, "Established")
    done = found is not None and found.get("status") == "True"
    return READY if done else State("waiting", "it is not established yet")


def _words(found: Fields) -> str:
    said = [str(found[key]) for key in ("reason", "message") if found.get(key)]
    return ": ".join(said) or f"{found.get('type')} is {found.get('status')}"


_JUDGES: Final[dict[tuple[str, str], Callable[[Fields], State]]] = {
    ("batch", "Job"): _job,
    ("apps", "Deployment"): _deployment,
    ("apps", "StatefulSet"): _stateful,
    ("apiextensions.k8s.io", "CustomResourceDefinition"): _established,
    ("serving.knative.dev", "Service"): _conditioned,
    ("kafka.strimzi.io", "Kafka"): _conditioned,
    ("kafka.strimzi.io", "KafkaTopic"): _conditioned,
    ("kafka.strimzi.io", "KafkaUser"): _conditioned,
    ("eventing.knative.dev", "KafkaSink"): _conditioned,
    ("sinks.knative.dev", "JobSink"): _conditioned,
    ("sources.knative.dev", "KafkaSource"): _conditioned,
    ("postgresql.cnpg.io", "Cluster"): _conditioned,
    ("external-secrets.io", "ExternalSecret"): _conditioned,
    ("external-secrets.io", "SecretStore"): _conditioned,
}
