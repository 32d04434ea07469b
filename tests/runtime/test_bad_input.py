"""Bad input is refused with a problem document; it never makes a 5xx and is never quoted."""

import json

import pytest

from tests.runtime.calling import JSON, app_of, call
from tests.runtime.sample import change_pupil, note_loosely, register_pupil

CANARY = "Zaphod"


def body(**changes: object) -> bytes:
    return json.dumps({"name": CANARY, "grade": 7, "subject": "physics", **changes}).encode()


def raw(name: bytes = b'"Zaphod"', grade: bytes = b"7", more: bytes = b"") -> bytes:
    return b'{"name":' + name + b',"grade":' + grade + b',"subject":"physics"' + more + b"}"


BAD = {
    "an empty body": (b"", 400),
    "no JSON": (b"Zaphod", 400),
    "half a body": (raw()[:-5], 400),
    "invalid UTF-8": (raw(name=b'"Zaphod\xff\xfe"'), 400),
    "a byte order mark": (b"\xef\xbb\xbf" + raw(), 400),
    "UTF-16": (raw().decode().encode("utf-16"), 400),
    "a lone surrogate": (raw(name=rb'"Zaphod\ud800"'), 400),
    "a pair the wrong way round": (raw(name=rb'"Zaphod\udc00\ud800"'), 400),
    "a raw control character": (raw(name=b'"Zaphod\x00"'), 400),
    "an escaped NUL": (raw(name=rb'"Zaphod\u0000"'), 422),
    "an escape sequence": (raw(name=rb'"Zaphod\u001b[2J"'), 422),
    "a C1 control": (body(name=f"{CANARY}\x85"), 422),
    "a bidi override": (body(name=f"{CANARY}\u202e"), 422),
    "a bidi isolate": (body(name=f"{CANARY}\u2066"), 422),
    "a line separator": (body(name=f"{CANARY}\u2028 x"), 422),
    "a character of a plane that has none": (body(name=f"{CANARY}\U00050000"), 422),
    "a noncharacter": (body(name=f"{CANARY}\uffff"), 422),
    "an empty name": (body(name=""), 422),
    "a name of blanks": (body(name=" \u3000 "), 422),
    "a name of joiners": (body(name="\u200d\u200c"), 422),
    "201 characters": (body(name="x" * 201), 422),
    "801 bytes": (body(name="𐐀" * 200 + "𐐀"), 422),
    "depth of 20,000 in the open": (b"[" * 20_000, 400),
    "depth of 30,000, closed": (b"[" * 30_000 + b"]" * 30_000, 400),
    "depth inside a field": (raw(more=b',"times":' + b"[" * 1000 + b"]" * 1000), 400),
    "depth of objects": (b'{"a":' * 10_000, 400),
    "NaN": (raw(grade=b"NaN"), 422),
    "Infinity": (raw(grade=b"Infinity"), 422),
    "a huge integer": (raw(grade=b"9" * 4000), 422),
    "an integer of 60,000 digits": (raw(grade=b"9" * 60_000), 400),
    "a huge exponent": (raw(grade=b"1e400"), 422),
    "a fraction": (raw(grade=b"7.5"), 422),
    "a whole fraction": (raw(grade=b"7.0"), 422),
    "a number as text": (body(grade="7"), 422),
    "a truth as a number": (body(grade=True), 422),
    "a null": (body(grade=None), 422),
    "grade 0": (body(grade=0), 422),
    "grade 13": (body(grade=13), 422),
    "an unknown field": (body(Zaphod="Zaphod"), 422),
    "a missing field": (b"{}", 422),
    "an array": (b"[]", 422),
    "a null body": (b"null", 422),
    "a text body": (b'"Zaphod"', 422),
    "a subject with a space at its heart and a sign": (body(subject="Zaphod & Co"), 422),
    "a long subject": (body(subject="z" * 41), 422),
    "an hour that is none": (body(times=["mon-24"]), 422),
    "85 hours": (body(times=["mon-16"] * 85), 422),
}


@pytest.mark.parametrize(("sent", "status"), BAD.values(), ids=BAD.keys())
async def test_bad_input_is_refused_without_an_echo(sent: bytes, status: int) -> None:
    answer = await call(app_of(register_pupil), "POST", headers=JSON, body=sent)

    assert answer.status == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert CANARY.encode() not in answer.body
    assert {"type", "title", "status", "detail", "trace_id"} <= answer.json.keys()


async def test_each_wrong_field_is_named_with_what_is_wrong() -> None:
    answer = await call(
        app_of(register_pupil), "POST", headers=JSON, body=body(grade=13, times=["mon-16", "noon"])
    )

    assert [error["where"] for error in answer.json["errors"]] == ["/grade", "/times/1"]
    assert answer.json["errors"][0]["what"] == "Input should be less than or equal to 12"


async def test_the_name_of_an_unknown_field_is_not_repeated_but_the_known_ones_are() -> None:
    answer = await call(app_of(register_pupil), "POST", headers=JSON, body=body(Zaphod=1))

    assert answer.json["errors"] == [
        {"where": "/", "what": "unknown field; known are: name, grade, subject, times"}
    ]


async def test_of_duplicate_keys_the_last_one_counts() -> None:
    answer = await call(app_of(register_pupil), "POST", headers=JSON, body=raw(more=b',"grade":99'))

    assert answer.status == 422


@pytest.mark.parametrize("declared", [True, False])
async def test_a_mebibyte_is_refused_before_it_is_read(declared: bool) -> None:
    pieces = [b"x" * 16_384] * 64
    headers = {**JSON, "content-length": str(1024 * 1024)} if declared else JSON

    answer = await call(app_of(register_pupil), "POST", headers=headers, body=pieces)

    assert answer.status == 413
    assert answer.headers["connection"] == "close"


@pytest.mark.parametrize("length", ["-1", "lots", "9" * 5000])
async def test_a_content_length_that_is_none_is_refused(length: str) -> None:
    headers = {**JSON, "content-length": length}
    answer = await call(app_of(register_pupil), "POST", headers=headers, body=b"{}")

    assert answer.status in (400, 413)


@pytest.mark.parametrize(
    "content_type",
    [None, "text/plain", "application/x-www-form-urlencoded", "application/json; charset=utf-16"],
)
async def test_a_command_takes_json_only(content_type: str | None) -> None:
    headers = {"content-type": content_type} if content_type else {}
    answer = await call(app_of(register_pupil), "POST", headers=headers, body=body())

    assert answer.status == 415


async def test_a_compressed_body_is_refused() -> None:
    headers = {**JSON, "content-encoding": "gzip"}

    assert (await call(app_of(register_pupil), "POST", headers=headers, body=b"")).status == 415


@pytest.mark.parametrize("key", ["", "two words", "é", "x" * 256, "\x7f"])
async def test_an_idempotency_key_that_is_none_is_refused(key: str) -> None:
    headers = {**JSON, "idempotency-key": key}
    answer = await call(app_of(register_pupil), "POST", headers=headers, body=body())

    assert answer.status == 400


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b'{"grade":8}', 200),
        (b'{"grade":8,"pupil_id":"p2"}', 422),
        (b"[1]", 422),
        (b"[" * 60_000, 400),
        (b'{"grade":NaN}', 400),
        (b"\xff", 400),
        (rb'{"grade":"\ud800"}', 400),
    ],
)
async def test_an_update_takes_its_id_from_its_address_alone(sent: bytes, status: int) -> None:
    answer = await call(app_of(change_pupil), "PUT", "/api/pupils/p1", headers=JSON, body=sent)

    assert answer.status == status


@pytest.mark.parametrize(
    ("sent", "status"),
    [(b'{"stars":5}', 204), (b'{"stars":"5"}', 422), (b'{"stars":5,"x":1}', 422)],
)
async def test_a_command_is_strict_even_when_its_model_is_not(sent: bytes, status: int) -> None:
    assert (await call(app_of(note_loosely), "POST", headers=JSON, body=sent)).status == status
