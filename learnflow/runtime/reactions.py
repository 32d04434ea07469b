"""How does a reaction run? Its event read and checked, marked as heard, applied, committed."""

import re
from functools import partial
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import from_json

from db.unit_of_work import Duplicate, Unit
from eventing.envelope import BatchRefused, Envelope, NotACloudEvent, parse_http
from eventing.events import CATALOGUE, Event
from learnflow.runtime.deliveries import done, from_dapr, refused
from learnflow.runtime.exchange import Exchange, Reply
from learnflow.runtime.faults import refusal_of
from learnflow.runtime.instance import Instance
from learnflow.runtime.operation import Operation, Parameters
from learnflow.runtime.problems import Refused, invalid
from learnflow.runtime.trace import continued, trace_id
from learnflow.runtime.transactions import committed

_IDENTITY: Final = re.compile(r"[!-~]{1,255}")
"""An id or source that an inbox can hold: visible ASCII."""


async def perform(
    operation: Operation, exchange: Exchange, instance: Instance, _parameters: Parameters
) -> Reply:
    """Apply one event at most once; every outcome is said as deliveries hear it."""
    dapr = from_dapr(exchange.headers)
    try:
        envelope = await envelope_of(exchange)
        event = event_of(operation, envelope)
        database = await instance.database()
        apply = partial(_apply, operation, envelope, event)
        await committed(database, exchange.traceparent, apply)
    except Duplicate:
        exchange.duplicate = True
        return done(dapr)
    except Exception as error:
        refusal = refusal_of(error, operation.name, exchange)
        return refused(refusal, dapr, trace_id(exchange.traceparent))
    return done(dapr)


async def _apply(operation: Operation, envelope: Envelope, event: Event, unit: Unit) -> None:
    unit.heard(operation.name, envelope.source, envelope.id)
    await operation.handler(event, unit)


async def envelope_of(exchange: Exchange) -> Envelope:
    """The CloudEvent of a request, its trace continued. Raises Refused 400, 413 or 415."""
    body = await exchange.body()
    try:
        envelope = parse_http(exchange.headers, body)
    except BatchRefused:
        raise Refused(415, "Batch refused", "send one event at a time") from None
    except NotACloudEvent as error:
        raise Refused(400, "Not a CloudEvent", error.reason) from None
    if not (_IDENTITY.fullmatch(envelope.id) and _IDENTITY.fullmatch(envelope.source)):
        detail = "id and source are 1 to 255 visible ASCII characters"
        raise Refused(400, "Not a CloudEvent", detail)
    exchange.event_id = envelope.id
    if envelope.traceparent:
        exchange.traceparent = continued(envelope.traceparent)
    return envelope


def event_of(operation: Operation, envelope: Envelope) -> Event:
    """The event inside, checked against its class. Raises Refused 422."""
    event_class = CATALOGUE.get(envelope.type)
    if event_class is None:
        known = ", ".join(event.type for event in operation.hears)
        raise Refused(422, "Unknown event", f"the type or its version is unknown; heard: {known}")
    if event_class not in operation.hears:
        detail = f"{operation.name} does not hear {event_class.type}"
        raise Refused(422, "Event not heard here", detail)
    try:
        event = event_class.model_validate_json(envelope.data)
    except ValidationError as error:
        raise invalid(error, tuple(event_class.model_fields), "data") from None
    if rb"\u0000" in envelope.data and _has_nul(from_json(envelope.data)):
        raise Refused(422, "Invalid input", "the data holds a NUL character")
    return event


def _has_nul(value: Any) -> bool:
    """Whether any text inside holds NUL, which no database keeps."""
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, dict):
        return any(map(_has_nul, value.values()))
    return isinstance(value, list) and any(map(_has_nul, value))
