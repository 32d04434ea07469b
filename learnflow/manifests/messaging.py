"""KafkaSources, KafkaSinks and KafkaTopics read with the defaults of their controllers."""

import math
from typing import Any, cast

from learnflow.manifests.document import Document, Node
from learnflow.manifests.model import (
    BackoffPolicy,
    ContentMode,
    Delivery,
    InitialOffset,
    Ordering,
    Sink,
    Source,
    Topic,
)
from learnflow.manifests.quantities import iso_seconds

WEEK_MS = 7 * 86_400 * 1000
# What a KafkaSource without a delivery block gets; with one, only what is written holds.
UNSAID = Delivery(10, "exponential", 0.3, 600.0, None)


def source_of(document: Document) -> Source:
    """One KafkaSource; its consumer group must be written, for a random one cannot be replayed."""
    spec = document.root.under("spec")
    ordering = spec.choice("ordering", ("ordered", "unordered"), "ordered")
    offset = spec.choice("initialOffset", ("earliest", "latest"), "latest")
    return Source(
        name=document.name,
        topics=spec.texts("topics"),
        group=spec.text("consumerGroup"),
        sink=_referred(spec.under("sink", "ref"), "Service"),
        consumers=spec.whole("consumers", 1),
        ordering=cast(Ordering, ordering),
        initial_offset=cast(InitialOffset, offset),
        delivery=_delivery(spec),
        file=document.file,
    )


def _delivery(spec: Node) -> Delivery:
    if "delivery" not in spec.fields:
        return UNSAID
    delivery = spec.under("delivery")
    dead_letter = delivery.under("deadLetterSink")
    policy = delivery.choice("backoffPolicy", ("exponential", "linear"), "exponential")
    return Delivery(
        retry=delivery.whole("retry", 0),
        backoff_policy=cast(BackoffPolicy, policy),
        backoff_delay=delivery.parsed("backoffDelay", iso_seconds, 0.2),
        timeout=delivery.parsed("timeout", iso_seconds, 600.0),
        dead_letter=_referred(dead_letter.under("ref"), "KafkaSink")
        if dead_letter.fields
        else None,
    )


def _referred(ref: Node, kind: str) -> str:
    ref.choice("kind", (kind,))
    return ref.text("name")


def sink_of(document: Document) -> Sink:
    """One KafkaSink."""
    spec = document.root.under("spec")
    mode = spec.choice("contentMode", ("binary", "structured"), "binary")
    return Sink(document.name, spec.text("topic"), cast(ContentMode, mode), document.file)


def topic_of(document: Document) -> Topic:
    """One KafkaTopic; unsaid, it has one partition and Kafka's 7 days of retention."""
    spec = document.root.under("spec")
    return Topic(
        name=spec.text("topicName", document.name),
        partitions=spec.whole("partitions", 1, least=1),
        retention_seconds=_retention(spec.under("config")),
        file=document.file,
    )


def _retention(config: Node) -> float:
    value: Any = config.fields.get("retention.ms", WEEK_MS)
    try:
        milliseconds = int(value)
    except (TypeError, ValueError):
        raise config.error("retention.ms", f"is {value!r}", "Give it milliseconds.") from None
    return math.inf if milliseconds < 0 else milliseconds / 1000
