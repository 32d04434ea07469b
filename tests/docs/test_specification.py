"""docs/specification.md: every item of the owner's specification has its row, and no row lies."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "specification.md"
ROW = re.compile(r"^\| ([A-Z]\d+) \| (.+?) \| (.+?) \| (.*?) ?\| (.*?) ?\|$", re.MULTILINE)
LINK = re.compile(r"\[[^\]]+\]\(([^)]+)\)")
STATES = ("as specified", "changed because", "not yet: issue ")


@dataclass(frozen=True)
class Row:
    """One item: what is said of it, where it is, what holds it."""

    item: str
    here: str
    files: tuple[str, ...]
    tests: tuple[str, ...]


def rows(text: str) -> list[Row]:
    """The rows of all tables that begin with an item."""
    return [
        Row(item, here, tuple(LINK.findall(files)), tuple(LINK.findall(tests)))
        for item, _, here, files, tests in ROW.findall(text)
    ]


def items(text: str) -> list[str]:
    """What the page itself says the items are."""
    listed = text.partition("## Every item")[2].partition("\n## ")[0]
    return re.findall(r"\b[A-Z]\d+\b", listed)


def faults(text: str, folder: Path = PAGE.parent) -> Iterator[str]:
    """What is wrong with the page."""
    found, named = [row.item for row in rows(text)], items(text)
    yield from (f"{item} has no row" for item in named if item not in found)
    yield from (f"{item} is no item" for item in found if item not in named)
    yield from (f"{item} has two rows" for item in set(found) if found.count(item) > 1)
    for row in rows(text):
        if not row.here.startswith(STATES):
            yield f"{row.item} says neither of {STATES}"
        if not row.here.startswith("not yet") and not (row.files and row.tests):
            yield f"{row.item} is said to be there, without a file or a test"
        for link in (*row.files, *row.tests):
            if not (folder / link).is_file():
                yield f"{row.item}: {link} is gone"
        for test in row.tests:
            if not Path(test).name.startswith("test_"):
                yield f"{row.item}: {test} is no test"


def test_every_item_has_a_row_and_what_every_row_names_is_there() -> None:
    text = PAGE.read_text("utf-8")
    assert len(items(text)) >= 70
    assert list(faults(text)) == []


@pytest.mark.parametrize(
    ("before", "after", "fault"),
    [
        ("| E1 | ", "| E100 | ", "E1 has no row"),
        ("- Events: E1, ", "- Events: ", "E1 is no item"),
        ("../functions/register_student/main.py", "../functions/gone/main.py", "E1: .* is gone"),
        ("../tests/flow/test_main_flow.py", "../tests/flow/test_gone.py", "E1: .* is gone"),
        ("../tests/flow/test_main_flow.py", "../tests/flow/world.py", "E1: .* is no test"),
        ("| as specified |", "| done |", "E1 says neither"),
        ("| not yet: issue 6 |", "| as specified |", "P[0-9] is said to be there"),
    ],
)
def test_a_page_that_lies_is_noticed(before: str, after: str, fault: str) -> None:
    text = PAGE.read_text("utf-8")
    assert before in text
    assert any(re.match(fault, each) for each in faults(text.replace(before, after)))
