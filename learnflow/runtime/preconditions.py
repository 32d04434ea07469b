"""Which version does the caller mean to change? If-Match, from its header (RFC 9110 §13.1.1)."""

import re
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from pydantic import BaseModel, GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

_MAX_HEADER: Final = 4096
_BETWEEN: Final = " \t,"
"""Empty elements of a list are allowed, so any run of these parts two tags."""
_TAG: Final = re.compile(r'(W/)?"([\x21\x23-\x7e\x80-\xff]*)"')
_OURS: Final = re.compile(r"v(0|[1-9][0-9]{0,9})")


@dataclass(frozen=True, slots=True)
class IfMatch:
    """The versions a caller knows; None when any will do (`*`).

    A model that declares a field of this type gets it from the If-Match header, never from the
    body or the query: 428 when the header is missing, 400 when it is none. Weak and foreign tags
    are read and match nothing.
    """

    versions: tuple[int, ...] | None

    @classmethod
    def parse(cls, header: str) -> "IfMatch":
        """Read `*`, or one or more entity tags. Raises ValueError for anything else."""
        text = header.strip(" \t")
        if text == "*":
            return cls(None)
        found: set[int] = set()
        rest = text.strip(_BETWEEN)
        if not rest or len(text) > _MAX_HEADER:
            raise ValueError("no entity tag")
        while rest:
            tag = _TAG.match(rest)
            if tag is None:
                raise ValueError("no entity tag")
            weak, opaque = tag.groups()
            if weak is None and (ours := _OURS.fullmatch(opaque)):
                found.add(int(ours[1]))
            after = rest[tag.end() :]
            rest = after.lstrip(_BETWEEN)
            if rest and "," not in after[: len(after) - len(rest)]:
                raise ValueError("tags without a comma between them")
        return cls(tuple(sorted(found)))

    def admits(self, version: int) -> bool:
        """Whether a resource of this version is one the caller means."""
        return self.versions is None or version in self.versions

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """From the header's text, and back to one text for what means the same."""
        return core_schema.no_info_after_validator_function(
            cls.parse,
            core_schema.str_schema(),
            serialization=core_schema.to_string_ser_schema(),
        )

    def __str__(self) -> str:
        """The header again: `*`, or the tags of ours in order."""
        if self.versions is None:
            return "*"
        return ", ".join(f'"v{version}"' for version in self.versions)


@cache
def if_match_field(model: type[BaseModel]) -> str | None:
    """The name of the field that If-Match fills, or None for a model without one."""
    for name, field in model.model_fields.items():
        if field.annotation is IfMatch:
            return name
    return None
