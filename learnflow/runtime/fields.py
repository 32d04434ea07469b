"""What may a field hold? The bounded types of request models."""

import re
import unicodedata
from typing import Annotated, Final, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import SchemaValidator, core_schema

from learnflow.runtime import preconditions

MAX_NAME: Final = 200
MAX_NAME_BYTES: Final = 800
MAX_CODE: Final = 40
_REFUSED: Final = (
    r"\x00-\x1f\x7f-\x9f\u00ad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b\u200e"
    r"\u200f\u2028-\u202e\u2060-\u206f\ue000-\uf8ff\ufdd0-\ufdef\ufeff\ufff0-\ufffb\ufffe\uffff"
    "\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U0001fffe\U0001ffff\U0002fffe\U0002ffff\U0003fffe-\U000e00ff\U000e01f0-\U0010ffff"
)
"""Controls, invisible formats, private use, noncharacters and planes without characters; not the
joiners, which Persian, Sinhala and other scripts spell with. Fixed: no Python's Unicode decides."""
_BLANK: Final = r" \u00a0\u1680\u2000-\u200a\u200c\u200d\u202f\u205f\u3000"
NAME: Final = f"^[^{_REFUSED}]*[^{_REFUSED}{_BLANK}][^{_REFUSED}]*$"
_GAPS: Final = r" \t\u00a0\u3000"
SENT_SUBJECT: Final = rf"^[{_GAPS}]*[A-Za-z0-9][A-Za-z0-9_{_GAPS}-]*$"
SENT_LANGUAGE: Final = (
    rf"^[{_GAPS}]*[A-Za-z]{{2,3}}(?:(?:-|[{_GAPS}_]+)[A-Za-z0-9]{{2,8}}){{0,2}}[{_GAPS}]*$"
)
"""Codes as callers may write them; `code` makes one of them. The contracts say these patterns."""
_NAME: Final = SchemaValidator(core_schema.str_schema(pattern=NAME, regex_engine="rust-regex"))
_BREAKS: Final = re.compile(f"[{_GAPS}_]+")


class Wish(BaseModel):
    """What a caller asks for: frozen, strict, every field known and bounded."""

    model_config = ConfigDict(
        frozen=True,
        strict=True,
        extra="forbid",
        hide_input_in_errors=True,
        allow_inf_nan=False,
        regex_engine="rust-regex",
    )


def person_name(text: str) -> str:
    """A name in NFC, trimmed; nothing that is invisible or turns the writing round."""
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    text = text.strip(" ")
    if not text:
        raise ValueError("a name has at least one visible character")
    if not _NAME.isinstance_python(text):
        raise ValueError("a name is visible, without control or format characters")
    text = text.strip()
    if len(text) > MAX_NAME or len(text.encode()) > MAX_NAME_BYTES:
        raise ValueError(f"a name has at most {MAX_NAME} characters and {MAX_NAME_BYTES} bytes")
    return text


def code(text: object) -> object:
    """A code as it is kept: `Computer Science` is `computer-science`."""
    if not isinstance(text, str) or len(text) > MAX_CODE:
        return text
    text = _BREAKS.sub("-", text.strip(" \t\u00a0\u3000"))
    return text.lower() if text.isascii() else text


Item = TypeVar("Item")


def unique(items: tuple[Item, ...]) -> tuple[Item, ...]:
    """The items once each, in the order given."""
    return tuple(dict.fromkeys(items))


PersonName = Annotated[
    str,
    Field(max_length=4 * MAX_NAME),
    AfterValidator(person_name),
    Field(json_schema_extra={"pattern": NAME, "minLength": 1, "maxLength": MAX_NAME}),
]
"""At most 200 characters, counted when it is trimmed and in NFC."""
ResourceId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
Grade = Annotated[int, Field(ge=1, le=12)]
Band = Annotated[int, Field(ge=1, le=5)]
"""A price or a budget, from 1 (cheap) to 5."""
Stars = Annotated[int, Field(ge=1, le=5)]
Capacity = Annotated[int, Field(ge=1, le=50)]
ExperienceYears = Annotated[int, Field(ge=0, le=70)]
SubjectCode = Annotated[
    str,
    BeforeValidator(code),
    Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$"),
    Field(json_schema_extra={"pattern": SENT_SUBJECT, "maxLength": MAX_CODE}),
]
LanguageCode = Annotated[
    str,
    BeforeValidator(code),
    Field(pattern=r"^[a-z]{2,3}(-[a-z0-9]{2,8}){0,2}$"),
    Field(json_schema_extra={"pattern": SENT_LANGUAGE, "maxLength": MAX_CODE}),
]
"""BCP 47, lower-case: `en`, `zh-hant`."""
TimeSlot = Annotated[str, Field(pattern=r"^(mon|tue|wed|thu|fri|sat|sun)-([01][0-9]|2[0-3])$")]
"""An hour of the week: `mon-16`."""
Goal = Literal["exam", "catch-up", "enrichment", "homework"]

IfMatch = preconditions.IfMatch
"""The versions a caller means to change: filled from the If-Match header by the runtime."""

Subjects = Annotated[
    tuple[SubjectCode, ...], Field(min_length=1, max_length=20), AfterValidator(unique)
]
Times = Annotated[tuple[TimeSlot, ...], Field(max_length=84), AfterValidator(unique)]
Languages = Annotated[tuple[LanguageCode, ...], Field(max_length=10), AfterValidator(unique)]
Goals = Annotated[tuple[Goal, ...], Field(max_length=10), AfterValidator(unique)]
PageSize = Annotated[int, Field(ge=1, le=100)]
