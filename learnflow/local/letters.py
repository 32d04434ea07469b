"""The dead letters as people see them: which event, which source, why; and their way back."""

import base64
import contextlib
import json
import uuid
from collections.abc import Mapping
from typing import Any, Final

from learnflow.local.cloudevent import Invalid
from learnflow.local.deadletter import REASON_HEADER, SOURCE_HEADER
from learnflow.local.dispatch import Dispatcher
from learnflow.local.eventlog import EventLog
from learnflow.local.history import Trail
from learnflow.local.recognition import read
from learnflow.local.records import Record
from learnflow.manifests import Sink

_SHOWN_BYTES: Final = 16_384


class Letters:
    """Reads the topics of the KafkaSinks; a letter's place is `offset` or `partition:offset`."""

    def __init__(self, log: EventLog, dispatcher: Dispatcher, sinks: Mapping[str, Sink]) -> None:
        self._log = log
        self._dispatcher = dispatcher
        self._topics = tuple(sorted({sink.topic for sink in sinks.values()}))

    async def newest(self, limit: int) -> list[dict[str, Any]]:
        """The newest letters first."""
        found: list[tuple[int, Record]] = []
        for topic in self._topics:
            found += await self._log.recent(topic=topic, limit=limit)
        found.sort(key=lambda pair: pair[0], reverse=True)
        return [self.summary(record) for _, record in found[:limit]]

    async def find(self, place: str) -> Record | None:
        """The letter at a place."""
        first, colon, second = place.rpartition(":")
        if not second.isdigit() or (colon and not first.isdigit()):
            return None
        partition, offset = int(first or 0), int(second)
        for topic in self._topics:
            page = await self._log.page(topic, partition, offset, 1)
            if page and page[0].offset == offset:
                return page[0]
        return None

    async def replay(self, letter: Record) -> Trail:
        """Send the event again to the source that failed it; ends when that has ended."""
        return await self._dispatcher.replay(letter, f"r-{uuid.uuid4().hex[:12]}")

    def summary(self, letter: Record) -> dict[str, Any]:
        """One line about a letter."""
        place = f"{letter.partition}:{letter.offset}" if letter.partition else str(letter.offset)
        found = {"offset": place, "at": letter.timestamp, "event_id": letter.event_id}
        found |= {"type": letter.type, "source": letter.headers.get(SOURCE_HEADER)}
        try:
            _, event = read(letter)
        except Invalid as why:
            return {**found, "error": str(why)}
        attributes = event.attributes
        code = attributes.get("knativeerrorcode")
        return {
            **found,
            "destination": attributes.get("knativeerrordest"),
            "status": int(code) if code and code.isdigit() else None,
            "reason": _reason(attributes.get("knativeerrordata"))
            or letter.headers.get(REASON_HEADER),
        }

    def whole(self, letter: Record) -> dict[str, Any]:
        """A letter with everything in it."""
        return {**self.summary(letter), "record": shown(letter)}


def shown(record: Record) -> dict[str, Any]:
    """A record as JSON: its value as JSON when it is, else as text."""
    value: Any = record.value[:_SHOWN_BYTES].decode(errors="replace")
    with contextlib.suppress(ValueError, RecursionError):
        value = json.loads(record.value)
    return {
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "key": record.key,
        "timestamp": record.timestamp,
        "headers": dict(record.headers),
        "event_id": record.event_id,
        "type": record.type,
        "value": value,
    }


def _reason(encoded: str | None) -> str | None:
    if encoded is None:
        return None
    try:
        return base64.b64decode(encoded).decode(errors="replace")[:500]
    except ValueError:
        return None
