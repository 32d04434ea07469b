"""What does an exception mean to the caller? Refusals pass, faults are logged and say nothing."""

from typing import Final

import asyncpg

from db.connection import Unavailable
from learnflow.runtime import logs
from learnflow.runtime.exchange import Exchange
from learnflow.runtime.problems import Refused
from learnflow.runtime.trace import trace_id

AWAY: Final = "the database cannot serve now; nothing was lost, repeat the request"
OURS: Final = "the fault is ours and is logged"


def refusal_of(error: Exception, function: str, exchange: Exchange) -> Refused:
    """The refusal to answer with; 5xx is logged, with its traceback and without any input."""
    if isinstance(error, Refused):
        return error
    if _unstorable(error):
        return Refused(422, "Invalid input", "a value cannot be stored")
    if isinstance(error, Unavailable):
        logs.fault("unavailable", error, function, trace_id(exchange.traceparent), level="warning")
        return Refused(503, "Service Unavailable", AWAY)
    logs.fault("fault", error, function, trace_id(exchange.traceparent))
    return Refused(500, "Internal Server Error", OURS)


def _unstorable(error: BaseException | None) -> bool:
    """Whether the database driver, or the database, could not take a value (SQLSTATE class 22).

    Bounds on the input come first; this keeps a forgotten one from being a 5xx and a retry.
    """
    if isinstance(error, Unavailable):
        error = error.__cause__
    client_side = isinstance(error, asyncpg.InterfaceError) and isinstance(error, ValueError)
    return client_side or isinstance(error, asyncpg.DataError)
