"""Records that readers of CloudEvents may take in different ways: headers and value, by name."""

import json
from typing import Any, Final

from learnflow.local.cloudevent import STRUCTURED

Case = tuple[dict[str, str], bytes]
CORE: Final[dict[str, Any]] = {
    "specversion": "1.0",
    "id": "e-1",
    "source": "learnflow/students",
    "type": "org.learnflow.student.registered.v1",
}
TRACE: Final = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
DATA: Final = {"student_id": "s-1", "wishes": ["a", "b"], "rate": 1.5, "more": None}


def structured(content_type: str = STRUCTURED, /, **fields: Any) -> Case:
    """A record in structured mode; a field that is ... is left out."""
    document = {name: value for name, value in (CORE | fields).items() if value is not ...}
    return {"content-type": content_type}, json.dumps(document, ensure_ascii=False).encode()


def binary(value: bytes = b'{"a":1}', /, **fields: str | None) -> Case:
    """A record in binary mode; `content_type` is its content-type header."""
    content_type = fields.pop("content_type", "application/json")
    named = {f"ce_{name}": text for name, text in (CORE | fields).items() if text is not None}
    return named | ({"content-type": content_type} if content_type else {}), value


def nested(depth: int) -> Any:
    """Lists in one another."""
    value: Any = []
    for _ in range(depth - 1):
        value = [value]
    return value


CASES: Final[dict[str, Case]] = {
    "structured: plain": structured(data=DATA, datacontenttype="application/json"),
    "structured: partitionkey and trace": structured(
        data=DATA, partitionkey="s-1", traceparent=TRACE, tracestate="a=b", traceid=TRACE
    ),
    "structured: empty trace fields": structured(data=DATA, traceparent="", tracestate=""),
    "structured: no datacontenttype": structured(data=DATA),
    "structured: datacontenttype is null": structured(data=DATA, datacontenttype=None),
    "structured: Unicode": structured(subject="Zoë Ωmega 学生 😀", data={"名": "é\u2028"}),
    "structured: data is null": structured(data=None),
    "structured: data is null, of JSON": structured(data=None, datacontenttype="application/json"),
    "structured: data is null, of text": structured(data=None, datacontenttype="text/plain"),
    "structured: no data": structured(),
    "structured: no data, of JSON": structured(datacontenttype="application/json"),
    "structured: data is text of JSON": structured(data="just text"),
    "structured: data is a number": structured(data=12),
    "structured: data is a large number": structured(data={"n": 2**70, "m": -(2**63)}),
    "structured: data has fractions": structured(data=[0.1, 1e5, 1.0, 1e-9, 1e22, 123456789.25]),
    "structured: data of text": structured(data="plain", datacontenttype="text/plain"),
    "structured: data of a JSON family": structured(
        data=DATA, datacontenttype="application/vnd.x+json"
    ),
    "structured: data of JSON with a charset": structured(
        data=DATA, datacontenttype="application/json; charset=utf-8"
    ),
    "structured: data of text/json": structured(data=DATA, datacontenttype="text/json"),
    "structured: data of JSON in capitals": structured(
        data="x", datacontenttype="Application/JSON"
    ),
    "structured: object as data of text": structured(data=DATA, datacontenttype="text/plain"),
    "structured: data in base64": structured(data_base64="AAH/", datacontenttype="image/png"),
    "structured: data in base64, without its type": structured(data_base64="AAH/"),
    "structured: wrong base64": structured(data_base64="A*"),
    "structured: data twice": structured(data=1, data_base64="AAH/"),
    "structured: time with an offset": structured(time="2026-11-22T14:10:27.123456+05:30"),
    "structured: time of whole minutes": structured(time="2026-11-22T14:10:00Z"),
    "structured: time with trailing zeroes": structured(time="2026-11-22T14:10:27.500Z"),
    "structured: time that is none": structured(time="yesterday"),
    "structured: time without a zone": structured(time="2026-11-22T14:10:27"),
    "structured: time is null": structured(time=None),
    "structured: dataschema": structured(dataschema="https://learnflow.org/s.json", data=1),
    "structured: source that is no URI": structured(source="learn flow"),
    "structured: source with Unicode": structured(source="learnflow/stüdents"),
    "structured: empty source": structured(source=""),
    "structured: empty subject": structured(subject=""),
    "structured: empty id": structured(id=""),
    "structured: id is a number": structured(id=7),
    "structured: no id": structured(id=...),
    "structured: no type": structured(type=...),
    "structured: no source": structured(source=...),
    "structured: no specversion": structured(specversion=...),
    "structured: specversion 0.3": structured(specversion="0.3"),
    "structured: specversion 1.1": structured(specversion="1.1"),
    "structured: whole number as extension": structured(count=7),
    "structured: great number as extension": structured(count=2**31),
    "structured: fraction as extension": structured(count=1.5),
    "structured: boolean as extension": structured(flag=True),
    "structured: null as extension": structured(flag=None),
    "structured: object as extension": structured(thing={"a": 1}),
    "structured: list as extension": structured(thing=[1, "b"]),
    "structured: extension in capitals": structured(Flag="x"),
    "structured: extension with a hyphen": structured(**{"a-b": "x"}),
    "structured: extension with an underscore": structured(a_b="x"),
    "structured: long extension name": structured(**{"a" * 40: "x"}),
    "structured: content type with a charset": structured(f"{STRUCTURED}; charset=UTF-8", data=1),
    "structured: content type in capitals": structured("Application/CloudEvents+JSON", data=DATA),
    "structured: another format": structured("application/cloudevents+avro", data=DATA),
    "structured: a batch": structured("application/cloudevents-batch+json"),
    "structured: not JSON": ({"content-type": STRUCTURED}, b"{"),
    "structured: a list": ({"content-type": STRUCTURED}, b"[]"),
    "structured: empty": ({"content-type": STRUCTURED}, b""),
    "structured: binary headers beside": (
        {**binary(id="other")[0], "content-type": STRUCTURED},
        structured(data=DATA)[1],
    ),
    "structured: NaN": ({"content-type": STRUCTURED}, structured(data=float("nan"))[1]),
    "structured: no UTF-8": (
        {"content-type": STRUCTURED},
        structured(data=1)[1].replace(b"e-1", b"\xff\xfe"),
    ),
    "structured: a field twice": (
        {"content-type": STRUCTURED},
        structured(data=1)[1].replace(b'"id"', b'"id": "first", "id"'),
    ),
    "structured: 900 lists in one another": structured(data=nested(900)),
    "structured: 1,200 lists in one another": (
        {"content-type": STRUCTURED},
        structured(data=1)[1].replace(b'"data": 1', b'"data": ' + b"[" * 1200 + b"]" * 1200),
    ),
    "structured: 1,200 digits": (
        {"content-type": STRUCTURED},
        structured(data=1)[1].replace(b'"data": 1', b'"data": ' + b"1" * 1200),
    ),
    "structured: something behind it": (
        {"content-type": STRUCTURED},
        structured(data=1)[1] + b" x",
    ),
    "structured: time in small letters": structured(time="2026-11-22t14:10:27z"),
    "structured: time without seconds": structured(time="2026-11-22T14:10Z"),
    "structured: a leap second": structured(time="2026-12-31T23:59:60Z"),
    "structured: midnight as 24": structured(time="2026-12-31T24:00:00Z"),
    "structured: nanoseconds": structured(time="2026-12-31T20:00:00.123456789Z"),
    "structured: an offset beyond 18 hours": structured(time="2026-12-31T20:00:00+19:00"),
    "binary: plain": binary(),
    "binary: partitionkey and trace": binary(
        partitionkey="s-1", traceparent=TRACE, tracestate="a=b"
    ),
    "binary: empty trace field": binary(traceparent=""),
    "binary: no content type": binary(content_type=None),
    "binary: of text": binary("süß".encode(), content_type="text/plain; charset=utf-8"),
    "binary: bytes": binary(b"\x00\xff", content_type="application/octet-stream"),
    "binary: Unicode subject": binary(subject="Zoë Ωmega 学生 😀"),
    "binary: percent in subject": binary(subject="50%25 Zo%C3%AB"),
    "binary: empty subject": binary(subject=""),
    "binary: no value": binary(b""),
    "binary: JSON null": binary(b"null"),
    "binary: time": binary(time="2026-11-22T14:10:27.5Z"),
    "binary: time that is none": binary(time="noon"),
    "binary: no type": binary(type=None),
    "binary: no specversion": binary(specversion=None),
    "binary: specversion 0.3": binary(specversion="0.3"),
    "binary: datacontenttype as ce_ header": binary(
        datacontenttype="text/plain", content_type=None
    ),
    "binary: source that is no URI": binary(source="learn flow"),
    "binary: an attribute in capitals": binary(Source="x"),
    "binary: extension with a hyphen": binary(**{"a-b": "x"}),
    "binary: other headers": ({**binary()[0], "learnflow-source": "x", "CE_ID": "y"}, b"{}"),
    "binary: specversion in capitals": (
        {name.replace("ce_specversion", "CE_specversion"): v for name, v in binary()[0].items()},
        b"{}",
    ),
    "neither: no headers": ({}, b"{}"),
    "neither: JSON": ({"content-type": "application/json"}, b"{}"),
    "neither: content type in capitals": ({"Content-Type": STRUCTURED}, structured(data=1)[1]),
}
ONLY_THERE: Final = frozenset(
    {
        *("structured: specversion 0.3", "binary: specversion 0.3"),
        "structured: something behind it",
    }
)
"""The library still reads events of 2019, and what JSON forbids; here they are wrapped."""
ONLY_HERE: Final = frozenset({"structured: 1,200 digits"})
"""The library refuses numbers of more than 1,000 digits."""
