"""The fields of sources, sinks, topics, event types and jobs: here and on the cluster. Data."""

from typing import Final

from learnflow.manifests.meaning import emulated, missing, without

SOURCE: Final = (
    emulated("spec.topics*", "the topics of the event log it reads", "the topics of Kafka"),
    emulated(
        "spec.consumerGroup",
        "whose offsets are kept, across restarts",
        "Kafka's consumer group; its lag wakes the function",
    ),
    emulated(
        "spec.consumers",
        "0 pauses the source; more than one changes nothing on one machine",
        "consumers that share the partitions",
    ),
    emulated(
        "spec.ordering",
        "unordered: 50 events at once; ordered: one after the other in each partition",
        "the same; ordered adds 290 ms and caps at 250 a second",
    ),
    emulated(
        "spec.initialOffset",
        "where a new group begins: earliest or latest",
        "the same",
    ),
    emulated(
        "spec.delivery.retry",
        "so many more attempts before the dead letter",
        "the same",
    ),
    emulated("spec.delivery.backoffPolicy", "exponential or linear waits", "the same"),
    emulated(
        "spec.delivery.backoffDelay",
        "the first wait; exponential: doubled from then on, and for the first one too",
        "the same",
    ),
    emulated("spec.delivery.timeout", "an attempt without answer ends after so long", "the same"),
    emulated(
        "spec.delivery.deadLetterSink.ref*",
        "the KafkaSink that takes what cannot be delivered: learnflow dead-letters",
        "the same; without one the event is lost",
    ),
    emulated("spec.sink.ref*", "the function that gets the events, woken from zero", "the same"),
    without(
        "spec.bootstrapServers*", "the event log is in the runner", "where Kafka's brokers are"
    ),
    missing(
        "spec.ceOverrides",
        "events are delivered with the extensions they have",
        "extensions that are added to each event",
    ),
    missing(
        "spec.net",
        "the event log needs no network and no credentials",
        "TLS and credentials for Kafka",
    ),
    missing(
        "spec.sink.uri", "events go to the root path of the function", "another address or path"
    ),
    missing("spec.delivery.retryAfterMax", "Retry-After is not looked at", "its upper bound"),
)
SINK: Final = (
    emulated("spec.topic", "the topic that dead letters are kept in", "the same, in Kafka"),
    emulated(
        "spec.contentMode",
        "structured: the whole CloudEvent as JSON; binary: attributes as headers",
        "the same",
    ),
    without(
        "spec.bootstrapServers*", "the event log is in the runner", "where Kafka's brokers are"
    ),
    without("spec.auth*", "there is nothing to log in to", "credentials for Kafka"),
)
TOPIC: Final = (
    emulated("spec.topicName", "the topic's name, where the resource's differs", "the same"),
    emulated("spec.partitions", "partitions, chosen by key as Kafka's client does", "the same"),
    emulated(
        "spec.config[retention.ms]",
        "records older than this are pruned; -1: never",
        "the same",
    ),
    without(
        "metadata.labels[strimzi.io/cluster]",
        "there is one event log",
        "the Kafka whose operator makes the topic",
    ),
    without("spec.replicas", "the event log is one database", "copies on so many brokers"),
    missing("spec.config[cleanup.policy]", "topics are not compacted", "delete or compact"),
)
EVENT_TYPE: Final = (
    without(
        "metadata.annotations[learnflow.org/schema]",
        "nobody looks at it",
        "the $id of the data's schema, in eventing/schemas",
    ),
    without(
        "spec*",
        "the catalogue in eventing/events.py says it: learnflow send knows the types",
        "announces a type to people and tools: kn eventtype list, developer portals",
    ),
)

JOB: Final = (
    emulated(
        "spec.schedule",
        "maintain: at the start, and every hour while it runs; train-ranker: by hand",
        "when the job is started (cron)",
    ),
    without("spec.timeZone", "one run a day, whatever the clock says", "of which the schedule is"),
    without("spec.concurrencyPolicy", "one runs at a time", "Forbid: no second one beside it"),
    without(
        "spec.startingDeadlineSeconds",
        "a start makes up for what was missed",
        "how late a missed run may start",
    ),
    without(
        "spec.successfulJobsHistoryLimit", "there are no finished pods", "finished ones to keep"
    ),
    without("spec.failedJobsHistoryLimit", "there are no finished pods", "failed ones to keep"),
    without(
        "spec.jobTemplate*",
        "the same command does the same work: learnflow maintain, learnflow ranker train",
        "the pod: image, command, the secrets of its role, its rights and limits",
    ),
)
JOB_SINK: Final = (
    without(
        "spec.job*",
        "learnflow ranker train does it; --event names the file that would lie beside the pod",
        "the Job of each event; the event is a file in its pod, and known by source and id",
    ),
)
