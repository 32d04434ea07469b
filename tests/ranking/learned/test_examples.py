"""Rows from the log: nothing that came later, nothing too young, nothing too large."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from learnflow.ranking.learned.catalogue import NAMES
from learnflow.ranking.learned.columns import History, columns, wishes
from learnflow.ranking.learned.examples import (
    MATURE,
    Decided,
    Fact,
    Kind,
    examples,
    histories,
    label,
)
from learnflow.ranking.learned.features import matrix
from learnflow.ranking.learned.training import BadRows
from tests.ranking.learned import people

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
THEN = NOW - timedelta(days=30)
KINDS: tuple[Kind, ...] = ("matched", "accepted", "declined", "ended", "rated")


def after(days: float, kind: Kind, stars: int | None = None, tutor: str = "t") -> Fact:
    """Something heard so many days after THEN."""
    return Fact(tutor, kind, THEN + timedelta(days=days), stars)


def decided(*facts: Fact, rows: int = 4, chosen: int = 1, at: datetime = THEN) -> Decided:
    """A decision among so many tutors."""
    x = np.arange(rows * len(NAMES), dtype=np.float32).reshape(rows, -1)
    return Decided(x, chosen, at, facts)


def test_a_history_counts_what_was_heard_before_and_nothing_else() -> None:
    heard = [after(-9, "matched"), after(-8, "accepted"), after(-5, "rated", 5),
             after(-3, "matched"), after(-2, "declined"), after(-1, "ended")]  # fmt: skip
    known = histories(heard, THEN, {"t": THEN - timedelta(days=20), "new": THEN})
    one = known.pop("t")
    assert known == {}
    assert replace(one, subjects_n=0) == History(5, 1, 1, 1, 1, 2, 20, 0)


def test_what_comes_later_changes_no_feature() -> None:
    chance = np.random.default_rng(2)
    offers = people.offers(chance, 30)
    asked = wishes(people.asking(chance), people.DAY)
    past = [after(-d, k, 3, o.tutor_id) for o in offers for d, k in enumerate(KINDS, start=1)]
    future = [after(d, k, 5, o.tutor_id) for o in offers for d, k in enumerate(KINDS)]
    before = matrix(asked, columns(offers, histories(past, THEN)))
    assert matrix(asked, columns(offers, histories([*future, *past], THEN))).tobytes() == (
        before.tobytes()
    )
    later = histories([*future, *past], NOW)
    assert matrix(asked, columns(offers, later)).tobytes() != before.tobytes()


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ([], 0),
        ([after(1, "declined")], 0),
        ([after(1, "accepted"), after(9, "rated", 2)], 1),
        ([after(9, "rated", 5)], 0),
        ([after(1, "accepted")], 3),
        ([after(1, "accepted"), after(9, "rated", 3)], 3),
        ([after(1, "accepted"), after(9, "rated", 4)], 4),
        ([after(9, "rated", 5), after(1, "accepted"), after(20, "ended")], 4),
        ([after(1, "accepted"), after(31, "rated", 5)], 3),
    ],
)
def test_what_came_of_a_match_is_its_label(facts: list[Fact], expected: int) -> None:
    assert label(decided(*facts), NOW) == expected


def test_a_decision_too_young_has_no_label_and_is_left_out() -> None:
    young = decided(after(0, "declined"), at=NOW - MATURE + timedelta(seconds=1))
    assert label(young, NOW) is None
    found = examples([young, decided(after(1, "accepted")), young], NOW)
    assert found.groups.tolist() == [4]
    with pytest.raises(BadRows, match="older than 14 days"):
        examples([young], NOW)


def test_rows_carry_place_label_and_answer() -> None:
    found = examples(
        [decided(after(1, "accepted")), decided(rows=2, chosen=0), decided(after(1, "declined"))],
        NOW,
    )
    assert found.labels.tolist() == [0, 3, 0, 0, 0, 0, 0, 0, 0, 0]
    assert found.positions.tolist() == [0, 1, 2, 3, 0, 1, 0, 1, 2, 3]
    assert (found.answered.tolist(), found.accepted.tolist()) == ([1, 7], [1, 0])
    assert (found.labels.dtype.name, found.x.dtype.name) == ("int32", "float32")


def test_no_query_is_larger_than_lightgbm_takes() -> None:
    found = examples([decided(after(1, "accepted"), rows=10_500, chosen=10_300)], NOW)
    assert found.groups.tolist() == [10_000]
    assert (found.positions[-1], found.labels[-1], found.labels.sum()) == (10_300, 3, 3)
