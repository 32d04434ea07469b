"""CloudEvents that are none, or whose data is not: the same number makes the same event.

None of them can be applied: each is about a student whom nobody registered, or is broken.
"""

import base64
import json
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any, Final

from eventing.events import CATALOGUE, MatchFact

CANARY: Final = "Zaphod"
STRUCTURED: Final = "application/cloudevents+json"
BATCH: Final = "application/cloudevents-batch+json"
Attributes = dict[str, Any]
FACTS: Final = sorted(event.topic for event in CATALOGUE.values() if issubclass(event, MatchFact))
"""Topics of facts about a match: about one that never was they are refused or change nothing."""
TEXTS: Final = (
    "", " ", "\0", "a\0b", "a\r\nx-y: z", "\x7f", "\x85", "\u202e", "é", "🦉", "\ud800", "\ufeff",
    "%00", "%", "<a>", "null", "../..", "{}", "a b", CANARY * 60,
)  # fmt: skip
TIMES: Final = (
    "2026", "2026-13-45T99:99:99Z", "yesterday", "2026-11-22 20:00:00Z", "1e9", "-1", "",
    "0000-00-00T00:00:00Z", "2026-11-22T20:00:00", "9999-12-31T23:59:60Z", "20261122T200000Z",
)  # fmt: skip
VALUES: Final[tuple[Any, ...]] = (
    None, True, 0, -1, 1.5, 10**400, 2**31, 2**63, -(2**31), float("nan"), float("inf"),
    "", "7", [], [[]], {}, {"a": 1}, ["\0"], "a\0",
)  # fmt: skip
_NUMBERS: Final = count()


@dataclass(frozen=True)
class HttpEvent:
    """An event on its way to a function: header lines and body."""

    number: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes

    @property
    def request(self) -> bytes:
        """The bytes of the POST."""
        lines = b"".join(name + b": " + value + b"\r\n" for name, value in self.headers)
        length = b"content-length: %d\r\n" % len(self.body)
        return b"POST / HTTP/1.1\r\nhost: x\r\n" + lines + length + b"\r\n" + self.body


def http_events(number: int, seed: int) -> Iterator[HttpEvent]:
    """So many events as HTTP requests: binary, structured, batches, and what is neither."""
    for position in range(number):
        chance = random.Random(f"{seed}:event:{position}")
        headers, body = chance.choice(MODES)(chance)
        yield HttpEvent(position, tuple(headers), body)


def envelopes(number: int, seed: int) -> Iterator[tuple[str, Attributes]]:
    """So many topics and broken events as the relay would publish them."""
    for position in range(number):
        yield broken(random.Random(f"{seed}:envelope:{position}"))


def broken(chance: random.Random) -> tuple[str, Attributes]:
    """A topic and an event with one to three faults; its id is new."""
    topic = chance.choice(FACTS)
    whole: Attributes = {
        "specversion": "1.0",
        "id": f"bad-{next(_NUMBERS)}",
        "source": "tests/bad",
        "type": f"org.learnflow.{topic}.v1",
        "datacontenttype": "application/json",
        "data": {"student_id": f"nobody-{chance.randrange(99)}", "round": 1,
                 "match_id": "m", "tutor_id": "t", "stars": 3},
    }  # fmt: skip
    for _ in range(chance.randint(1, 3)):
        chance.choice(FAULTS)(whole, chance)
    return topic, whole


def without(event: Attributes, chance: random.Random) -> None:
    """An attribute is missing."""
    event.pop(chance.choice(list(event)), None)


def odd_attribute(event: Attributes, chance: random.Random) -> None:
    """An attribute or an extension is no text, or text that does not belong there."""
    names = (
        *event,
        "subject",
        "dataschema",
        "traceparent",
        "tracestate",
        "ext",
        "Ext_1",
        "x" * 300,
        "",
    )
    value = chance.choice((chance.choice(TEXTS), chance.choice(VALUES)))
    event[chance.choice(names)] = value


def odd_time(event: Attributes, chance: random.Random) -> None:
    """The time is none."""
    event["time"] = chance.choice(TIMES)


def odd_version(event: Attributes, chance: random.Random) -> None:
    """Another specification, or an event nobody knows."""
    if chance.random() < 0.5:
        event["specversion"] = chance.choice(("0.3", "1.1", "2.0", 1, 1.0, None, "", "1.0\n"))
    else:
        event["type"] = chance.choice(("org.learnflow.nothing.v1", CANARY, f"{event.get('type')}9"))


def odd_field(event: Attributes, chance: random.Random) -> None:
    """A field of the data is of another type, out of bounds or missing."""
    data = event.get("data")
    if isinstance(data, dict) and data:
        name = chance.choice(list(data))
        data[name] = chance.choice((*VALUES, *TEXTS))
        if chance.random() < 0.3:
            del data[name]


def odd_data(event: Attributes, chance: random.Random) -> None:
    """The data is no object, very deep, very large, or comes twice."""
    deep: Any = CANARY
    for _ in range(chance.choice((10, 100, 800))):
        deep = [deep]
    event["data"] = chance.choice(
        (*VALUES, deep, {"student_id": deep}, [event.get("data")], CANARY * 20_000)
    )
    if chance.random() < 0.4:
        event["data_base64"] = chance.choice(
            ("%%%", "AAA", base64.b64encode(b'{"a":"\\ud800"}').decode(), 7, "")
        )


FAULTS: Final[tuple[Callable[[Attributes, random.Random], None], ...]] = (
    without, odd_attribute, odd_time, odd_version, odd_field, odd_data,
)  # fmt: skip
Mode = Callable[[random.Random], tuple[list[tuple[bytes, bytes]], bytes]]


def structured(chance: random.Random) -> tuple[list[tuple[bytes, bytes]], bytes]:
    """One JSON object, perhaps not quite."""
    return [(b"content-type", STRUCTURED.encode() + _charset(chance))], _torn(_json(chance), chance)


def binary(chance: random.Random) -> tuple[list[tuple[bytes, bytes]], bytes]:
    """Attributes as headers."""
    _, event = broken(chance)
    data = event.pop("data", None)
    named = {f"ce-{name}": value for name, value in event.items() if name != "datacontenttype"}
    named["content-type"] = event.get("datacontenttype", "application/json")
    return _header_lines(named), _torn(_encoded(data), chance)


def batch(chance: random.Random) -> tuple[list[tuple[bytes, bytes]], bytes]:
    """Several in one array."""
    events = b",".join(_json(chance) for _ in range(chance.randrange(4)))
    return [(b"content-type", BATCH.encode())], _torn(b"[" + events + b"]", chance)


def neither(chance: random.Random) -> tuple[list[tuple[bytes, bytes]], bytes]:
    """Another content type, or the attributes of both modes."""
    kind = chance.choice(
        (
            b"text/plain",
            b"application/json",
            b"",
            b"\xff",
            b"application/xml",
            b"multipart/form-data",
        )
    )
    lines = [(b"content-type", kind)]
    if chance.random() < 0.5:
        lines += [
            (b"ce-specversion", b"1.0"),
            (b"ce-id", b"1"),
            (b"ce-id", b"2"),
            (b"ce-source", b"\xff"),
        ]
    return lines, _torn(_json(chance), chance)


MODES: Final[tuple[Mode, ...]] = (structured, structured, binary, binary, batch, neither)


def _json(chance: random.Random) -> bytes:
    return _encoded(broken(chance)[1])


def _encoded(value: Any) -> bytes:
    return json.dumps(value).encode()


def _charset(chance: random.Random) -> bytes:
    return chance.choice(
        (b"", b"", b"; charset=utf-8", b"; charset=utf-16", b";;", b"; charset=\xff")
    )


def _torn(body: bytes, chance: random.Random) -> bytes:
    """Most often as it is; else cut, torn or in another encoding."""
    place = chance.randrange(len(body) + 1)
    torn = body[:place] + b"\xff\xfe" + body[place:]
    twice, marked, wide = body * 2, b"\xef\xbb\xbf" + body, body.decode().encode("utf-16")
    return chance.choice((body, body, body, body[:place], torn, twice, marked, wide, b"[" * 50_000))


def _header_lines(named: Mapping[str, Any]) -> list[tuple[bytes, bytes]]:
    """As a sloppy sender writes them; line breaks would make other headers, so they go."""
    return [
        (_plain(name).replace(b":", b"") or b"ce-", _plain(str(value)))
        for name, value in named.items()
    ]


def _plain(text: str) -> bytes:
    return text.encode(errors="replace").replace(b"\r", b"").replace(b"\n", b"")
