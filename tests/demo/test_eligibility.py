"""Who may teach whom: each hard constraint alone, and what leaving a field out means."""

from typing import Any, Final

import pytest

from learnflow.demo.eligibility import eligible

STUDENT: Final = {
    **{"grade": 7, "subject": "latin", "times": ["mon-16"], "languages": ["de"]},
    "budget_band": 2,
}
TUTOR: Final = {
    **{"subjects": ["latin"], "grade_min": 5, "grade_max": 9, "available": True},
    **{"times": ["mon-16", "tue-16"], "languages": ["de", "en"], "price_band": 2},
}


def test_they_fit() -> None:
    assert eligible(STUDENT, TUTOR)


@pytest.mark.parametrize(
    "change",
    [
        {"subjects": ["greek"]},
        {"grade_min": 8},
        {"grade_max": 6},
        {"available": False},
        {"times": ["tue-16"]},
        {"languages": ["en"]},
        {"price_band": 3},
    ],
    ids=lambda change: next(iter(change)),
)
def test_one_contradiction_is_enough(change: dict[str, Any]) -> None:
    assert not eligible(STUDENT, {**TUTOR, **change})


@pytest.mark.parametrize("left_out", ["times", "languages", "price_band", "grade_min", "available"])
def test_who_says_nothing_contradicts_nothing(left_out: str) -> None:
    assert eligible(STUDENT, {name: value for name, value in TUTOR.items() if name != left_out})
    assert eligible(STUDENT, {**TUTOR, left_out: None})
    assert eligible({"grade": 7, "subject": "latin"}, TUTOR)
