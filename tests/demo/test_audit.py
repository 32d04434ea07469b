"""The audit finds what it is there to find."""

from typing import Any

import pytest

from learnflow.demo.audit import Audit, compare
from learnflow.demo.result import percentile


def _row(student_id: str, **facts: Any) -> dict[str, Any]:
    usual = {"state": "matched", "tutor_id": "t1", "told": 1, "told_of_a_match": 1, "repeated": 0}
    return {"student_id": student_id, **usual, "first_told_ms": 10.0, **facts}


def _waiting(student_id: str) -> dict[str, Any]:
    return _row(student_id, state="waiting", tutor_id=None, told_of_a_match=0)


def _audit(rows: list[dict[str, Any]], booked: dict[str, str], more: int = 0) -> Audit:
    return compare(["s1", "s2"], rows, booked, more=more, over=0)


def test_one_matched_and_one_waiting_is_fine() -> None:
    found = _audit([_row("s1"), _waiting("s2")], {"s1": "t1"})
    assert (found.matched, found.waiting, found.notified) == (1, 1, 2)
    assert found.fine


@pytest.mark.parametrize(
    ("second", "booked", "more", "fault"),
    [
        (None, {"s1": "t1"}, 0, "lost"),
        (_row("s2", state="pending", tutor_id=None, told=0), {"s1": "t1"}, 0, "lost"),
        ({**_waiting("s2"), "told": 0}, {"s1": "t1"}, 0, "lost"),
        (_row("s2", repeated=1), {"s1": "t1", "s2": "t1"}, 0, "duplicated"),
        (_row("s2", told_of_a_match=2), {"s1": "t1", "s2": "t1"}, 0, "duplicated"),
        (_waiting("s2"), {"s1": "t1"}, 1, "duplicated"),
        (_waiting("s2"), {"s1": "t1", "s2": "t1"}, 0, "mismatched"),
        (_row("s2"), {"s1": "t1"}, 0, "mismatched"),
    ],
)
def test_each_fault_is_found(
    second: dict[str, Any] | None, booked: dict[str, str], more: int, fault: str
) -> None:
    found = _audit([_row("s1"), *([second] if second else [])], booked, more)
    assert getattr(found, fault) >= 1
    assert not found.fine


def test_percentiles_are_values_that_occurred() -> None:
    values = [float(n) for n in range(1, 101)]
    assert (percentile(values, 50), percentile(values, 99)) == (50.0, 99.0)
    assert percentile([7.0], 99) == 7.0
    assert percentile([], 50) is None
