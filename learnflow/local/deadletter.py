"""Dead letters: the event that could not be delivered, with why, as a KafkaSink keeps it."""

import asyncio
import base64
import logging
import re
from collections.abc import Mapping
from typing import Final

from learnflow.local.cloudevent import CloudEvent
from learnflow.local.eventlog import EventLog
from learnflow.local.records import LogUnavailable, NewRecord, Record, RecordRefused
from learnflow.manifests import Sink, Source

SOURCE_HEADER: Final = "learnflow-source"
REASON_HEADER: Final = "learnflow-reason"
"""Why nobody answered: Knative keeps only what a function said."""
ERROR_EXTENSIONS: Final = frozenset({"knativeerrordest", "knativeerrorcode", "knativeerrordata"})
_ERROR_DATA_BYTES: Final = 1024
_HEADER_PREFIX: Final = "kne-"
_NOT_A_NAME: Final = re.compile(r"[^a-z0-9]")
_FIRST_WAIT, _LONGEST_WAIT = 0.2, 5.0
_logger = logging.getLogger(__name__)


def with_error(
    event: CloudEvent,
    destination: str,
    status: int | None,
    headers: Mapping[str, str],
    body: bytes,
) -> CloudEvent:
    """The event with what went wrong; `status` None when nobody answered."""
    extensions = {"knativeerrordest": destination}
    if status is not None:
        extensions["knativeerrorcode"] = str(status)
        for name, value in headers.items():
            short = name.lower().removeprefix(_HEADER_PREFIX)
            if short != name.lower() and (cleaned := _NOT_A_NAME.sub("", short)):
                extensions[cleaned] = value
        if body:
            data = base64.b64encode(body[:_ERROR_DATA_BYTES])
            extensions["knativeerrordata"] = data.decode()
    return event.extended(extensions)


class DeadLetters:
    """Writes dead letters into the topic of their source's KafkaSink, however long that takes."""

    def __init__(self, log: EventLog, sinks: Mapping[str, Sink]) -> None:
        self._log = log
        self._sinks = sinks

    async def keep(
        self, event: CloudEvent, original: Record, source: Source, reason: str | None = None
    ) -> None:
        """Return once the letter is durable. Knative would give up here, and lose the event."""
        record = self._record(event, original, source, reason)
        wait = _FIRST_WAIT
        while True:
            try:
                await self._log.append([record])
                return
            except (LogUnavailable, RecordRefused) as why:
                _logger.warning("a dead letter of %s cannot be written yet: %s", source.name, why)
                await asyncio.sleep(wait)
                wait = min(wait * 2, _LONGEST_WAIT)

    def _record(
        self, event: CloudEvent, original: Record, source: Source, reason: str | None
    ) -> NewRecord:
        sink = self._sinks[source.delivery.dead_letter or ""]
        headers, value = event.kafka(sink.content_mode)
        key = event.attributes.get("partitionkey", "").replace("\0", "") or None
        ours = {SOURCE_HEADER: source.name}
        if reason and "knativeerrordata" not in event.attributes:
            ours[REASON_HEADER] = reason.replace("\0", "")
        return NewRecord(
            sink.topic,
            key,
            headers | ours,
            value,
            original.event_id,
            original.type,
        )
