"""May this tutor teach this student? The rule in plain Python, to check the system's word by."""

from collections.abc import Collection, Mapping
from typing import Any

Row = Mapping[str, Any]
"""A registration's body, or a student or tutor as the API answers; absent fields are None."""


def eligible(student: Row, tutor: Row) -> bool:
    """Whether every hard constraint holds, places aside."""
    return (
        student["subject"] in tutor["subjects"]
        and _or(tutor.get("grade_min"), 1) <= student["grade"] <= _or(tutor.get("grade_max"), 12)
        and tutor.get("available") is not False
        and _meet(student.get("languages"), tutor.get("languages"))
        and _meet(student.get("times"), tutor.get("times"))
        and _affordable(student.get("budget_band"), tutor.get("price_band"))
    )


def _or(value: int | None, default: int) -> int:
    return default if value is None else value


def _meet(one: Collection[str] | None, other: Collection[str] | None) -> bool:
    """Who names nothing accepts anything."""
    return not one or not other or not set(one).isdisjoint(other)


def _affordable(budget: int | None, price: int | None) -> bool:
    return budget is None or price is None or price <= budget
