"""Every generated file holds what it would be generated as now, and nothing else lies beside it."""

from pathlib import Path

import pytest

from learnflow.contracts.published import ROOT
from tools.contracts import files, stale

MADE = files()


@pytest.mark.parametrize("file", MADE, ids=lambda file: str(file.relative_to(ROOT)))
def test_a_generated_file_is_as_new_as_what_it_tells(file: Path) -> None:
    lies = file.read_text("utf-8") if file.is_file() else "nothing"
    assert lies == MADE[file], "run: make contracts"


def test_nothing_lies_there_that_is_not_generated_any_more() -> None:
    assert stale(MADE) == [], "run: make contracts"


def test_generating_twice_says_the_same() -> None:
    assert files() == MADE
