"""What a market leaves behind: the log to learn from, and the students to judge by."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from learnflow.ranking.learned.columns import Floats as Matrix

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Students and tutors as a ranker sees them, a student's rows together."""

    x: Matrix
    rules: Floats
    groups: Indices
    """Rows of each student, in order."""
    students: Indices
    tutors: Indices

    def each(self, values: NDArray[Any]) -> list[NDArray[Any]]:
        """The values of each student."""
        return list(np.split(values, np.cumsum(self.groups)[:-1]))


@dataclass(frozen=True, slots=True, eq=False)
class Log(Pairs):
    """Candidates as they were shown, in order of place, and what became of them."""

    weeks: Indices
    """Of each student."""
    positions: Indices
    """From 0."""
    propensity: Floats
    """Probability that this tutor was shown at this place."""
    labels: Indices
    """0 shown, 1 seen, 2 asked, 3 accepted, 4 a success; as known when the log ends."""
    accepted: Floats
    """1 or 0 where asked, NaN where not."""

    def of_weeks(self, first: int, last: int) -> "Log":
        """The students who came in weeks `first` to `last`."""
        wanted = (self.weeks >= first) & (self.weeks <= last)
        rows = np.repeat(wanted, self.groups)
        return Log(
            self.x[rows],
            self.rules[rows],
            self.groups[wanted],
            self.students[rows],
            self.tutors[rows],
            self.weeks[wanted],
            self.positions[rows],
            self.propensity[rows],
            self.labels[rows],
            self.accepted[rows],
        )


@dataclass(frozen=True, slots=True, eq=False)
class Judged(Pairs):
    """All feasible pairs of the last week, with the truth of each."""

    worth: Floats
    acceptance: Floats
    grades: Indices
    """0-4, quantiles of worth."""
    answers: NDArray[np.bool_]
    """Whether the tutor accepts when asked: one draw, the same for every contestant."""
    chosen: Indices
    """Of each student: the row, within its own, taken by one who looks at all."""
    free: Indices
    """Free slots of every tutor."""


def stacked(parts: Sequence[Sequence[NDArray[Any]]]) -> Callable[[int], NDArray[Any]]:
    """The n-th column of all parts in one array."""
    return lambda place: np.concatenate([part[place] for part in parts])
