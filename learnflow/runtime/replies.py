"""How is an answer put on the wire? The replies that every kind of operation shares."""

from http import HTTPStatus
from typing import Any, Final

from pydantic_core import to_json

from learnflow.runtime.exchange import Headers, Reply
from learnflow.runtime.problems import Refused, document

_JSON: Final[Headers] = (
    (b"content-type", b"application/json"),
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
)
_PROBLEM: Final[Headers] = (
    (b"content-type", b"application/problem+json"),
    (b"cache-control", b"no-store"),
)
RETRY_SOON: Final[Headers] = ((b"retry-after", b"1"),)
EMPTY: Final = Reply(204)


def json_reply(status: int, content: Any, headers: Headers = ()) -> Reply:
    """`content` (plain data or pydantic models) as JSON."""
    body = to_json(content)
    return Reply(status, (*_JSON, length_of(body), *headers), body)


def problem(refused: Refused, trace_id: str | None = None, headers: Headers = ()) -> Reply:
    """A refusal as application/problem+json; 413 also ends the connection, unread."""
    body = document(refused, trace_id)
    if refused.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        headers = (*headers, (b"connection", b"close"))
    if refused.status in (HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS):
        headers = (*headers, *RETRY_SOON)
    return Reply(refused.status, (*_PROBLEM, length_of(body), *headers), body)


def length_of(body: bytes) -> tuple[bytes, bytes]:
    """The Content-Length header of a body."""
    return (b"content-length", b"%d" % len(body))
