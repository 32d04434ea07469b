"""Requests that are hardly HTTP, made from a number: the same number makes the same bytes.

Each maker takes a source of chance and returns the pieces to send, in order.
"""

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

Maker = Callable[[random.Random], list[bytes]]
GOOD: Final[dict[str, Any]] = {"name": "Ada", "grade": 7, "subject": "mathematics"}
BODY: Final = json.dumps(GOOD).encode()
GET: Final = b"GET /api/tutors?limit=1 HTTP/1.1\r\nhost: x\r\n\r\n"
ODD: Final = (b"\0", b"\r", b"\n", b"\t", b"\x0b", b"\x7f", b"\x80", b"\xff\xfe", b"\xc0\xae", b" ",
              "é".encode(), "\u202e".encode(), b"%00", b"%zz", b"%", b"..", b"\\", b'"', b"<", b"{",
              b";", b"\x1b[2J")  # fmt: skip
LENGTHS: Final = (b"+5", b"-1", b"0x10", b"5 5", b"5,5", b"5, 6", b"five", b"", b"1e3", b"5\0",
                  b"99999999999", b"9" * 30, b"9" * 5000, b"\xd9\xa5", b"18446744073709551616",
                  b"1048577000", b"65537")  # fmt: skip
ENCODINGS: Final = (b"chunked, identity", b"xchunked", b"chunked, chunked", b"gzip, chunked",
                    b"\x0bchunked", b"chunked\0", b"identity", b"Chunked", b"chunked;q=1", b"",
                    b",", b"deflate")  # fmt: skip
SIZES: Final = (b"zz", b"-1", b"0x5", b"ffffffffffffffff", b"f" * 40, b"5;" + b"a" * 9000, b"",
                b" 5", b"5 ", b"5\0", b"1g", b"+5", b"80000000", b"5\n")  # fmt: skip
PATHS: Final = (b"/api/students", b"/api/tutors", b"/api/students/x", b"/api/tutors/x/availability",
                b"/api/matches/x/rating", b"/", b"/register-student", b"/healthz",
                b"/nothing/here")  # fmt: skip
WITH_BODY: Final = (b"POST /api/students", b"POST /api/students", b"POST /api/tutors",
                    b"PUT /api/students/x", b"PUT /api/tutors/x/availability",
                    b"POST /api/matches/x/rating", b"POST /api/matches/x/response",
                    b"POST /register-student", b"PUT /api/tutors")  # fmt: skip
METHODS: Final = (b"GET", b"POST", b"PUT", b"DELETE", b"PATCH", b"HEAD", b"OPTIONS", b"TRACE",
                  b"CONNECT", b"get", b"BREW", b"G\0T", b"", b"M-SEARCH", b"A" * 300, b"GE T",
                  b"PROPFIND")  # fmt: skip
VERSIONS: Final = (b"HTTP/1.1", b"HTTP/1.0", b"HTTP/0.9", b"HTTP/2.0", b"HTTP/9.9", b"HTTP/1.10",
                   b"http/1.1", b"HTTP/", b"HTTP/1.1 x", b"HTTP/-1.1", b"", b"ICY", b"HTTP/1",
                   b"HTTP\\1.1")  # fmt: skip
NAMES: Final = (b"host", b"accept", b"content-type", b"idempotency-key", b"if-match",
                b"last-event-id", b"traceparent", b"connection", b"expect", b"upgrade", b"range",
                b"origin", b"cookie", b"x-forwarded-for", b"accept-encoding", b"ce-id", b"te",
                b"access-control-request-method", b"if-none-match", b"forwarded")  # fmt: skip


@dataclass(frozen=True)
class RawRequest:
    """Bytes in the pieces they are sent in."""

    kind: str
    number: int
    pieces: tuple[bytes, ...]

    @property
    def size(self) -> int:
        """Bytes in all."""
        return sum(map(len, self.pieces))

    def __str__(self) -> str:
        sent = b"".join(self.pieces)
        more = f"... ({len(sent)} bytes)" if len(sent) > 1200 else ""
        return f"{self.kind} {self.number}: {sent[:1200]!r}{more}"


def requests(number: int, seed: int) -> Iterator[RawRequest]:
    """So many requests, of every kind in turn."""
    kinds = list(KINDS.items())
    for position in range(number):
        kind, make = kinds[position % len(kinds)]
        pieces = make(random.Random(f"{seed}:{position}"))
        yield RawRequest(kind, position, tuple(pieces))


def request_line(chance: random.Random) -> list[bytes]:
    """A bad method, target or version, or none."""
    target = chance.choice(PATHS) + chance.choice(
        (b"", b"?" + odd(chance), odd(chance), b"/" * chance.randint(1, 9000), b"?a=" + b"b" * 9000)
    )
    gap = chance.choice((b" ", b" ", b"  ", b"\t", b""))
    line = chance.choice(METHODS) + gap + target + gap + chance.choice(VERSIONS)
    before = chance.choice((b"", b"", b"\r\n", b"\n\n", b"\0", b" ", b"\xef\xbb\xbf"))
    end = chance.choice((b"\r\n", b"\r\n", b"\n", b"\r", b""))
    return [before + line + end + b"host: x" + end + end]


def headers(chance: random.Random) -> list[bytes]:
    """Header names and values that are none, or far too many or too long."""
    name, value = chance.choice(NAMES), odd(chance)
    bad = chance.choice(
        (
            name + b": " + value,
            name + b": " + value * chance.randint(1, 40_000),
            name + b" : x",
            name,
            b": x",
            b" " + name + b": folded\r\n\tmore",
            name + odd(chance) + b": x",
            b"x" * chance.randint(1, 70_000) + b": x",
            b"\r\n".join(b"x-%d: %s" % (n, b"y" * 20) for n in range(chance.choice((150, 3000)))),
            name + b": a\r\n" + name + b": b",
            name + b":" + b" " * 9000 + b"x",
        )
    )
    return [b"GET " + chance.choice(PATHS) + b" HTTP/1.1\r\nhost: x\r\n" + bad + b"\r\n\r\n"]


def lengths(chance: random.Random) -> list[bytes]:
    """A Content-Length that is none, lies, or comes twice."""
    length = chance.choice((*LENGTHS, b"%d" % chance.randint(0, 99), *[b"%d" % len(BODY)] * 3))
    again = chance.choice((b"", b"", b"", b"content-length: %d\r\n" % chance.randint(0, 99)))
    return [post(b"content-length: " + length + b"\r\n" + again) + BODY]


def chunks(chance: random.Random) -> list[bytes]:
    """Chunks of bad sizes, with bad ends and trailers, or none at all."""
    size = chance.choice((*SIZES, b"%x" % len(BODY), b"%x" % chance.randint(0, 99)))
    end = chance.choice((b"\r\n", b"\r\n", b"\n", b"", b"\r\r\n"))
    trailer = chance.choice((b"", b"content-length: 3\r\n", b"x" * 9000 + b": y\r\n", odd(chance)))
    last = chance.choice((b"0\r\n", b"0\r\n", b"", b"00000000\r\n", b"-0\r\n"))
    chunk = size + end + BODY + end + last + trailer + b"\r\n"
    return [post(b"transfer-encoding: chunked\r\n"), chunk]


def smuggled(chance: random.Random) -> list[bytes]:
    """Both lengths, or an encoding that one server understands and another does not."""
    encoding = chance.choice((b"chunked", *ENCODINGS))
    name = chance.choice((b"transfer-encoding", b"Transfer-Encoding ", b"transfer_encoding"))
    both = b"content-length: %d\r\n" % chance.choice((4, 0, 6, 5000))
    fields = [name + b": " + encoding + b"\r\n", chance.choice((both, both, b""))]
    chance.shuffle(fields)
    return [post(b"".join(fields)), b"0\r\n\r\n", b"GET /api/students/smuggled HTTP/1.1\r\nx: "]


def truncated(chance: random.Random) -> list[bytes]:
    """Ends in the middle of the line, a header or the body."""
    whole = post(b"content-length: %d\r\n" % len(BODY)) + BODY
    return [whole[: chance.randrange(len(whole))]]


def slow(chance: random.Random) -> list[bytes]:
    """Comes in many small pieces, good or cut off."""
    whole = post(b"content-length: %d\r\n" % len(BODY)) + BODY
    places = sorted(chance.sample(range(1, len(whole)), chance.randint(2, 12)))
    edges = [0, *places, len(whole) - chance.choice((0, 0, 1))]
    return [whole[start:end] for start, end in pairwise(edges)]


def pipelined(chance: random.Random) -> list[bytes]:
    """Good ones, and then one that is not."""
    before = GET * chance.randint(1, 8)
    return [before, b"".join(request_line(chance)) + GET]


def bodies(chance: random.Random) -> list[bytes]:
    """Good HTTP around what is hardly JSON."""
    body = chance.choice(
        (
            bytes(chance.randrange(256) for _ in range(chance.randint(0, 200))),
            mutated(BODY, chance),
            b"[" * chance.choice((5, 200, 30_000)),
            b'{"name":"' + odd(chance) * chance.randint(1, 300) + b'","grade":7,"subject":"latin"}',
            json.dumps({**GOOD, chance.choice(list(GOOD)): strange(chance)}).encode(),
            b"z" * chance.choice((65_536, 65_537, 200_000)),
            json.dumps({**GOOD, "times": ["mon-16"] * chance.choice((84, 85, 5000))}).encode(),
        )
    )
    line = chance.choice(WITH_BODY)
    kind = chance.choice((b"application/json",) * 5 + (b"text/plain", odd(chance), b""))
    more = chance.choice(
        (b"", b"", b"content-encoding: gzip\r\n", b"expect: 100-continue\r\n", b"if-match: *\r\n")
    )
    fields = b"content-type: " + kind + b"\r\ncontent-length: %d\r\n" % len(body) + more
    return [line + b" HTTP/1.1\r\nhost: x\r\n" + fields + b"\r\n", body]


def mutations(chance: random.Random) -> list[bytes]:
    """A good request with some bytes changed."""
    whole = post(b"content-length: %d\r\n" % len(BODY)) + BODY
    return [mutated(chance.choice((whole, whole, GET)), chance)]


def protocols(chance: random.Random) -> list[bytes]:
    """What speaks another protocol."""
    hello = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + chance.randbytes(200)
    upgrade = b"GET /register-student HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: "
    return [
        chance.choice(
            (
                hello,
                b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + chance.randbytes(30),
                upgrade + b"websocket\r\nsec-websocket-key: " + odd(chance) + b"\r\n\r\n",
                upgrade + b"h2c\r\nhttp2-settings: " + odd(chance) + b"\r\n\r\n",
                b"GET " + chance.choice((b"/", b"/api/tutors")) + b"\r\n",
                b"EHLO x\r\n",
                b"*1\r\n$4\r\nPING\r\n",
                b"CONNECT x:443 HTTP/1.1\r\nhost: x:443\r\n\r\n",
                b"GET http://[::1/%s HTTP/1.1\r\nhost: x\r\n\r\n" % odd(chance),
                chance.randbytes(chance.randint(1, 2000)),
            )
        )
    ]


KINDS: Final[dict[str, Maker]] = {
    "request line": request_line,
    "headers": headers,
    "length": lengths,
    "chunks": chunks,
    "smuggled": smuggled,
    "truncated": truncated,
    "slow": slow,
    "pipelined": pipelined,
    "body": bodies,
    "mutation": mutations,
    "protocol": protocols,
}


def post(fields: bytes) -> bytes:
    """The head of a registration with these header lines."""
    head = b"POST /api/students HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
    return head + fields + b"\r\n"


def odd(chance: random.Random) -> bytes:
    """A few bytes that do not belong into HTTP."""
    return b"".join(chance.choice((b"a", *ODD)) for _ in range(chance.randint(1, 4)))


def mutated(whole: bytes, chance: random.Random) -> bytes:
    """The same with one to six bytes replaced, put in or taken out."""
    changed = bytearray(whole)
    for _ in range(chance.randint(1, 6)):
        place = chance.randrange(len(changed))
        changed[place : place + chance.randint(0, 2)] = chance.choice((b"", *ODD))
    return bytes(changed)


def strange(chance: random.Random) -> Any:
    """A JSON value of another type."""
    return chance.choice(
        (
            None,
            True,
            -1,
            0,
            1e308,
            2**63,
            "",
            "\0",
            "\ud800",
            [],
            [[]],
            {},
            {"a": {}},
            "7",
            7.5,
            ["x"],
        )
    )
