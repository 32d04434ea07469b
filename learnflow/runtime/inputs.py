"""How does a request become a model? JSON bodies, path and query parameters, all bounded."""

from collections.abc import Mapping
from typing import Any, Final, cast
from urllib.parse import parse_qsl

from pydantic import BaseModel, ValidationError
from pydantic_core import from_json, to_json

from learnflow.runtime.exchange import Exchange
from learnflow.runtime.operation import Operation, Parameters
from learnflow.runtime.problems import Refused, invalid

WITH_BODY: Final = frozenset({"POST", "PUT", "PATCH"})
_MAX_PARAMETERS: Final = 50


async def wish_of(operation: Operation, exchange: Exchange, parameters: Parameters) -> BaseModel:
    """The operation's input model, from body and parameters. Raises Refused."""
    given = all_parameters(exchange, parameters)
    model = cast(type[BaseModel], operation.model)
    if exchange.method not in WITH_BODY:
        return from_parameters(model, given)
    check_content_type(exchange.headers)
    body = await exchange.body()
    if given:
        body = _joined(operation, body, given)
    try:
        return model.model_validate_json(body, strict=True, extra="forbid")
    except ValidationError as error:
        raise invalid(error, tuple(model.model_fields)) from None


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
        raise invalid(error, tuple(model.model_fields), "query") from None


def check_content_type(headers: Mapping[str, str]) -> None:
    """Raises Refused 415 unless the body is plain JSON in UTF-8."""
    media, _, charset = headers.get("content-type", "").partition(";")
    if media.strip().lower() != "application/json":
        raise Refused(415, "Unsupported Media Type", "send application/json")
    if charset and charset.strip().lower().replace('"', "") not in ("charset=utf-8", ""):
        raise Refused(415, "Unsupported Media Type", "JSON is UTF-8")
    if headers.get("content-encoding", "identity") != "identity":
        raise Refused(415, "Unsupported Media Type", "send the body uncompressed")


def _joined(operation: Operation, body: bytes, given: Parameters) -> bytes:
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
    return to_json({**content, **given})
