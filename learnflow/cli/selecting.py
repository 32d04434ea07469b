"""Which events somebody means, from the options of a command; and asking before doing much."""

import re
import sys
import time
from datetime import datetime
from typing import Any, Final

from learnflow.cli.problem import Problem

ASK_ABOVE: Final = 1_000
"""More deliveries than this are not begun without a yes."""
_SPAN: Final = re.compile(r"(\d{1,6})(s|m|h|d)")
_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def selection(
    *,
    event: str | None = None,
    type: str | None = None,
    key: str | None = None,
    function: str | None = None,
    source: str | None = None,
    since: str | None = None,
    until: str | None = None,
) -> dict[str, Any]:
    """What the control API is asked for; what was not said is left out. Raises Problem."""
    from learnflow.cli.types import full_type

    given: dict[str, Any] = {
        "event": event,
        "type": full_type(type) if type else None,
        "key": key,
        "function": function.replace("_", "-") if function else None,
        "source": source,
        "since": moment(since, "--since") if since else None,
        "until": moment(until, "--until") if until else None,
    }
    if since and until and given["since"] > given["until"]:
        raise Problem("The time range is empty.", "let --since be before --until")
    return {name: value for name, value in given.items() if value is not None}


def moment(text: str, option: str) -> int:
    """Milliseconds since 1970 of `10m` (ago) or of an ISO time, local unless it says otherwise."""
    if span := _SPAN.fullmatch(text):
        return int((time.time() - int(span[1]) * _SECONDS[span[2]]) * 1000)
    try:
        return int(datetime.fromisoformat(text).timestamp() * 1000)
    except (ValueError, OverflowError, OSError):
        raise Problem(
            f"{text!r} is no time.", "30s, 10m, 2h, 1d, or 2026-11-22T18:00:00", option
        ) from None


def ask(what: str, count: int, yes: bool) -> None:
    """Go on only if there are few, or somebody says yes. Raises Problem."""
    if yes or count <= ASK_ABOVE:
        return
    refused = Problem(f"Nothing was done: {what}.", "narrow the choice, or add --yes")
    if not sys.stdin.isatty():
        raise refused
    sys.stderr.write(f"{what}. Go on? [y/N] ")
    sys.stderr.flush()
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise refused
