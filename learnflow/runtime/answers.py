"""What may a handler answer? Small values; the wire form is made from them at the edge."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from db.idempotency import Answered
from learnflow.runtime.exchange import Headers, Reply
from learnflow.runtime.operation import Operation
from learnflow.runtime.replies import EMPTY, json_reply


@dataclass(frozen=True, slots=True)
class Created:
    """A resource was made: its id, and the version it starts with (201)."""

    id: str
    version: int = 1


@dataclass(frozen=True, slots=True)
class Changed:
    """A resource was changed: its id, and the version it has now (200)."""

    id: str
    version: int


@dataclass(frozen=True, slots=True)
class Done:
    """It is done and there is nothing to say (204)."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a query found: plain data or a pydantic model, and its ETag if it has one (200)."""

    data: Mapping[str, Any] | BaseModel
    etag: str | None = None


CommandAnswer = Created | Changed | Done


def answered(answer: CommandAnswer) -> Answered:
    """The answer as the idempotency row keeps it."""
    match answer:
        case Created(resource_id, version):
            return Answered(201, resource_id, f'"v{version}"')
        case Changed(resource_id, version):
            return Answered(200, resource_id, f'"v{version}"')
        case Done():
            return Answered(204, None, None)


def command_reply(operation: Operation, kept: Answered) -> Reply:
    """The reply of a command, from what is kept: a repeated call is answered like the first."""
    if kept.resource_id is None or kept.etag is None:
        return EMPTY
    collection, key = resource_of(operation)
    address = f"{collection}/{kept.resource_id}"
    content = {
        key: kept.resource_id,
        "version": int(kept.etag[2:-1]),
        "links": {"self": address, "events": f"{address}/events"},
    }
    headers: Headers = ((b"etag", kept.etag.encode()),)
    if kept.status == 201:
        headers = (*headers, (b"location", address.encode()))
    return json_reply(kept.status, content, headers)


def resource_of(operation: Operation) -> tuple[str, str]:
    """Where the operation's resource lives, and its id's name: `/api/students`, `student_id`.

    `creates="student"` says it for a POST to the collection; else the template's last parameter,
    whatever follows it: `/api/tutors/{tutor_id}/availability` changes a tutor.
    """
    route = operation.routes[0]
    if operation.creates is not None:
        return route.path, f"{operation.creates}_id"
    collection, _, parameter = route.path.rpartition("/{")
    return collection, parameter.partition("}")[0]


def query_reply(found: Found) -> Reply:
    """The reply of a query."""
    return json_reply(200, found.data, ((b"etag", found.etag.encode()),) if found.etag else ())
