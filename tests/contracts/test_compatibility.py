"""Each way to break those who know the older schema is seen, and every way to grow is not."""

import copy
from typing import Any

import pytest

from learnflow.contracts.compatibility import breaks
from learnflow.contracts.openapi import document
from learnflow.contracts.published import ROOT
from learnflow.contracts.shapes import shapes
from tools.golden import keep, kept, unkept

KEPT = kept()
OLD: dict[str, Any] = {
    "type": "object",
    "required": ["name", "grade", "address"],
    "properties": {
        "name": {"type": "string", "pattern": "^[a-z]+$", "maxLength": 10},
        "grade": {"type": "integer", "minimum": 1, "maximum": 12},
        "band": {"anyOf": [{"type": "integer", "exclusiveMaximum": 6}, {"type": "null"}]},
        "kind": {"type": "string", "enum": ["a", "b"]},
        "goals": {"type": "array", "items": {"$ref": "#/$defs/Goal"}, "maxItems": 3, "default": []},
        "address": {"type": "object", "required": ["town"], "properties": {"town": {}}},
        "left_out": {"type": "object", "additionalProperties": {"type": "integer"}},
    },
    "anyOf": [{"properties": {"grade": {"maximum": 3}}}, {"properties": {"grade": {"minimum": 2}}}],
    "$defs": {"Goal": {"type": "string", "minLength": 1}},
}
GONE = object()


def changed(path: str, value: Any) -> dict[str, Any]:
    """OLD with one place changed: `properties/name/type`."""
    schema = copy.deepcopy(OLD)
    *above, last = path.split("/")
    node: Any = schema
    for key in above:
        node = node[key]
    if value is GONE:
        del node[last]
    else:
        node[int(last) if isinstance(node, list) else last] = value
    return schema


PROPERTIES = "properties"
BREAKS_REQUESTS = {
    "a field removed": ("properties/band", GONE),
    "a field inside removed": ("properties/address/properties/town", GONE),
    "a field made to be required": ("required", ["name", "grade", "address", "band"]),
    "a field inside made to be required": ("properties/address/required", ["town", "street"]),
    "a type changed": ("properties/grade/type", "string"),
    "an alternative gone": ("properties/band", {"type": "integer"}),
    "a least raised": ("properties/grade/minimum", 2),
    "a most lowered": ("properties/grade/maximum", 11),
    "an exclusive most lowered": ("properties/band/anyOf/0", {"type": "integer", "maximum": 4}),
    "a length lowered": ("properties/name/maxLength", 9),
    "a length asked for": ("properties/name/minLength", 2),
    "fewer items": ("properties/goals/maxItems", 2),
    "a pattern changed": ("properties/name/pattern", "^[a-y]+$"),
    "a format asked for": ("properties/name/format", "email"),
    "a value lost": ("properties/kind/enum", ["a"]),
    "values asked for": ("properties/name/enum", ["ada"]),
    "another default": ("properties/goals/default", ["x"]),
    "items that must differ": ("properties/goals/uniqueItems", True),
    "items narrowed": ("$defs/Goal/minLength", 2),
    "unknown fields refused": ("additionalProperties", False),
    "other values narrowed": ("properties/left_out/additionalProperties/maximum", 9),
    "a demand nobody knows": ("properties/name/contentEncoding", "base64"),
    "an anyOf changed": ("anyOf", [{"properties": {"grade": {"maximum": 3}}}]),
}
GROWS_REQUESTS = {
    "nothing": ("description", "the same"),
    "a new optional field": ("properties/more", {"type": "string"}),
    "a field no more required": ("required", ["name"]),
    "a least lowered": ("properties/grade/minimum", 0),
    "a most raised": ("properties/grade/maximum", 13),
    "no bound at all": ("properties/grade/maximum", GONE),
    "a bound said otherwise": ("properties/band/anyOf/0", {"type": "integer", "maximum": 5}),
    "a wider type": ("properties/grade/type", "number"),
    "null taken too": ("properties/kind", {"anyOf": [OLD[PROPERTIES]["kind"], {"type": "null"}]}),
    "a new value": ("properties/kind/enum", ["a", "b", "c"]),
    "any value": ("properties/kind/enum", GONE),
    "no pattern": ("properties/name/pattern", GONE),
    "an anyOf gone": ("anyOf", GONE),
}
BREAKS_ANSWERS = {
    "a field lost": ("properties/band", GONE),
    "a field that may be missing": ("required", ["name", "grade"]),
    "a type changed": ("properties/grade/type", "string"),
    "a type widened": ("properties/grade/type", "number"),
    "null said too": ("properties/kind", {"anyOf": [OLD[PROPERTIES]["kind"], {"type": "null"}]}),
    "a bound widened": ("properties/grade/maximum", 13),
    "a bound lost": ("properties/grade/maximum", GONE),
    "a new value": ("properties/kind/enum", ["a", "b", "c"]),
    "a pattern lost": ("properties/name/pattern", GONE),
    "items widened": ("$defs/Goal/minLength", GONE),
    "a field inside lost": ("properties/address/properties/town", GONE),
}
GROWS_ANSWERS = {
    "nothing": ("description", "the same"),
    "a new field": ("properties/more", {"type": "string"}),
    "a field always there": ("required", ["name", "grade", "address", "kind"]),
    "a bound narrowed": ("properties/grade/maximum", 11),
    "a value no more said": ("properties/kind/enum", ["a"]),
    "null no more said": ("properties/band", {"type": "integer", "exclusiveMaximum": 6}),
}


def each(cases: dict[str, Any]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(("path", "value"), cases.values(), ids=cases.keys())


@each(BREAKS_REQUESTS)
def test_what_breaks_callers_and_sayers_is_seen(path: str, value: Any) -> None:
    assert len(breaks(OLD, changed(path, value))) == 1


@each(GROWS_REQUESTS)
def test_what_grows_for_callers_and_sayers_passes(path: str, value: Any) -> None:
    assert breaks(OLD, changed(path, value)) == []


@each(BREAKS_ANSWERS)
def test_what_breaks_readers_of_answers_is_seen(path: str, value: Any) -> None:
    assert len(breaks(OLD, changed(path, value), answers=True)) == 1


@each(GROWS_ANSWERS)
def test_what_grows_for_readers_of_answers_passes(path: str, value: Any) -> None:
    assert breaks(OLD, changed(path, value), answers=True) == []


def test_a_renamed_field_breaks_both() -> None:
    renamed = changed("properties/grade", GONE)
    renamed["properties"]["class"] = OLD["properties"]["grade"]
    renamed["required"] = ["name", "class", "address"]
    assert breaks(OLD, renamed) == ["/class: is required now", "/grade: is gone"]
    assert breaks(OLD, renamed, answers=True) == [
        "/grade: may be missing now",
        "/grade: is gone",
    ]


@pytest.mark.parametrize(("sort", "name"), sorted(KEPT), ids=lambda part: str(part))
def test_todays_contract_still_takes_and_says_what_it_ever_did(sort: str, name: str) -> None:
    today = KEPT[sort, name][-1]
    for older in KEPT[sort, name][:-1]:
        assert breaks(older, today, answers=sort == "answers") == []


def test_the_contracts_of_today_are_the_newest_that_are_kept() -> None:
    assert sorted(unkept()) == [], "see that it is meant, then run: python -m tools.golden"


def test_no_contract_that_was_ever_kept_is_gone() -> None:
    today = {(sort, name) for sort, named in shapes(document(ROOT)).items() for name in named}
    assert KEPT.keys() - today == set()


def test_what_is_kept_is_never_overwritten(tmp_path: Any) -> None:
    first = keep("2026-11", tmp_path)
    assert keep("2026-11", tmp_path) == []
    (tmp_path / "2026-11" / "requests" / "find_student.json").write_text("{}")
    assert keep("2026-12", tmp_path) == [tmp_path / "2026-12" / "requests" / "find_student.json"]
    (tmp_path / "2026-12" / "requests" / "find_student.json").write_text("{}")
    again = keep("2026-12", tmp_path)
    assert again == [tmp_path / "2026-12.2" / "requests" / "find_student.json"]
    assert len(first) == len(kept(tmp_path))
