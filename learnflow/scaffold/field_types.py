"""The types that a field of a specification may have, and what code and example each becomes."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

_FIELDS: Final = "learnflow.runtime.fields"
_MOST: Final = 2**31 - 1


@dataclass(frozen=True, slots=True)
class FieldType:
    """A type as Python writes it, what must be imported for it, and a value of it."""

    code: str
    base: str
    example: Any
    imports: tuple[tuple[str, str], ...] = ()
    optional: bool = False


def _of(module: str, base: str, **examples: Any) -> dict[str, FieldType]:
    return {
        name: FieldType(name, base, value, ((module, name),)) for name, value in examples.items()
    }


_BOOL: Final = {"bool": FieldType("bool", "bool", True)}
INPUTS: Final = {
    **_of(_FIELDS, "str", ResourceId="a1", SubjectCode="latin", LanguageCode="en"),
    **_of(_FIELDS, "str", TimeSlot="mon-16", Goal="exam", PersonName="Ada"),
    **_of(_FIELDS, "int", Grade=7, Band=3, Stars=5, Capacity=3, ExperienceYears=4),
    **_BOOL,
}
"""What callers may send: each is bounded, so that no input reaches the database unbounded."""
FACTS: Final = {
    **_of("eventing.events", "str", Id="5f1c0de05f1c0de05f1c0de05f1c0de0", Subject="mathematics"),
    **_of("eventing.events", "int", Version=1, Round=1, Grade=7, Band=3),
    **_BOOL,
}
"""What events may hold."""
SHOWN: Final = {
    **{name: FieldType(name, name, None) for name in ("str", "int", "float", "bool")},
    "datetime": FieldType("datetime", "datetime", None, (("datetime", "datetime"),)),
}
"""What views may show."""


def parse(value: object, known: Mapping[str, FieldType]) -> FieldType:
    """A type from `Grade`, `Grade?`, `{from: 1, to: 9}` or `{one_of: [a, b]}`.

    Raises ValueError saying which there are.
    """
    if isinstance(value, str):
        name = value.removesuffix("?")
        if name in known:
            return _optional(known[name]) if value.endswith("?") else known[name]
    if isinstance(value, dict) and known is not SHOWN:
        if value.keys() == {"from", "to"}:
            return _whole(value["from"], value["to"])
        if value.keys() == {"one_of"}:
            return _one_of(value["one_of"])
    ranges = "" if known is SHOWN else "; {from: 1, to: 9}; {one_of: [a, b]}"
    raise ValueError(f"is {value!r}; it may be {', '.join(known)}, each with ? if optional{ranges}")


def _optional(kind: FieldType) -> FieldType:
    return replace(kind, code=f"{kind.code} | None", base=f"{kind.base} | None", optional=True)


def _whole(least: object, most: object) -> FieldType:
    if type(least) is not int or type(most) is not int or not -_MOST <= least <= most <= _MOST:
        raise ValueError(f"from and to are whole numbers in order, within ±{_MOST}")
    needs = (("typing", "Annotated"), ("pydantic", "Field"))
    return FieldType(f"Annotated[int, Field(ge={least}, le={most})]", "int", least, needs)


def _one_of(choices: object) -> FieldType:
    if not isinstance(choices, list) or not choices or not all(_is_word(one) for one in choices):
        raise ValueError("one_of is a list of words: a-z, 0-9, - and _, in quotes if YAML reads")
    listed = ", ".join(f'"{one}"' for one in choices)
    return FieldType(f"Literal[{listed}]", "str", choices[0], (("typing", "Literal"),))


def _is_word(value: object) -> bool:
    return isinstance(value, str) and value.replace("-", "").replace("_", "").isalnum()
