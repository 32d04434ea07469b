"""How a fact travels: the CloudEvents envelope. Nothing else touches the CloudEvents SDK."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from cloudevents.conversion import to_binary, to_structured
from cloudevents.exceptions import GenericException
from cloudevents.http import CloudEvent, from_http

STRUCTURED: Final = "application/cloudevents+json"
BATCH: Final = "application/cloudevents-batch+json"
WRAPPED: Final = "dev.knative.kafka.event"
_CORE: Final = frozenset(
    {"id", "source", "type", "specversion", "subject", "time", "datacontenttype", "dataschema"}
)
_TRACE: Final = frozenset({"traceparent", "tracestate", "traceid"})


class NotACloudEvent(Exception):
    """The request is no CloudEvent; `reason` says why, without quoting it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class BatchRefused(Exception):
    """A batch of events arrived; LearnFlow's functions take one at a time."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """A CloudEvent: context attributes, extensions as text, and the data's bytes."""

    id: str
    source: str
    type: str
    data: bytes
    subject: str | None = None
    time: str | None = None
    datacontenttype: str = "application/json"
    extensions: dict[str, str] = field(default_factory=dict)

    @property
    def traceparent(self) -> str | None:
        """The W3C trace this event belongs to, if any."""
        return self.extensions.get("traceparent")


def parse_http(headers: Mapping[str, str], body: bytes) -> Envelope:
    """Read a request in binary or structured mode; a KafkaSource's wrapping is taken off.

    Raises BatchRefused, or NotACloudEvent with the reason.
    """
    lowered = {name.lower(): value for name, value in headers.items()}
    content_type = lowered.get("content-type", "").split(";")[0].strip().lower()
    if content_type == BATCH:
        raise BatchRefused
    if content_type != STRUCTURED and "ce-specversion" not in lowered:
        raise NotACloudEvent("neither ce- headers nor a body of application/cloudevents+json")
    envelope = _read(lowered, body, structured=content_type == STRUCTURED)
    return _unwrapped(envelope) if envelope.type == WRAPPED else envelope


def structured_json(envelope: Envelope) -> bytes:
    """The envelope as one JSON object (structured mode)."""
    event = _sdk_event(envelope)
    event.data = json.loads(envelope.data) if envelope.data else None
    return to_structured(event)[1]


def binary_http(envelope: Envelope) -> tuple[dict[str, str], bytes]:
    """The envelope as headers and body (binary mode)."""
    headers, _ = to_binary(_sdk_event(envelope))
    return {**headers, "content-type": envelope.datacontenttype}, envelope.data


def _sdk_event(envelope: Envelope) -> CloudEvent:
    attributes = {
        "id": envelope.id,
        "source": envelope.source,
        "type": envelope.type,
        "datacontenttype": envelope.datacontenttype,
        **envelope.extensions,
    }
    if envelope.subject is not None:
        attributes["subject"] = envelope.subject
    if envelope.time is not None:
        attributes["time"] = envelope.time
    return CloudEvent(attributes)


def _read(headers: Mapping[str, str], body: bytes, *, structured: bool) -> Envelope:
    try:
        event = from_http(dict(headers), body, data_unmarshaller=lambda data: data)
        attributes: dict[str, Any] = dict(event.get_attributes())
        data = event.data if not structured else _structured_data(body)
    except (GenericException, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise NotACloudEvent(_reason(error)) from None
    for name in ("id", "source", "type"):
        if not isinstance(attributes.get(name), str) or not attributes[name]:
            raise NotACloudEvent(f"attribute {name} is missing or no text")
    if attributes.get("specversion") != "1.0":
        raise NotACloudEvent("specversion is not 1.0")
    return Envelope(
        id=attributes["id"],
        source=attributes["source"],
        type=attributes["type"],
        subject=_text(attributes.get("subject")),
        time=_text(attributes.get("time")),
        datacontenttype=_text(attributes.get("datacontenttype")) or "application/json",
        data=data if isinstance(data, bytes) else str(data or "").encode(errors="replace"),
        extensions=_extensions(attributes),
    )


def _structured_data(body: bytes) -> bytes:
    message = json.loads(body)
    if "data_base64" in message:
        raise ValueError("data_base64 is not used here")
    return json.dumps(message.get("data"), separators=(",", ":")).encode()


def _extensions(attributes: Mapping[str, Any]) -> dict[str, str]:
    """Extension attributes as text; empty and all-zero trace values mean none."""
    extensions = {
        name: str(value)
        for name, value in attributes.items()
        if name not in _CORE and value is not None
    }
    return {
        name: value
        for name, value in extensions.items()
        if name not in _TRACE or value.strip("0-") not in ("", "1")
    }


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _reason(error: Exception) -> str:
    """What was wrong, without the request's own words (the SDK quotes them)."""
    if isinstance(error, RecursionError):
        return "the JSON is nested too deeply"
    if isinstance(error, GenericException):
        return "a required attribute is missing, or the body is not JSON"
    return "the body is not a JSON CloudEvent"


def _unwrapped(envelope: Envelope) -> Envelope:
    """The CloudEvent inside a `dev.knative.kafka.event`, with the record's place as extensions."""
    try:
        message = json.loads(envelope.data)
    except (ValueError, RecursionError):
        raise NotACloudEvent("a wrapped Kafka record whose value is not JSON") from None
    if not isinstance(message, dict) or "specversion" not in message:
        raise NotACloudEvent("a wrapped Kafka record whose value is no CloudEvent")
    inner = _read({"content-type": STRUCTURED}, envelope.data, structured=True)
    place = {
        name: value
        for name, value in envelope.extensions.items()
        if name.startswith("knativekafka")
    }
    return replace(inner, extensions={**inner.extensions, **place, "wrappedid": envelope.id})
