"""Rows from the log: the booked beside the booked, nothing too young, nothing too large."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from learnflow.ranking.learned.catalogue import NAMES
from learnflow.ranking.learned.examples import (
    MATURE,
    QUERY,
    Decided,
    Fact,
    Kind,
    examples,
    label,
)
from learnflow.ranking.learned.training import BadRows

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
THEN = NOW - timedelta(days=30)


def after(days: float, kind: Kind, stars: int | None = None, tutor: str = "t") -> Fact:
    """Something heard so many days after THEN."""
    return Fact(tutor, kind, THEN + timedelta(days=days), stars)


def decided(*facts: Fact, rows: int = 4, chosen: int = 1, at: datetime = THEN) -> Decided:
    """A decision among so many tutors."""
    x = np.arange(rows * len(NAMES), dtype=np.float32).reshape(rows, -1)
    return Decided(x, chosen, at, facts)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ([], 0),
        ([after(1, "declined")], 0),
        ([after(9, "rated", 5)], 0),
        ([after(1, "accepted"), after(9, "rated", 2)], 0),
        ([after(1, "accepted"), after(27, "ended")], 1),
        ([after(1, "accepted"), after(29, "ended")], 3),
        ([after(1, "accepted"), after(9, "rated", 3), after(20, "ended")], 2),
        ([after(1, "accepted")], 3),
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
    assert found.groups.tolist() == [1]
    with pytest.raises(BadRows, match="older than 14 days"):
        examples([young], NOW)


def test_only_the_booked_one_who_answered_is_a_row() -> None:
    yes, no = decided(after(1, "accepted")), decided(after(1, "declined"), chosen=2)
    found = examples([no, decided(rows=2, chosen=0), yes], NOW)
    assert found.x.tolist() == [yes.x[1].tolist(), no.x[2].tolist()]
    assert (found.labels.tolist(), found.groups.tolist()) == ([3, 0], [1, 1])
    assert (found.answered.tolist(), found.accepted.tolist()) == ([0, 1], [1, 0])
    assert found.positions is None
    assert (found.labels.dtype.name, found.x.dtype.name) == ("int32", "float32")


def bookings(count: int) -> list[Decided]:
    """So many accepted ones, an hour apart, of three subjects in turn; one of them unknown."""
    found = []
    for number in range(count):
        x = np.zeros((1, len(NAMES)), dtype=np.float32)
        x[0, NAMES.index("subject")] = (np.nan, 4, 9)[number % 3]
        x[0, NAMES.index("matches")] = number
        facts = (after(1, "accepted"),)
        found.append(Decided(x, 0, THEN + timedelta(hours=number), facts))
    return found


def test_a_query_is_bookings_of_one_subject_one_after_the_other() -> None:
    found = examples(bookings(90), NOW)
    assert found.groups.tolist() == [QUERY] * 9
    for rows in np.split(found.x, np.cumsum(found.groups)[:-1]):
        assert len({str(value) for value in rows[:, NAMES.index("subject")]}) == 1
        assert np.diff(rows[:, NAMES.index("matches")]).tolist() == [3] * (QUERY - 1)


def test_the_order_of_the_log_does_not_matter() -> None:
    log = bookings(50)
    one, other = examples(log, NOW), examples(log[::-1], NOW)
    assert one.x.tobytes() == other.x.tobytes()
    assert one.groups.tolist() == other.groups.tolist()


def test_tutors_who_were_shown_and_not_booked_change_nothing() -> None:
    log = bookings(40)
    wider = [replace(one, x=np.vstack([one.x, one.x + 1])) for one in log]
    assert examples(wider, NOW).x.tobytes() == examples(log, NOW).x.tobytes()
