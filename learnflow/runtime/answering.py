"""What happens to one request? Health, limits, the operation, and a reply whatever happens."""

import time
from typing import Final

from db.timing import measured
from learnflow.runtime import cors, logs, metrics
from learnflow.runtime.exchange import ClientGone, Exchange, Reply, Streaming
from learnflow.runtime.faults import refusal_of
from learnflow.runtime.instance import Instance
from learnflow.runtime.operation import Answer, Operation
from learnflow.runtime.problems import Refused
from learnflow.runtime.replies import json_reply, problem
from learnflow.runtime.routing import NotAllowed, parameters_of
from learnflow.runtime.spans import headers_of
from learnflow.runtime.trace import trace_id

_ALIVE: Final = json_reply(200, {"status": "alive"})
_READY: Final = json_reply(200, {"status": "ready"})
_STARTING: Final = json_reply(503, {"status": "starting"})
HEALTH: Final = frozenset({"/healthz", "/health", "/readyz"})


def health(path: str, instance: Instance) -> Reply:
    """Liveness or readiness, from memory."""
    if path != "/readyz":
        return _ALIVE
    return _READY if instance.ready else _STARTING


async def answer(operation: Operation, exchange: Exchange, instance: Instance) -> Answer:
    """Answer one request and write its log line. Raises only ClientGone."""
    if exchange.path in HEALTH:
        return health(exchange.path, instance)
    if exchange.path == metrics.PATH:
        return await metrics.metrics()
    started, spent = time.perf_counter(), measured()
    instance.in_flight += 1
    try:
        reply = await _outcome(operation, exchange, instance)
    finally:
        instance.in_flight -= 1
    if "origin" in exchange.headers:
        reply = reply.with_headers(cors.headers_for(exchange, instance.settings))
    seconds = time.perf_counter() - started
    reply = reply.with_headers(headers_of(exchange, seconds, spent))
    logs.line(
        "answered",
        function=operation.name,
        status=reply.status,
        ms=round(seconds * 1000, 2),
        trace_id=trace_id(exchange.traceparent),
        event_id=exchange.event_id,
        cold=instance.cold or None,
    )
    instance.cold = False
    return reply


async def _outcome(operation: Operation, exchange: Exchange, instance: Instance) -> Answer:
    try:
        parameters = parameters_of(operation, exchange)
        if instance.in_flight > instance.most_in_flight and operation.kind != "reaction":
            raise Refused(503, "Service Unavailable", "this instance is full; try again")
        return await operation.perform(operation, exchange, instance, parameters)
    except NotAllowed as refusal:
        if exchange.method == "OPTIONS":
            return cors.options(operation, exchange)
        return problem(refusal, trace_id(exchange.traceparent), refusal.allow)
    except ClientGone:
        raise
    except Exception as error:
        refused = refusal_of(error, operation.name, exchange)
        return problem(refused, trace_id(exchange.traceparent))


def without_body(reply: Answer) -> Reply:
    """The answer to HEAD: the same headers and nothing after them."""
    if isinstance(reply, Streaming):
        return Reply(reply.status, reply.headers)
    return Reply(reply.status, reply.headers)
