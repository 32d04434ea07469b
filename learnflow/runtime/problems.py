"""What is said when something is refused? RFC 9457 problem documents that never quote the input."""

from collections.abc import Sequence
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails, to_json

MAX_ERRORS: Final = 8
_MAX_WHAT: Final = 100
_QUOTES_INPUT: Final = frozenset({"union_tag_invalid", "get_attribute_error", "assertion_error"})


class Refused(Exception):
    """A domain refusal: an HTTP status, what kind of trouble, and what to do about it.

    `extras` become fields of the problem document. None of it may hold what the caller sent.
    """

    def __init__(self, status: int, title: str, detail: str = "", **extras: Any) -> None:
        super().__init__(title)
        self.status = status
        self.title = title
        self.detail = detail
        self.extras = extras


class NotFound(Refused):
    """Nothing of this kind has the given id (404)."""

    def __init__(self, kind: str) -> None:
        super().__init__(404, "Not Found", f"there is no such {kind}")


class StaleVersion(Refused):
    """The resource has another version than the caller knows (412)."""

    def __init__(self, kind: str) -> None:
        detail = f"this {kind} was changed meanwhile; read it again and repeat with its new ETag"
        super().__init__(412, "Precondition Failed", detail)


class UnknownId(Refused):
    """A fact is about an id that was never heard of (422: it is kept with the dead letters)."""

    def __init__(self, kind: str) -> None:
        super().__init__(422, "Unknown id", f"no such {kind} was ever known here")


def document(refused: Refused, trace_id: str | None = None) -> bytes:
    """The problem document of a refusal."""
    content: dict[str, Any] = {
        "type": "about:blank",
        "title": refused.title,
        "status": refused.status,
    }
    if refused.detail:
        content["detail"] = refused.detail
    if trace_id:
        content["trace_id"] = trace_id
    return to_json({**content, **refused.extras})


def invalid(error: ValidationError, fields: Sequence[str], what: str = "body") -> Refused:
    """A refusal that says where input is wrong: 400 when it is not JSON, else 422."""
    details = error.errors(include_input=False, include_url=False, include_context=False)
    if details[0]["type"] == "json_invalid":
        return Refused(
            400, "Bad Request", f"the {what} is not JSON: {_where_json_broke(details[0])}"
        )
    errors = [_place(detail, fields) for detail in details[:MAX_ERRORS]]
    return Refused(422, "Invalid input", f"the {what} breaks {_rules(len(details))}", errors=errors)


def _rules(count: int) -> str:
    return "1 rule" if count == 1 else f"{count} rules"


def _where_json_broke(detail: ErrorDetails) -> str:
    return detail["msg"].removeprefix("Invalid JSON: ")[:_MAX_WHAT]


def _place(detail: ErrorDetails, fields: Sequence[str]) -> dict[str, str]:
    """One error. The name of an unknown field is the caller's text, so it is not repeated."""
    location = detail["loc"]
    if detail["type"] == "extra_forbidden":
        known = ", ".join(fields)
        return {"where": _path(location[:-1]), "what": f"unknown field; known are: {known}"}
    what = detail["type"] if detail["type"] in _QUOTES_INPUT else detail["msg"]
    return {"where": _path(location), "what": what.removeprefix("Value error, ")[:_MAX_WHAT]}


def _path(location: Sequence[int | str]) -> str:
    return "/" + "/".join(str(part) for part in location)
