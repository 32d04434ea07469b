"""The schemas of what callers send say exactly what the runtime takes, no more and no less."""

import re
import sys
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from db.notes import READ_NOTES
from learnflow.forms.tutor import TutorForm
from learnflow.runtime.fields import (
    MAX_CODE,
    NAME,
    SENT_LANGUAGE,
    SENT_SUBJECT,
    LanguageCode,
    PersonName,
    SubjectCode,
    person_name,
)
from learnflow.views.notification import StudentNotification, TutorNotification
from tests.flow.world import World

FORM = jsonschema_rs.validator_for(TutorForm.model_json_schema())
ALPHABET = st.sampled_from("aZ09-_ \t\n\u00a0é.") | st.characters(codec="utf-8")


def taken(kind: Any, text: str) -> bool:
    """Whether the runtime takes this text."""
    try:
        TypeAdapter(kind).validate_python(text)
    except ValidationError:
        return False
    return True


def test_every_character_is_in_a_name_or_refused_alike_by_pattern_and_runtime() -> None:
    pattern = re.compile(NAME)
    for code in range(sys.maxunicode + 1):
        if not 0xD800 <= code <= 0xDFFF:
            for name in (chr(code), f"a{chr(code)}b"):
                try:
                    person_name(name)
                    told = True
                except ValueError:
                    told = False
                assert told == bool(pattern.search(name)), hex(code)


@given(st.text(ALPHABET, max_size=12))
def test_a_name_is_taken_if_its_schema_takes_it(name: str) -> None:
    schema = TypeAdapter(PersonName).json_schema()
    assert jsonschema_rs.is_valid(schema, name) == taken(PersonName, name)


@pytest.mark.parametrize("kind", [SubjectCode, LanguageCode])
@given(text=st.text(ALPHABET, max_size=MAX_CODE + 2))
def test_a_code_is_taken_if_its_schema_takes_it(kind: Any, text: str) -> None:
    agree_on_code(kind, text)


@pytest.mark.parametrize(
    ("kind", "pattern"), [(SubjectCode, SENT_SUBJECT), (LanguageCode, SENT_LANGUAGE)]
)
@given(data=st.data())
def test_a_code_that_the_pattern_makes_is_taken(
    kind: Any, pattern: str, data: st.DataObject
) -> None:
    agree_on_code(kind, data.draw(st.from_regex(pattern, fullmatch=True)))


def agree_on_code(kind: Any, text: str) -> None:
    """Schema and runtime say the same of a text."""
    schema = TypeAdapter(kind).json_schema()
    assert jsonschema_rs.is_valid(schema, text) == taken(kind, text)


@given(least=st.none() | st.integers(0, 13), most=st.none() | st.integers(0, 13))
def test_grades_are_in_order_by_the_schema_as_by_the_form(
    least: int | None, most: int | None
) -> None:
    grades = {k: v for k, v in (("grade_min", least), ("grade_max", most)) if v is not None}
    offer = {"name": "Emmy", "subjects": ["physics"], **grades}
    try:
        TutorForm.model_validate(offer | {"subjects": ("physics",)})
        told = True
    except ValidationError:
        told = False
    assert FORM.is_valid(offer) == told


@pytest.mark.parametrize(
    ("short", "view"), [("students", StudentNotification), ("tutors", TutorNotification)]
)
async def test_a_stream_tells_every_kind_that_its_table_takes(
    world: World, short: str, view: type[StudentNotification | TutorNotification]
) -> None:
    async with world.open[short].unit("") as work:
        await work.read(READ_NOTES, "nobody", 0, 1)
        (row,) = await work.read(
            "SELECT pg_get_constraintdef(oid) AS text FROM pg_constraint WHERE conname = $1",
            "notifications_kind",
        )
    kinds = set(re.findall(r"'(\w+)'", row["text"]))
    assert kinds == set(view.model_json_schema()["properties"]["event"]["enum"])
