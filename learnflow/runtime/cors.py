"""May this browser page call? An allow-list of origins, and the answer to a preflight."""

from typing import Final

from learnflow.runtime.exchange import Exchange, Headers, Reply
from learnflow.runtime.operation import Operation
from learnflow.runtime.problems import Refused
from learnflow.runtime.routing import allow_header, allowed
from learnflow.settings import Settings

MAX_AGE: Final = b"7200"
"""Seconds a browser remembers a preflight (its maximum): each one may wake a function."""
_SENT: Final = b"authorization, content-type, idempotency-key, if-match, last-event-id, traceparent"
_SEEN: Final = b"etag, location, retry-after, server-timing, traceresponse"


def headers_for(exchange: Exchange, settings: Settings) -> Headers:
    """What lets an allowed origin read the answer; nothing for requests without an Origin."""
    origin = exchange.headers.get("origin")
    if origin is None:
        return ()
    if origin not in settings.cors_origins:
        return ((b"vary", b"origin"),)
    return (
        (b"access-control-allow-origin", origin.encode("latin-1")),
        (b"access-control-expose-headers", _SEEN),
        (b"vary", b"origin"),
    )


def options(operation: Operation, exchange: Exchange) -> Reply:
    """The answer to OPTIONS; to a preflight with what the page may send."""
    headers = allow_header(operation)
    if "access-control-request-method" in exchange.headers:
        headers += (
            (b"access-control-allow-methods", ", ".join(allowed(operation)).encode()),
            (b"access-control-allow-headers", _SENT),
            (b"access-control-max-age", MAX_AGE),
        )
    return Reply(204, headers)


def check_origin(exchange: Exchange, settings: Settings) -> None:
    """Raises Refused 403 for a page of another site: browsers apply no CORS to WebSockets.

    Allowed are the origins of the list and the host that was asked; a program sends no Origin.
    """
    origin = exchange.headers.get("origin")
    if origin is None or origin in settings.cors_origins:
        return
    site = origin.partition("://")[2].lower()
    if not site or site != exchange.headers.get("host", "").lower():
        detail = "pages of this origin may not open a WebSocket here"
        raise Refused(403, "Forbidden", detail)
