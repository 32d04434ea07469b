"""What does an answer say about its own call? How long it took, and under which span it ran."""

from typing import TYPE_CHECKING

from db.timing import Spent

if TYPE_CHECKING:
    from learnflow.runtime.exchange import Exchange, Headers


def headers_of(exchange: "Exchange", seconds: float, spent: Spent) -> "Headers":
    """`Server-Timing` (durations in milliseconds) and W3C's `traceresponse`.

    `function` is the whole call, `sql` what it waited for its database, described by the number of
    statements; `duplicate` stands there when the event had been applied before.
    """
    timing = b'function;dur=%.3f, sql;dur=%.3f;desc="%d"' % (
        seconds * 1000,
        spent.seconds * 1000,
        spent.statements,
    )
    if exchange.duplicate:
        timing += b", duplicate"
    return (
        (b"server-timing", timing),
        (b"traceresponse", exchange.traceparent.encode("ascii")),
    )
