"""Lints over sources, sinks and topics: what keeps an event from being lost or delivered late."""

from learnflow.manifests.document import Document
from learnflow.manifests.messaging import source_of, topic_of
from learnflow.manifests.rules import Found, Lint, each, unlike

BOOTSTRAP = "kafka-kafka-bootstrap.kafka.svc.cluster.local:9092"
DEAD_LETTERS = "dead.letter"
_DAY = 86_400
_DELIVERY = {
    "retry": 7,
    "backoffPolicy": "exponential",
    "backoffDelay": "PT0.5S",
    "timeout": "PT30S",
    "deadLetterSink": {
        "ref": {
            "apiVersion": "eventing.knative.dev/v1alpha1",
            "kind": "KafkaSink",
            "name": "dead-letter",
        }
    },
}
# A database may be away for two minutes and nothing goes to the dead letters; waiting much
# longer, a rebalance would start the retries again before they end.
_WAITS = (120.0, 180.0)


@each("KafkaSource", "it is named <function>-on-<event>; of several, -on- what all begin with")
def source_name(source: Document) -> Found:
    sink = source.at("spec", "sink", "ref", "name")
    shared = _shared(source.at("spec", "topics") or [])
    if not shared or source.name != f"{sink}-on-{'-'.join(shared)}":
        yield "metadata.name", source.name


def _shared(topics: list[str]) -> list[str]:
    """The words that all topics begin with; all of them where there is one topic."""
    shared = []
    for words in zip(*(topic.split(".") for topic in topics), strict=False):
        if len(set(words)) > 1:
            break
        shared.append(words[0])
    return shared


@each("KafkaSource", "the consumer group is the source's own name")
def group(source: Document) -> Found:
    yield from unlike(source, ("spec", "consumerGroup"), source.name)


@each("KafkaSource", "ordering is unordered: ordered costs 290 ms and stops behind one bad event")
def unordered(source: Document) -> Found:
    yield from unlike(source, ("spec", "ordering"), "unordered")


@each("KafkaSource", "initialOffset is earliest, or the first events vanish")
def earliest(source: Document) -> Found:
    yield from unlike(source, ("spec", "initialOffset"), "earliest")


@each("KafkaSource", "delivery says retry 7, exponential, PT0.5S, PT30S and the dead letters")
def delivery(source: Document) -> Found:
    for name, wanted in _DELIVERY.items():
        yield from unlike(source, ("spec", "delivery", name), wanted)


@each("KafkaSource", "the waits between retries last two to three minutes together")
def total_wait(source: Document) -> Found:
    said = source_of(source).delivery
    waits = sum(said.wait_before(retry) for retry in range(1, said.retry + 1))
    if not _WAITS[0] <= waits <= _WAITS[1]:
        yield "spec.delivery", f"{waits:g} s"


def _bootstrap(document: Document) -> Found:
    yield from unlike(document, ("spec", "bootstrapServers"), [BOOTSTRAP])


@each("KafkaSource", "it reads from the cluster's own Kafka")
def source_bootstrap(source: Document) -> Found:
    yield from _bootstrap(source)


@each("KafkaSink", "it writes to the cluster's own Kafka")
def sink_bootstrap(sink: Document) -> Found:
    yield from _bootstrap(sink)


@each("KafkaSink", "dead letters are structured CloudEvents of the topic dead.letter")
def dead_letters(sink: Document) -> Found:
    yield from unlike(sink, ("spec", "topic"), DEAD_LETTERS)
    yield from unlike(sink, ("spec", "contentMode"), "structured")


@each("KafkaTopic", "retention is at least 7 days, of dead letters 14")
def retention(topic: Document) -> Found:
    days = 14 if topic.name == DEAD_LETTERS else 7
    written = topic.at("spec", "config", "retention.ms")
    if written is None or topic_of(topic).retention_seconds < days * _DAY:
        yield "spec.config[retention.ms]", written


@each("KafkaTopic", "it has 3 partitions and, in the base, 1 replica")
def partitions(topic: Document) -> Found:
    yield from unlike(topic, ("spec", "partitions"), 3)
    yield from unlike(topic, ("spec", "replicas"), 1)


@each("KafkaTopic", "it belongs to the cluster kafka, by label")
def topic_cluster(topic: Document) -> Found:
    yield from unlike(topic, ("metadata", "labels", "strimzi.io/cluster"), "kafka")


@each("KafkaTopic", "it is kafka.strimzi.io/v1, for v1beta2 is leaving")
def topic_version(topic: Document) -> Found:
    yield from unlike(topic, ("apiVersion",), "kafka.strimzi.io/v1")


LINTS: tuple[Lint, ...] = (
    source_name,
    group,
    unordered,
    earliest,
    delivery,
    total_wait,
    source_bootstrap,
    sink_bootstrap,
    dead_letters,
    retention,
    partitions,
    topic_cluster,
    topic_version,
)
