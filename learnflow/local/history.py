"""What became of each event lately: who got it, how it was recognised, every attempt to deliver."""

from collections import OrderedDict
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from learnflow.local.records import now_ms

_TRAILS_OF_ONE_EVENT: Final = 40


@dataclass(frozen=True, slots=True)
class Attempt:
    """One POST: `status` None when no answer came; `cold_start_ms` None when it was warm."""

    status: int | None
    ms: float
    cold_start_ms: float | None = None
    reason: str | None = None
    at: int = field(default_factory=now_ms)


@dataclass(slots=True)
class Trail:
    """One event's way through one source; `wrapped_because` None when it was recognised."""

    source: str
    function: str
    topic: str
    partition: int
    offset: int
    recognised: str
    wrapped_because: str | None
    state: str = "in flight"
    note: str | None = None
    replay: str | None = None
    attempts: list[Attempt] = field(default_factory=list)

    def document(self) -> dict[str, Any]:
        """This trail as the control API shows it."""
        return asdict(self)


class History:
    """The trails of the last `limit` events, in memory."""

    def __init__(self, limit: int = 2000) -> None:
        self._limit = limit
        self._events: OrderedDict[str, list[Trail]] = OrderedDict()

    def add(self, event_id: str, trail: Trail) -> None:
        """Begin a trail; the event seen longest ago is forgotten when there are too many."""
        trails = self._events.setdefault(event_id, [])
        trails.append(trail)
        del trails[:-_TRAILS_OF_ONE_EVENT]
        if len(self._events) > self._limit:
            self._events.popitem(last=False)

    def of(self, event_id: str) -> list[Trail]:
        """The trails of an event, oldest first; none when it is forgotten."""
        return list(self._events.get(event_id, ()))
