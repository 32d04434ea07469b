"""What a function's answer tells about its own call: `Server-Timing` and `traceresponse`, read."""

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

_SHAPE: Final = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(?:-.*)?")
_DURATION: Final = re.compile(r"(function|sql);dur=(\d+(?:\.\d+)?)(?:;desc=\"(\d+)\")?")


@dataclass(frozen=True, slots=True)
class Told:
    """One call as its function saw it: times in milliseconds, and the span it ran under."""

    function_ms: float
    sql_ms: float
    statements: int
    duplicate: bool
    span: str | None


def told(headers: Mapping[str, str]) -> Told | None:
    """What the answer's headers say; None when they say nothing (another host's, or no answer)."""
    timing = headers.get("server-timing")
    if timing is None:
        return None
    found = {name: (dur, desc) for name, dur, desc in _DURATION.findall(timing)}
    function, sql = found.get("function", ("0", "")), found.get("sql", ("0", ""))
    _, span = trace_and_span(headers.get("traceresponse"))
    duplicate = timing.endswith(", duplicate")
    return Told(float(function[0]), float(sql[0]), int(sql[1] or 0), duplicate, span)


def trace_and_span(traceparent: str | None) -> tuple[str | None, str | None]:
    """The two ids in a traceparent; None for both when it is none, empty or all zero."""
    match = _SHAPE.fullmatch(traceparent or "")
    if match is None or not match[1].strip("0"):
        return None, None
    return match[1], match[2]


def clock_ms() -> float:
    """Now, in milliseconds since 1970 with their fractions: the clock of all spans."""
    return time.time_ns() / 1e6
