"""What became of each event lately: who got it, how it was recognised, every attempt to deliver."""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from learnflow.local.spans import Told, clock_ms

_TRAILS_OF_ONE_EVENT: Final = 40


@dataclass(frozen=True, slots=True)
class Attempt:
    """One POST: `status` None when no answer came; `cold_start_ms` None when it was warm.

    `at` is when it began, in milliseconds since 1970.
    """

    status: int | None
    ms: float
    cold_start_ms: float | None = None
    reason: str | None = None
    at: float = field(default_factory=clock_ms)
    told: Told | None = None


@dataclass(slots=True)
class Trail:
    """One event's way through one source; `wrapped_because` None when it was recognised.

    `trace_id` and `parent` (the span that said the event) are None for one without a trace.
    """

    event_id: str
    source: str
    function: str
    topic: str
    partition: int
    offset: int
    key: str | None
    recognised: str
    wrapped_because: str | None
    state: str = "in flight"
    note: str | None = None
    replay: str | None = None
    trace_id: str | None = None
    parent: str | None = None
    attempts: list[Attempt] = field(default_factory=list)

    @property
    def duplicate(self) -> bool:
        """Whether the function said that it had applied the event before."""
        last = self.attempts[-1].told if self.attempts else None
        return last is not None and last.duplicate

    def document(self) -> dict[str, Any]:
        """This trail as the control API shows it."""
        return {**asdict(self), "duplicate": self.duplicate}


Watcher = Callable[[Trail], None]


class History:
    """The trails of the last `limit` events, in memory."""

    def __init__(self, limit: int = 2000) -> None:
        self._limit = limit
        self._events: OrderedDict[str, list[Trail]] = OrderedDict()
        self._watchers: list[Watcher] = []

    def add(self, trail: Trail) -> None:
        """Begin a trail; the event seen longest ago is forgotten when there are too many."""
        trails = self._events.setdefault(trail.event_id, [])
        trails.append(trail)
        del trails[:-_TRAILS_OF_ONE_EVENT]
        if len(self._events) > self._limit:
            self._events.popitem(last=False)

    def watch(self, watcher: Watcher) -> None:
        """Call `watcher` with each trail after each of its attempts, and when it ends."""
        self._watchers.append(watcher)

    def changed(self, trail: Trail) -> None:
        """An attempt of this trail has ended, and its state says what follows."""
        for watcher in self._watchers:
            watcher(trail)

    def of(self, event_id: str) -> list[Trail]:
        """The trails of an event, oldest first; none when it is forgotten."""
        return list(self._events.get(event_id, ()))

    def of_trace(self, trace_id: str) -> list[Trail]:
        """The trails of every event of a trace, oldest first."""
        return [trail for trail in self if trail.trace_id == trace_id]

    def __iter__(self) -> Iterator[Trail]:
        """Every trail that is remembered."""
        return iter([trail for trails in self._events.values() for trail in trails])
