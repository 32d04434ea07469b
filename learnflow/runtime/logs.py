"""What does an instance say about itself? One JSON line per request and per fault, on stdout.

Written by hand: structlog costs 60-90 ms of imports at each cold start and three times as much per
line. Lines hold ids, statuses and times; never names, free text or an exception's message, which
may quote what was sent.
"""

import sys
import traceback
from datetime import UTC, datetime
from typing import Any

from pydantic_core import to_json


def line(message: str, level: str = "info", **fields: Any) -> None:
    """Write one line; None is left out."""
    content: dict[str, Any] = {
        "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "level": level,
        "message": message,
    }
    content.update({name: value for name, value in fields.items() if value is not None})
    _write(content)


def fault(
    message: str, error: BaseException, function: str, trace_id: str, level: str = "error"
) -> None:
    """Write what went wrong: the types of the exception and its causes, and where."""
    line(
        message,
        level,
        function=function,
        trace_id=trace_id,
        errors=[_kind(link) for link in _chain(error)],
        frames=[
            f"{frame.filename}:{frame.lineno} {frame.name}"
            for frame in traceback.extract_tb(_chain(error)[-1].__traceback__)
        ],
    )


def _kind(error: BaseException) -> str:
    sqlstate = getattr(error, "sqlstate", None)
    name = type(error).__qualname__
    return f"{name} {sqlstate}" if sqlstate else name


def _chain(error: BaseException) -> list[BaseException]:
    """The error and its causes, the first cause last."""
    links: list[BaseException] = []
    link: BaseException | None = error
    while link is not None and link not in links:
        links.append(link)
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)
    return links


def _write(content: dict[str, Any]) -> None:
    try:
        sys.stdout.buffer.write(to_json(content) + b"\n")
        sys.stdout.buffer.flush()
    except (OSError, ValueError):  # whoever read the log is gone; the work goes on
        return
