"""Writes docs/features.md: what a model sees of a student and a tutor.

Run it as `python -m tools.feature_docs`; a test fails when the page is older than the table.
"""

from pathlib import Path
from typing import Final

from learnflow.ranking.learned.catalogue import (
    ACCEPTANCE_PRIOR,
    ENDED_PRIOR,
    FEATURES,
    RATING_WEIGHT,
)
from learnflow.ranking.learned.vocabulary import SUBJECTS

PAGE: Final = Path(__file__).parents[1] / "docs" / "features.md"
_SIGNS: Final = {1: "more never lowers", -1: "more never raises", 0: ""}
HEAD: Final = f"""# Features

Generated from `learnflow/ranking/learned/catalogue.py` by `python -m tools.feature_docs`; do not \
edit.

What the models see of a student and a tutor, the same in training, serving and simulation: \
float32, {len(FEATURES)} columns. Nothing names a person: no name, gender, birth date, address or \
free text. A feature of one tutor never depends on the other candidates. Shares and means are \
shrunken: they count {RATING_WEIGHT} more matches that went as is typical (rating: the subject's \
mean, acceptance: {ACCEPTANCE_PRIOR}, ended: {ENDED_PRIOR}), so that a tutor who is new is neither \
best nor worst. The concept is the code under which a reason is told; `request` is about the \
student alone and is told to nobody.

| feature | unit | unknown | the score | concept |
|---|---|---|---|---|
"""


def page() -> str:
    """The whole page."""
    lines = [
        f"| `{feature.name}` | {feature.unit} | {feature.missing} | {_SIGNS[feature.monotone]} "
        f"| `{feature.concept}` |\n"
        for feature in FEATURES
    ]
    subjects = ", ".join(f"`{subject}`" for subject in SUBJECTS)
    return f"{HEAD}{''.join(lines)}\nSUBJECTS, in order: {subjects}.\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
