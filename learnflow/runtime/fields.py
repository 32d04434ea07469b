"""What may a field hold? The bounded types of request models."""

import re
import unicodedata
from typing import Annotated, Final, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

MAX_NAME: Final = 200
MAX_NAME_BYTES: Final = 800
_JOINERS: Final = frozenset("\u200c\u200d")
"""Invisible, but spelling needs them in Persian, Sinhala and other scripts."""
_REFUSED: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_BREAKS: Final = re.compile(r"[\s_]+")


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
    """A name in NFC, trimmed; nothing that is invisible, unassigned or turns the writing round."""
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    if not text.isprintable():
        for character in text:
            if unicodedata.category(character) in _REFUSED and character not in _JOINERS:
                raise ValueError("a name has no control, invisible or unassigned characters")
    text = text.strip()
    if not text.strip("".join(_JOINERS)):
        raise ValueError("a name has at least one visible character")
    if len(text) > MAX_NAME or len(text.encode()) > MAX_NAME_BYTES:
        raise ValueError(f"a name has at most {MAX_NAME} characters and {MAX_NAME_BYTES} bytes")
    return text


def code(text: object) -> object:
    """A code as it is kept: `Computer Science` is `computer-science`."""
    return _BREAKS.sub("-", text.strip()).lower() if isinstance(text, str) else text


Item = TypeVar("Item")


def unique(items: tuple[Item, ...]) -> tuple[Item, ...]:
    """The items once each, in the order given."""
    return tuple(dict.fromkeys(items))


PersonName = Annotated[str, Field(max_length=4 * MAX_NAME), AfterValidator(person_name)]
ResourceId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
Grade = Annotated[int, Field(ge=1, le=12)]
Band = Annotated[int, Field(ge=1, le=5)]
"""A price or a budget, from 1 (cheap) to 5."""
Capacity = Annotated[int, Field(ge=1, le=50)]
ExperienceYears = Annotated[int, Field(ge=0, le=70)]
SubjectCode = Annotated[str, BeforeValidator(code), Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
LanguageCode = Annotated[
    str, BeforeValidator(code), Field(pattern=r"^[a-z]{2,3}(-[a-z0-9]{2,8}){0,2}$")
]
"""BCP 47, lower-case: `en`, `zh-hant`."""
TimeSlot = Annotated[str, Field(pattern=r"^(mon|tue|wed|thu|fri|sat|sun)-([01][0-9]|2[0-3])$")]
"""An hour of the week: `mon-16`."""
Goal = Literal["exam", "catch-up", "enrichment", "homework"]

Subjects = Annotated[
    tuple[SubjectCode, ...], Field(min_length=1, max_length=20), AfterValidator(unique)
]
Times = Annotated[tuple[TimeSlot, ...], Field(max_length=84), AfterValidator(unique)]
Languages = Annotated[tuple[LanguageCode, ...], Field(max_length=10), AfterValidator(unique)]
Goals = Annotated[tuple[Goal, ...], Field(max_length=10), AfterValidator(unique)]
PageSize = Annotated[int, Field(ge=1, le=100)]
