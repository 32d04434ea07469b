"""A record of the event log as people and programs see it."""

import contextlib
import json
from typing import Any, Final

from learnflow.local.records import Record
from learnflow.local.spans import trace_and_span

_SHOWN_BYTES: Final = 16_384


def shown(record: Record) -> dict[str, Any]:
    """A record as JSON: its value as JSON when it is, else as text."""
    value: Any = record.value[:_SHOWN_BYTES].decode(errors="replace")
    with contextlib.suppress(ValueError, RecursionError):
        value = json.loads(record.value)
    traceparent = value.get("traceparent") if isinstance(value, dict) else None
    trace_id, _ = trace_and_span(traceparent if isinstance(traceparent, str) else None)
    return {
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "key": record.key,
        "timestamp": record.timestamp,
        "headers": dict(record.headers),
        "event_id": record.event_id,
        "type": record.type,
        "trace_id": trace_id,
        "value": value,
    }
