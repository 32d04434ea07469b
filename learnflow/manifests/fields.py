"""Which fields of a manifest the embedded mode emulates, and which it may pass over.

What stands in neither table is reported, never silently lost.
"""

import re
from collections.abc import Iterator, Mapping

from learnflow.manifests.document import Document, join

_TEMPLATE = "spec.template"
_CONTAINER = "spec.template.spec.containers[]"
_SCALING = "spec.template.metadata.annotations[autoscaling.knative.dev/"

# A path stands for itself; with a star at its end, for all that lies below it too.
EMULATED: Mapping[str, tuple[str, ...]] = {
    "Service": (
        "metadata.labels[networking.knative.dev/visibility]",
        "metadata.annotations[learnflow.org/routes]",
        *(
            f"{_SCALING}{name}]"
            for name in (
                "min-scale",
                "max-scale",
                "initial-scale",
                "target",
                "target-utilization-percentage",
                "target-burst-capacity",
                "window",
                "scale-down-delay",
                "scale-to-zero-pod-retention-period",
            )
        ),
        f"{_TEMPLATE}.spec.containerConcurrency",
        f"{_TEMPLATE}.spec.timeoutSeconds",
        f"{_TEMPLATE}.spec.responseStartTimeoutSeconds",
        f"{_CONTAINER}.image",
        f"{_CONTAINER}.env[].name",
        f"{_CONTAINER}.env[].value",
        f"{_CONTAINER}.env[].valueFrom.secretKeyRef*",
    ),
    "KafkaSource": (
        "spec.topics*",
        "spec.consumerGroup",
        "spec.consumers",
        "spec.ordering",
        "spec.initialOffset",
        "spec.delivery.retry",
        "spec.delivery.backoffPolicy",
        "spec.delivery.backoffDelay",
        "spec.delivery.timeout",
        "spec.delivery.deadLetterSink.ref*",
        "spec.sink.ref*",
    ),
    "KafkaSink": ("spec.topic", "spec.contentMode"),
    "KafkaTopic": ("spec.topicName", "spec.partitions", "spec.config[retention.ms]"),
}

_EVERYWHERE = (
    "apiVersion",
    "kind",
    "metadata.name",
    "metadata.namespace",
    "metadata.labels[learnflow.org/service]",
    "metadata.labels[learnflow.org/kind]",
)
MEANINGLESS: Mapping[str, tuple[str, ...]] = {
    "Service": (
        *_EVERYWHERE,
        f"{_TEMPLATE}.metadata.labels*",
        f"{_CONTAINER}.name",
        f"{_CONTAINER}.imagePullPolicy",
        f"{_CONTAINER}.readinessProbe*",  # a bound socket is ready, an exited process is seen
        f"{_CONTAINER}.livenessProbe*",
        f"{_CONTAINER}.resources*",
        f"{_CONTAINER}.securityContext*",
        f"{_TEMPLATE}.spec.serviceAccountName",
        f"{_TEMPLATE}.spec.automountServiceAccountToken",
        f"{_TEMPLATE}.spec.enableServiceLinks",
        f"{_TEMPLATE}.spec.imagePullSecrets*",
    ),
    "KafkaSource": (*_EVERYWHERE, "spec.bootstrapServers*"),
    "KafkaSink": (*_EVERYWHERE, "spec.bootstrapServers*", "spec.auth*"),
    "KafkaTopic": (*_EVERYWHERE, "metadata.labels[strimzi.io/cluster]", "spec.replicas"),
}

NOT_EMULATED: Mapping[str, str] = {
    f"{_SCALING}metric]": "functions scale by concurrency alone",
    f"{_SCALING}class]": "there is one autoscaler, like Knative's own (KPA)",
    f"{_SCALING}activation-scale]": "a function at zero wakes with one instance",
    f"{_SCALING}panic-window-percentage]": "there is no panic mode",
    f"{_SCALING}panic-threshold-percentage]": "there is no panic mode",
    f"{_TEMPLATE}.spec.idleTimeoutSeconds": "an idle response ends only at timeoutSeconds",
    f"{_TEMPLATE}.spec.volumes": "functions see the files of this machine",
    f"{_CONTAINER}.volumeMounts": "functions see the files of this machine",
    f"{_CONTAINER}.command": "functions are started by the fork server",
    f"{_CONTAINER}.args": "functions are started by the fork server",
    f"{_CONTAINER}.ports": "functions answer on a Unix socket",
    "spec.traffic": "one revision runs, the files as saved",
    "spec.ceOverrides": "events are delivered with the extensions they have",
    "spec.net": "the event log needs no network and no credentials",
    "spec.sink.uri": "events go to the root path of the function",
    "spec.delivery.retryAfterMax": "Retry-After is not looked at",
    "spec.config[cleanup.policy]": "topics are not compacted",
}
UNKNOWN = "the embedded mode does not know this field"
_POSITION = re.compile(r"\[\d+\]")
_ENV = ("spec", "template", "spec", "containers", 0, "env")
DATABASE_URL = re.compile(r"LEARNFLOW_(STUDENTS|TUTORS|MATCHING)_DATABASE_URL")


class _Known:
    """The two tables of one kind, made ready for looking up."""

    def __init__(self, patterns: tuple[str, ...]) -> None:
        self.subtrees = {pattern[:-1] for pattern in patterns if pattern.endswith("*")}
        self.leaves = {pattern for pattern in patterns if not pattern.endswith("*")}
        self.above: set[str] = set()
        for path in self.subtrees | self.leaves:
            for end in range(1, len(path)):
                if path[end] in ".[":
                    self.above.add(path[:end])


_KNOWN = {kind: _Known(EMULATED[kind] + MEANINGLESS[kind]) for kind in EMULATED}


def warnings_of(document: Document) -> Iterator[str]:
    """One sentence for each field whose effect on the cluster is missing here."""
    for path, why in not_emulated(document):
        yield f"{document.file}: field {path}: not emulated: {why}"


def not_emulated(document: Document) -> Iterator[tuple[str, str]]:
    """Each field whose effect on the cluster is missing here, and why."""
    yield from _unknown(_KNOWN[document.kind], "", document.fields)
    for variable in document.at(*_ENV) or ():
        from_secret = (variable.get("valueFrom") or {}).get("secretKeyRef")
        if from_secret and not DATABASE_URL.fullmatch(variable["name"]):
            yield f"env {variable['name']}", "only database URLs are filled in"


def _unknown(known: _Known, path: str, value: object) -> Iterator[tuple[str, str]]:
    pattern = _POSITION.sub("[]", path)
    if pattern in known.subtrees or pattern in known.leaves:
        return
    if path and pattern not in known.above:
        yield path, NOT_EMULATED.get(pattern, UNKNOWN)
    elif isinstance(value, dict):
        for key, below in value.items():
            yield from _unknown(known, join(path, str(key)), below)
    elif isinstance(value, list):
        for position, below in enumerate(value):
            yield from _unknown(known, f"{path}[{position}]", below)
