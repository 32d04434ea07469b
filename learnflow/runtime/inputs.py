"""How does a request become a model? JSON bodies, path and query parameters, all bounded."""

from collections.abc import Mapping
from typing import Any, Final, cast
from urllib.parse import parse_qsl

from pydantic import BaseModel, ValidationError
from pydantic_core import from_json, to_json

from learnflow.runtime.exchange import Exchange
from learnflow.runtime.operation import Operation, Parameters
from learnflow.runtime.preconditions import IfMatch, if_match_field
from learnflow.runtime.problems import Refused, invalid

WITH_BODY: Final = frozenset({"POST", "PUT", "PATCH"})
_MAX_PARAMETERS: Final = 50
_NOTHING: Final[Mapping[str, str]] = {}


async def wish_of(operation: Operation, exchange: Exchange, parameters: Parameters) -> BaseModel:
    """The operation's input model, from body, parameters and If-Match. Raises Refused."""
    given = all_parameters(exchange, parameters)
    model = cast(type[BaseModel], operation.model)
    headed = _headed(model, exchange.headers)
    if exchange.method not in WITH_BODY:
        return from_parameters(model, _with(given, headed))
    check_content_type(exchange.headers)
    body = await exchange.body()
    if given or headed:
        body = _joined(operation, body, given, headed)
    try:
        return model.model_validate_json(body, strict=True, extra="forbid")
    except ValidationError as error:
        raise invalid(error, _sendable(model)) from None


def all_parameters(exchange: Exchange, parameters: Parameters) -> Parameters:
    """Path and query parameters together; repeated or unreadable ones are refused with 400."""
    if not exchange.query:
        return parameters
    given = dict(parameters)
    try:
        pairs = parse_qsl(
            exchange.query.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=_MAX_PARAMETERS,
        )
    except ValueError:
        raise Refused(400, "Bad Request", "the query string cannot be read") from None
    for name, value in pairs:
        if name in given:
            raise Refused(400, "Bad Request", "a parameter is given twice")
        given[name] = value
    return given


def from_parameters(model: type[BaseModel], given: Mapping[str, str]) -> BaseModel:
    """A model from texts: `7` is a number and `true` a truth where the model says so."""
    try:
        return model.model_validate_strings(given, extra="forbid")
    except ValidationError as error:
        raise invalid(error, _sendable(model), "query") from None


def check_content_type(headers: Mapping[str, str]) -> None:
    """Raises Refused 415 unless the body is plain JSON in UTF-8."""
    media, _, charset = headers.get("content-type", "").partition(";")
    if media.strip().lower() != "application/json":
        raise Refused(415, "Unsupported Media Type", "send application/json")
    if charset and charset.strip().lower().replace('"', "") not in ("charset=utf-8", ""):
        raise Refused(415, "Unsupported Media Type", "JSON is UTF-8")
    if headers.get("content-encoding", "identity") != "identity":
        raise Refused(415, "Unsupported Media Type", "send the body uncompressed")


def _joined(
    operation: Operation, body: bytes, given: Parameters, headed: Mapping[str, str]
) -> bytes:
    """The body with the path's parameters in it: an update's id comes from its address."""
    if not given.keys() <= {name for route in operation.routes for name in route.parameters}:
        raise Refused(422, "Invalid input", "unknown query parameter")
    try:
        content: Any = from_json(body, allow_inf_nan=False)
    except ValueError:
        raise Refused(400, "Bad Request", "the body is not JSON") from None
    if not isinstance(content, dict):
        raise Refused(422, "Invalid input", "the body is no JSON object")
    if not given.keys().isdisjoint(content):
        raise Refused(422, "Invalid input", "the id belongs into the address, not into the body")
    return to_json({**_with(content, headed), **given})


def _headed(model: type[BaseModel], headers: Mapping[str, str]) -> Mapping[str, str]:
    """What the headers fill in: the model's version, if it asks for one. Raises Refused."""
    name = if_match_field(model)
    if name is None:
        return _NOTHING
    header = headers.get("if-match")
    if header is None:
        detail = 'say which version you change: If-Match: "v1", as its ETag was, or *'
        raise Refused(428, "Precondition Required", detail)
    try:
        IfMatch.parse(header)
    except ValueError:
        detail = 'If-Match is * or entity tags in double quotes: "v1", "v2"'
        raise Refused(400, "Bad Request", detail) from None
    return {name: header}


def _with(content: Mapping[str, Any], headed: Mapping[str, str]) -> Mapping[str, Any]:
    """The content with what the headers said. Raises Refused 422 when it says that too."""
    if not headed.keys().isdisjoint(content):
        raise Refused(422, "Invalid input", "the version belongs into If-Match")
    return {**content, **headed} if headed else content


def _sendable(model: type[BaseModel]) -> tuple[str, ...]:
    """The fields a caller may send in body or address."""
    headed = if_match_field(model)
    return tuple(name for name in model.model_fields if name != headed)
