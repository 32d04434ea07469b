"""What happens to events while somebody looks: each record, and what became of each attempt."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import asdict
from typing import Any, Final

from learnflow.local.eventlog import EventLog
from learnflow.local.history import History, Trail
from learnflow.local.records import Record, now_ms
from learnflow.local.shown import shown
from learnflow.manifests import System

_HELD: Final = 2_000
Item = Record | dict[str, Any]


class Feed:
    """Hands news to those who follow; one who is too slow is told how many items he missed."""

    def __init__(self, system: System, log: EventLog, history: History) -> None:
        self._letters = system.letter_topics
        self._hearers = {
            topic: frozenset(s.sink for s in system.sources.values() if topic in s.topics)
            for topic in system.topics
        }
        self._followers: set[_Follower] = set()
        log.watch(self._said)
        history.watch(self._changed)

    @property
    def followers(self) -> int:
        """How many look."""
        return len(self._followers)

    async def follow(
        self, *, topic: str | None, key: str | None, function: str | None
    ) -> AsyncGenerator[dict[str, Any], None]:
        """`{event: …}`, `{delivery: …}` and `{missed: n}` from now on, without end.

        `function` leaves only its deliveries, and the events that it hears. A delivery is shown
        for events that were shown: those of `topic` and `key`. Dead letters are no events: the
        delivery that ended as one is shown.
        """
        follower = _Follower()
        self._followers.add(follower)
        try:
            while True:
                item = await follower.next()
                if isinstance(item, int):
                    yield {"missed": item}
                    continue
                if topic not in (None, _topic(item)) or key not in (None, _key(item)):
                    continue
                if isinstance(item, Record):
                    if function is None or function in self._hearers.get(item.topic, ()):
                        yield {"event": shown(item)}
                elif function in (None, item["function"]):
                    yield {"delivery": item}
        finally:
            self._followers.discard(follower)

    def _said(self, record: Record) -> None:
        if record.topic not in self._letters:
            self.tell(record)

    def _changed(self, trail: Trail) -> None:
        if self._followers:  # nothing is made for nobody
            self.tell(_news(trail))

    def tell(self, item: Item) -> None:
        """Hand an item to everyone who follows."""
        for follower in self._followers:
            follower.tell(item)


class _Follower:
    def __init__(self) -> None:
        self._queue: asyncio.Queue[Item] = asyncio.Queue(_HELD)
        self._missed = 0

    def tell(self, item: Item) -> None:
        if self._queue.full():
            self._missed += 1
        else:
            self._queue.put_nowait(item)

    async def next(self) -> Item | int:
        if self._missed and self._queue.empty():
            missed, self._missed = self._missed, 0
            return missed
        return await self._queue.get()


def _news(trail: Trail) -> dict[str, Any]:
    """A trail's newest attempt; made at once, for the trail goes on."""
    last = trail.attempts[-1] if trail.attempts else None
    return {
        **{"at": now_ms(), "event_id": trail.event_id, "topic": trail.topic, "key": trail.key},
        **{"source": trail.source, "function": trail.function, "state": trail.state},
        **{"note": trail.note, "replay": trail.replay, "trace_id": trail.trace_id},
        "number": len(trail.attempts),
        "attempt": None if last is None else asdict(last),
        "duplicate": trail.duplicate,
    }


def _topic(item: Item) -> str:
    return item.topic if isinstance(item, Record) else str(item["topic"])


def _key(item: Item) -> str | None:
    return item.key if isinstance(item, Record) else item["key"]
