"""Publishing as Dapr does it on the cluster: an envelope becomes the record daprd would write."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from learnflow.local.cloudevent import STRUCTURED
from learnflow.local.eventlog import EventLog
from learnflow.local.records import NewRecord, RecordRefused

PUBSUB: Final = "kafka-pubsub"
_TRACE: Final = ("traceid", "traceparent", "tracestate")


class Malformed(Exception):
    """A message that is no {topic, key, envelope}; the text says what is wrong."""


def record(topic: str, key: str, envelope: Mapping[str, Any]) -> NewRecord:
    """The record of one published CloudEvent. Raises Malformed for text no topic can hold."""
    trace = {name: envelope.get(name) or "" for name in _TRACE}
    written = {**envelope, **trace, "pubsubname": PUBSUB, "topic": topic}
    try:
        value = json.dumps(
            written, ensure_ascii=False, separators=(",", ":"), sort_keys=True
        ).encode()
        key.encode()
    except UnicodeEncodeError:
        raise Malformed("the envelope holds a lone surrogate, which is no Unicode text") from None
    if "\0" in key:
        raise Malformed("the key holds a NUL character")
    headers = {"partitionKey": key, "content-type": STRUCTURED}
    return NewRecord(
        topic, key, headers, value, _searchable(envelope, "id"), _searchable(envelope, "type")
    )


async def publish(log: EventLog, messages: Sequence[Any]) -> list[str | None]:
    """Write messages {topic, key, envelope}; None for each that is durable, else why not.

    Raises LogUnavailable, after which nothing is known.
    """
    results: list[str | None] = []
    records: list[NewRecord] = []
    for message in messages:
        try:
            records.append(_read(log, message))
            results.append(None)
        except Malformed as why:
            results.append(str(why))
    try:
        await log.append(records)
    except RecordRefused:
        await _one_by_one(log, records, results)
    return results


async def _one_by_one(
    log: EventLog, records: Sequence[NewRecord], results: list[str | None]
) -> None:
    places = [place for place, result in enumerate(results) if result is None]
    for place, one in zip(places, records, strict=True):
        try:
            await log.append([one])
        except RecordRefused as why:
            results[place] = f"the event log refuses the record: {why}"


def _read(log: EventLog, message: Any) -> NewRecord:
    if not isinstance(message, dict):
        raise Malformed("a message is a JSON object with topic, key and envelope")
    topic, key, envelope = (message.get(name) for name in ("topic", "key", "envelope"))
    if not isinstance(topic, str) or not isinstance(key, str) or not isinstance(envelope, dict):
        raise Malformed("a message has a topic and a key, both text, and an envelope, an object")
    if topic not in log.topics:
        raise Malformed(f"unknown topic {topic[:100]!r}: it has no KafkaTopic manifest")
    return record(topic, key, envelope)


def _searchable(envelope: Mapping[str, Any], name: str) -> str | None:
    value = envelope.get(name)
    return value if isinstance(value, str) and "\0" not in value else None
