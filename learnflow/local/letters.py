"""The dead letters as people see them: which event, which source, why; and their way back."""

import base64
from collections.abc import Sequence
from typing import Any, Final

from learnflow.local.cloudevent import Invalid
from learnflow.local.deadletter import REASON_HEADER, SOURCE_HEADER
from learnflow.local.dispatch import Dispatcher
from learnflow.local.eventlog import EventLog
from learnflow.local.history import Trail
from learnflow.local.recognition import read
from learnflow.local.records import Record, now_ms
from learnflow.local.replaying import new_replay_id
from learnflow.local.selection import Found, Selection, page, settle
from learnflow.local.shown import shown
from learnflow.manifests import System

_MANY: Final = 1_000_000


class Letters:
    """Reads the topics of the KafkaSinks; a letter's place is `offset` or `partition:offset`."""

    def __init__(self, log: EventLog, dispatcher: Dispatcher, system: System) -> None:
        self._log = log
        self._dispatcher = dispatcher
        self.topics = tuple(sorted(system.letter_topics))

    async def newest(
        self, limit: int, chosen: Selection = Selection(), *, settled: bool = False
    ) -> list[dict[str, Any]]:
        """The newest letters first; with those that were discarded or replayed if `settled`."""
        found = await self._select(chosen, limit, settled)
        return [{**self.summary(letter), "settled": decided} for _, letter, decided in found]

    async def waiting(self, chosen: Selection) -> list[Record]:
        """All letters that nobody has decided about yet, oldest first."""
        found = await self._select(chosen, _MANY, settled=False)
        return [letter for _, letter, _ in reversed(found)]

    async def settle(self, letters: Sequence[Record], state: str, reason: str) -> int:
        """Note what became of letters: they stay in their topic, and are listed only on request."""
        if not letters:
            return 0
        return await self._log.ask(settle, letters, state, reason, now_ms())

    async def find(self, place: str) -> Record | None:
        """The letter at a place."""
        first, colon, second = place.rpartition(":")
        if not second.isdigit() or (colon and not first.isdigit()):
            return None
        partition, offset = int(first or 0), int(second)
        for topic in self.topics:
            found = await self._log.page(topic, partition, offset, 1)
            if found and found[0].offset == offset:
                return found[0]
        return None

    async def replay(self, letter: Record) -> Trail:
        """Send the event again to the source that failed it; ends when that has ended."""
        return await self.replay_as(letter, new_replay_id())

    async def replay_as(self, letter: Record, replay_id: str) -> Trail:
        """The same as part of a replay of many."""
        trail = await self._dispatcher.replay(letter, replay_id)
        await self.settle([letter], "replayed", f"{replay_id}: {trail.state}")
        return trail

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

    async def _select(self, chosen: Selection, limit: int, settled: bool) -> list[Found]:
        named = chosen.source is not None or chosen.function is not None
        sources = chosen.sources(self._dispatcher.sources) if named else []
        return await self._log.ask(
            page,
            chosen,
            self.topics,
            limit=limit,
            newest=True,
            settled=settled,
            letters_of=[source.name for source in sources] if named else None,
        )

    def whole(self, letter: Record) -> dict[str, Any]:
        """A letter with everything in it."""
        return {**self.summary(letter), "record": shown(letter)}


def _reason(encoded: str | None) -> str | None:
    if encoded is None:
        return None
    try:
        return base64.b64decode(encoded).decode(errors="replace")[:500]
    except ValueError:
        return None
