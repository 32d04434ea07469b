"""What a KafkaSource makes of a record: the CloudEvent that was meant, or a wrapping of it.

The value is never looked into to find out: only the record's headers say what it is.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final, Literal

from learnflow.local.cloudevent import (
    STRUCTURED,
    CloudEvent,
    Invalid,
    from_binary,
    from_structured,
)
from learnflow.local.records import Record

WRAPPED_TYPE: Final = "dev.knative.kafka.event"
_FAMILY: Final = "application/cloudevents"
_NAME_CHARACTERS: Final = frozenset("abcdefghijklmnopqrstuvwxyz0123456789")


@dataclass(frozen=True, slots=True)
class Recognition:
    """The event a function gets, how it was recognised and, when it is wrapped, why."""

    mode: Literal["structured", "binary", "wrapped"]
    event: CloudEvent
    reason: str | None = None


def read(record: Record) -> tuple[Literal["structured", "binary"], CloudEvent]:
    """The CloudEvent that a record carries by its headers. Raises Invalid with the reason."""
    content_type = record.headers.get("content-type")
    try:
        if content_type is not None and content_type.split(";")[0].strip() == STRUCTURED:
            return "structured", _structured(record.value)
        if content_type is not None and content_type.startswith(_FAMILY):
            raise Invalid(f"content type {content_type} is no CloudEvents format that is known")
        if "ce_specversion" in record.headers:
            return "binary", from_binary(record.headers, record.value)
    except UnicodeError:
        raise Invalid("the value holds a lone surrogate, which is no Unicode text") from None
    raise Invalid(_no_mode(record, content_type))


@lru_cache(maxsize=256)
def _structured(value: bytes) -> CloudEvent:
    """Read once, however many sources hear it. Raises Invalid."""
    return from_structured(value)


def recognise(record: Record, source: str, namespace: str) -> Recognition:
    """What the KafkaSource `source` sends for a record."""
    place = {
        "knativekafkaoffset": str(record.offset),
        "knativekafkapartition": str(record.partition),
    }
    try:
        mode, event = read(record)
    except Invalid as why:
        return Recognition("wrapped", wrap(record, source, namespace).extended(place), str(why))
    return Recognition(mode, event.extended(place))


def wrap(record: Record, source: str, namespace: str) -> CloudEvent:
    """A record that is no CloudEvent, inside one: its value is the data, its headers extensions."""
    attributes = {
        "specversion": "1.0",
        "id": f"partition:{record.partition}/offset:{record.offset}",
        "source": f"/apis/v1/namespaces/{namespace}/kafkasources/{source}#{record.topic}",
        "type": WRAPPED_TYPE,
        "subject": f"partition:{record.partition}#{record.offset}",
        "time": _time(record.timestamp),
    }
    if record.key is not None:
        attributes |= {"key": record.key, "partitionkey": record.key}
    content_type = None
    for name, value in record.headers.items():
        if name.lower() == "content-type":
            content_type = value.lower()
        else:
            attributes["kafkaheader" + _cleaned(name)] = value
    return CloudEvent(attributes, content_type, record.value)


def _cleaned(name: str) -> str:
    return "".join(character for character in name.lower() if character in _NAME_CHARACTERS)


def _time(milliseconds: int) -> str:
    moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    text = moment.isoformat(timespec="milliseconds").removesuffix("+00:00")
    return text.removesuffix(".000") + "Z"


def _no_mode(record: Record, content_type: str | None) -> str:
    headers = {name.lower() for name in record.headers}
    if content_type is None and "content-type" in headers:
        return "the record header content-type is not written in lower case"
    if "ce_specversion" in headers:
        return "the record header ce_specversion is not written in lower case"
    if content_type is None:
        return "the record has neither a content-type nor a ce_specversion header"
    return f"content type {content_type} is not {STRUCTURED} and there is no ce_specversion header"
