"""What the gateway passed on lately: who was asked what, and how long it took. Never a body."""

import re
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from learnflow.local.spans import Told, clock_ms, told, trace_and_span
from learnflow.runtime.trace import continued, trace_id

_KEPT: Final = 2_000
_ID_LENGTH: Final = 16
"""Shorter parts of a path are words."""
_PLAIN: Final = re.compile(r"[A-Za-z0-9._~-]{0,64}")


@dataclass(slots=True)
class Passed:
    """One request; times in milliseconds, `at` since 1970.

    `parent` is the client's span if it sent one. `began_ms` is when the response began, `ms` when
    it ended; both, and `status`, are None as long as they did not.
    """

    trace_id: str
    span: str
    parent: str | None
    method: str
    path: str
    function: str
    at: float = field(default_factory=clock_ms)
    status: int | None = None
    began_ms: float | None = None
    ms: float | None = None
    cold_start_ms: float | None = None
    resource: str | None = None
    told: Told | None = None

    @property
    def traceparent(self) -> str:
        """What the function is told to continue."""
        return f"00-{self.trace_id}-{self.span}-01"

    def began(self, status: int, headers: Mapping[str, str], cold_start_ms: float | None) -> None:
        """The function's response has begun."""
        self.status, self.cold_start_ms = status, cold_start_ms
        self.began_ms = clock_ms() - self.at
        self.told = told(headers)
        self.resource = headers.get("location", "").rpartition("/")[2] or None

    def ended(self) -> None:
        """The response is out, or the client left."""
        self.ms = clock_ms() - self.at

    def is_about(self, resource_id: str) -> bool:
        """Whether an id of its path, or of what it created, begins like this."""
        ids = (*self.path.split("/"), self.resource or "")
        return any(len(one) >= _ID_LENGTH and one.startswith(resource_id) for one in ids)

    def document(self) -> dict[str, Any]:
        """This request as the control API and an export show it."""
        return asdict(self)


class Requests:
    """The last requests, oldest first."""

    def __init__(self, limit: int = _KEPT) -> None:
        self._kept: deque[Passed] = deque(maxlen=limit)

    def begin(self, method: str, target: str, function: str, traceparent: str | None) -> Passed:
        """Remember a request that goes to a function; its trace is continued, or begun."""
        theirs, parent = trace_and_span(traceparent)
        ours = continued(traceparent)
        trace, span = trace_id(ours), ours[36:52]
        begun = None if trace != theirs else parent
        passed = Passed(trace, span, begun, method, _shown(target), function)
        self._kept.append(passed)
        return passed

    def __iter__(self) -> Iterator[Passed]:
        """All of them."""
        return iter(list(self._kept))

    def of_trace(self, trace_id: str) -> list[Passed]:
        """Those of one trace."""
        return [one for one in self if one.trace_id == trace_id]

    def last_change(self) -> Passed | None:
        """The newest one that was no mere look."""
        changes = (one for one in reversed(self._kept) if one.method not in ("GET", "HEAD"))
        return next(changes, None)


def _shown(target: str) -> str:
    """The path without its query; a part that cannot be an id or a name of ours is left out."""
    path = target.partition("?")[0][:300]
    return "/".join(part if _PLAIN.fullmatch(part) else "…" for part in path.split("/"))
