"""A CloudEvent as the Kafka data plane reads, extends and writes it: strict where that is strict.

The rules are those of the Java SDK that Knative's dispatcher is built on, not those of the Python
SDK our functions use: what that one would refuse must be refused, and so wrapped, here as well.
"""

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final, NoReturn

STRUCTURED: Final = "application/cloudevents+json"
KAFKA_NUMBERS: Final = frozenset({"knativekafkaoffset", "knativekafkapartition"})
_MANDATORY: Final = ("id", "source", "type")
_OPTIONAL: Final = ("datacontenttype", "dataschema", "subject", "time")
_JSON_TYPE: Final = re.compile(r"(application|text)/([a-zA-Z]+\+)?json(;.*)*")
_NOT_IN_URI: Final = re.compile(r'[\x00-\x20<>"{}|\\^`\x7f]|%(?![0-9A-Fa-f]{2})')
_TIME: Final = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d(:\d\d)?)", re.I
)
_MOST_OFFSET: Final = timedelta(hours=18)
"""Java knows no more."""
_EXTENSION_NAME: Final = re.compile(r"[a-z0-9]+")


class Invalid(Exception):
    """Not a CloudEvent by the dispatcher's rules; the message says which one was broken."""


@dataclass(frozen=True, slots=True)
class CloudEvent:
    """Context attributes and extensions as text, the data's content type, the data's bytes."""

    attributes: Mapping[str, str]
    content_type: str | None
    data: bytes | None

    @property
    def id(self) -> str:
        """The event's id."""
        return self.attributes["id"]

    @property
    def type(self) -> str:
        """The event's type."""
        return self.attributes["type"]

    def extended(self, extensions: Mapping[str, str]) -> "CloudEvent":
        """The same event with extensions added or replaced."""
        return replace(self, attributes={**self.attributes, **extensions})

    def without(self, names: frozenset[str]) -> "CloudEvent":
        """The same event without these extensions."""
        left = {name: value for name, value in self.attributes.items() if name not in names}
        return replace(self, attributes=left)

    def http(self) -> tuple[dict[str, str], bytes]:
        """Headers and body in HTTP's binary mode; values are not percent-encoded."""
        headers = {f"ce-{name}": value for name, value in self.attributes.items()}
        if self.content_type is not None:
            headers["content-type"] = self.content_type
        return headers, self.data or b""

    def kafka(self, content_mode: str) -> tuple[dict[str, str], bytes]:
        """Record headers and value, as a KafkaSink of that content mode writes them."""
        if content_mode == "structured":
            return {"content-type": STRUCTURED}, self._structured()
        headers = {f"ce_{name}": value for name, value in self.attributes.items()}
        if self.content_type is not None:
            headers["content-type"] = self.content_type
        return headers, self.data or b""

    def _structured(self) -> bytes:
        document: dict[str, Any] = {
            name: int(value) if name in KAFKA_NUMBERS else value
            for name, value in self.attributes.items()
        }
        if self.content_type is not None:
            document["datacontenttype"] = self.content_type
        if self.data is not None:
            try:
                return compact({**document, "data": self._json()})
            except (ValueError, RecursionError):
                document["data_base64"] = base64.b64encode(self.data).decode()
        return compact(document)

    def _json(self) -> Any:
        """The data as JSON. Raises ValueError, RecursionError."""
        if not _is_json(self.content_type):
            raise ValueError
        data = self.data or b""
        return _DECODER.decode(data.decode(json.detect_encoding(data), "surrogatepass"))


def compact(value: object) -> bytes:
    """JSON without spaces, in UTF-8."""
    return _ENCODER.encode(value).encode()


def from_structured(value: bytes) -> CloudEvent:
    """Read one JSON document. Raises Invalid."""
    try:
        document = _DECODER.decode(value.decode(json.detect_encoding(value), "surrogatepass"))
    except (ValueError, RecursionError) as error:
        raise Invalid(f"the value is not JSON: {error}"[:160]) from None
    if not isinstance(document, dict):
        raise Invalid("the value is not a JSON object")
    if _take(document, "specversion") != "1.0":
        raise Invalid("specversion is not 1.0")
    attributes = {name: _take(document, name) for name in _MANDATORY}
    optional = {name: _take(document, name) for name in _OPTIONAL}
    content_type = optional.pop("datacontenttype")
    if content_type is None and "data" in document:
        content_type = "application/json"
    data = _data(document, content_type)
    extensions = {name: _extension(name, value) for name, value in document.items()}
    return _checked(attributes | optional | extensions, content_type, data)


def from_binary(headers: Mapping[str, str], value: bytes) -> CloudEvent:
    """Read a record whose attributes are `ce_` headers, in any case behind that. Raises Invalid."""
    found: dict[str, str | None] = {
        name.removeprefix("ce_").lower(): text
        for name, text in headers.items()
        if name.startswith("ce_")
    }
    if found.pop("specversion", None) != "1.0":
        raise Invalid("header ce_specversion is not 1.0")
    return _checked(found, headers.get("content-type"), value or None)


def _checked(
    found: Mapping[str, str | None], content_type: str | None, data: bytes | None
) -> CloudEvent:
    attributes = {name: value for name, value in found.items() if value is not None}
    for name in _MANDATORY:
        if name not in attributes:
            raise Invalid(f"attribute {name} is missing")
    for name in ("source", "dataschema"):
        if _NOT_IN_URI.search(attributes.get(name, "")):
            raise Invalid(f"attribute {name} is not a URI")
    if "time" in attributes and not _is_time(attributes["time"]):
        raise Invalid("attribute time is not an RFC 3339 time")
    for name in attributes:
        if not _EXTENSION_NAME.fullmatch(name):
            raise Invalid(f"extension {name[:40]!r} is not named in a-z and 0-9")
    return CloudEvent({"specversion": "1.0"} | attributes, content_type, data)


def _take(document: dict[str, Any], name: str) -> str | None:
    value = document.pop(name, None)
    if value is not None and not isinstance(value, str):
        raise Invalid(f"attribute {name} is not a string")
    return value


def _data(document: dict[str, Any], content_type: str | None) -> bytes | None:
    encoded = document.pop("data_base64", None)
    if encoded is not None:
        if "data" in document:
            raise Invalid("both data and data_base64 are there")
        try:
            return base64.b64decode(encoded, validate=True)
        except (ValueError, TypeError):
            raise Invalid("data_base64 is not base64") from None
    if "data" not in document:
        return None
    data = document.pop("data")
    if _is_json(content_type):
        return compact(data)
    if not isinstance(data, str):
        raise Invalid(f"data is no string although datacontenttype is {content_type}")
    return data.encode()


def _extension(name: str, value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, float) or (type(value) is int and not -(2**31) <= value < 2**31):
        raise Invalid(f"extension {name[:40]} is a number that is no 32-bit integer")
    return compact(value).decode()


def _is_json(content_type: str | None) -> bool:
    return content_type is None or _JSON_TYPE.fullmatch(content_type) is not None


def _is_time(text: str) -> bool:
    if _TIME.fullmatch(text) is None:
        return False
    try:
        offset = datetime.fromisoformat(text.upper()).utcoffset()
    except ValueError:
        return False
    return offset is None or abs(offset) <= _MOST_OFFSET


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_DECODER: Final = json.JSONDecoder(parse_constant=_refuse_constant)
