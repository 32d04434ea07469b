"""What each field of a manifest means: in the embedded mode, and on the cluster. Data, said once.

Read by `fields` (which warnings and lints come from it) and by `learnflow explain`.
"""

from collections.abc import Mapping
from typing import Final

from learnflow.manifests.meaning import Meaning, without
from learnflow.manifests.meanings_of_services import SERVICE
from learnflow.manifests.meanings_of_the_rest import EVENT_TYPE, JOB, JOB_SINK, SINK, SOURCE, TOPIC

_EVERYWHERE: Final = (
    without("apiVersion", "checked for a version we read", "which API reads the resource"),
    without("kind", "says what the rest of the file means", "which controller acts on it"),
    without("metadata.name", "the name in ps, logs, events and URLs", "the resource's name"),
    without("metadata.namespace", "one namespace only, of one machine", "where it lives"),
    without(
        "metadata.labels[learnflow.org/service]",
        "shown in lists; the lint checks it",
        "which of the services owns it: kubectl get -l",
    ),
    without(
        "metadata.labels[learnflow.org/kind]",
        "the lint holds the bounds to it",
        "command, query, reaction or stream: patches choose by it",
    ),
)

FIELDS: Final[Mapping[str, tuple[Meaning, ...]]] = {
    "Service": (*_EVERYWHERE, *SERVICE),
    "KafkaSource": (*_EVERYWHERE, *SOURCE),
    "KafkaSink": (*_EVERYWHERE, *SINK),
    "KafkaTopic": (*_EVERYWHERE, *TOPIC),
    "CronJob": (*_EVERYWHERE, *JOB),
    "JobSink": (*_EVERYWHERE, *JOB_SINK),
    "EventType": (*_EVERYWHERE, *EVENT_TYPE),
}
"""By kind of resource."""

KINDS: Final[Mapping[str, tuple[str, str]]] = {
    "Service": (
        "a function: processes forked onto Unix sockets, from zero and back to zero",
        "a Knative Service: pods behind activator and queue-proxy",
    ),
    "KafkaSource": (
        "reads topics of the event log and delivers each event to one function",
        "Knative's source for Kafka: wakes its function from zero",
    ),
    "KafkaSink": (
        "takes dead letters into a topic",
        "Knative's sink: what is posted to it becomes a record",
    ),
    "CronJob": (
        "daily work: the runner does maintain while it runs, people give the others by hand",
        "a pod that Kubernetes starts by the clock",
    ),
    "JobSink": (
        "nothing: what it would start is a command here, learnflow ranker train",
        "Knative's sink that starts a Job for each event",
    ),
    "EventType": (
        "nothing: the runner knows the types from eventing/events.py",
        "an entry in the cluster's list of event types",
    ),
    "KafkaTopic": ("a topic of the event log, in Postgres", "a topic of Kafka, made by Strimzi"),
}
"""By kind: what such a resource is here, and on the cluster."""
