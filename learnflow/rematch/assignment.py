"""The most total utility under capacity, students to tutors.

`values[s, t]` is what the pair is worth (utility, above 0); `-inf` marks a pair that must not be.
Nobody matched is worth 0, so a pair worth less is never made. `present[s]` is the tutor whom a
student has accepted already, -1 for none: to stay is worth `penalty` more than to go, and a student
is moved only where the whole gains more than that.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import linear_sum_assignment
from scipy.sparse import csr_array
from scipy.sparse.csgraph import min_weight_full_bipartite_matching

Values = NDArray[np.float64]
Indices = NDArray[np.int64]
NOBODY: Final = -1
DENSE: Final = 3_000
"""Students (and slots) up to which the exact dense solution takes about a second."""
EDGES: Final = 50
"""Tutors looked at per student above that."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """`tutors[s]` is the tutor of student s, or -1; `total` is their worth without any penalty."""

    tutors: Indices
    total: float

    def load(self, n_tutors: int) -> Indices:
        """How many students each tutor gets."""
        return np.bincount(self.tutors[self.tutors >= 0], minlength=n_tutors)


def assign(
    values: ArrayLike,
    capacity: ArrayLike,
    present: ArrayLike | None = None,
    penalty: float = 0.0,
) -> Assignment:
    """The best assignment; exact up to 3,000 students and slots, else by each one's best 50."""
    worth, slots, staying = _checked(values, capacity, present, penalty)
    first = _first_choices(staying)
    if (np.bincount(first[first >= 0], minlength=len(slots)) <= slots).all():
        return _assignment(worth, first)
    cells = len(worth) * int(_useful(staying, slots).sum())
    solve = _dense if cells <= DENSE * DENSE else _sparse
    return _assignment(worth, solve(staying, slots))


def assign_dense(
    values: ArrayLike, capacity: ArrayLike, present: ArrayLike | None = None, penalty: float = 0.0
) -> Assignment:
    """The exact solution: a column per slot."""
    worth, slots, staying = _checked(values, capacity, present, penalty)
    return _assignment(worth, _dense(staying, slots))


def assign_sparse(
    values: ArrayLike,
    capacity: ArrayLike,
    present: ArrayLike | None = None,
    penalty: float = 0.0,
    edges: int = EDGES,
) -> Assignment:
    """The best among each student's `edges` best tutors (whoever stays counts as best)."""
    worth, slots, staying = _checked(values, capacity, present, penalty)
    return _assignment(worth, _sparse(staying, slots, edges))


def in_turn(values: ArrayLike, capacity: ArrayLike) -> Assignment:
    """Each student in turn takes the best tutor with a free slot; of equals the first."""
    worth, slots, _ = _checked(values, capacity, None, 0.0)
    free, taken = slots.copy(), np.full(len(worth), NOBODY, dtype=np.int64)
    for student, row in enumerate(worth):
        open_ = np.where(free > 0, row, -np.inf)
        best = int(open_.argmax())
        if open_[best] > 0:
            taken[student] = best
            free[best] -= 1
    return _assignment(worth, taken)


def _checked(
    values: ArrayLike, capacity: ArrayLike, present: ArrayLike | None, penalty: float
) -> tuple[Values, Indices, Values]:
    worth = np.asarray(values, dtype=np.float64)
    slots = np.asarray(capacity, dtype=np.int64)
    if worth.ndim != 2 or not worth.size:
        raise ValueError(f"values are a table of students and tutors, not of shape {worth.shape}")
    if slots.shape != (worth.shape[1],) or (slots < 0).any():
        raise ValueError(f"capacity is one number of at least 0 per tutor: {worth.shape[1]} tutors")
    if np.isnan(worth).any() or (worth == np.inf).any() or penalty < 0:
        raise ValueError("values are numbers or -inf, and the penalty is at least 0")
    staying = worth.copy()
    if present is not None:
        held = np.asarray(present, dtype=np.int64)
        rows = np.flatnonzero(held >= 0)
        staying[rows, held[rows]] += penalty
    return worth, slots, staying


def _first_choices(worth: Values) -> Indices:
    best = worth.argmax(axis=1)
    return np.where(worth[np.arange(len(worth)), best] > 0, best, NOBODY)


def _useful(worth: Values, slots: Indices) -> Indices:
    """Slots that somebody could want: never more than students who would come."""
    wanted: Indices = (worth > 0).sum(axis=0)
    return np.minimum(slots, wanted)


def _dense(worth: Values, slots: Indices) -> Indices:
    tutor_of_slot = np.repeat(np.arange(len(slots)), _useful(worth, slots))
    table = np.maximum(worth, 0.0)[:, tutor_of_slot]
    rows, columns = linear_sum_assignment(table, maximize=True)
    return _taken(worth, rows, tutor_of_slot[columns])


def _sparse(worth: Values, slots: Indices, edges: int = EDGES) -> Indices:
    n, useful = len(worth), _useful(worth, slots)
    starts = np.concatenate(([0], np.cumsum(useful)))
    tutor_of_slot = np.repeat(np.arange(len(slots)), useful)
    kept = min(edges, worth.shape[1])
    best = np.argpartition(-worth, kept - 1, axis=1)[:, :kept]
    student, tutor = np.repeat(np.arange(n), kept), best.ravel()
    wanted = worth[student, tutor] > 0
    student, tutor = student[wanted], tutor[wanted]
    copies = useful[tutor]
    student, tutor = np.repeat(student, copies), np.repeat(tutor, copies)
    nth = np.arange(len(tutor)) - np.repeat(np.cumsum(copies) - copies, copies)
    # Every student has a column of its own for "nobody", so a full matching exists; a zero would
    # mean "no edge", so every weight is one higher.
    weights = np.concatenate((worth[student, tutor] + 1.0, np.ones(n)))
    rows = np.concatenate((student, np.arange(n)))
    columns = np.concatenate((starts[tutor] + nth, starts[-1] + np.arange(n)))
    graph: Any = csr_array((weights, (rows, columns)), shape=(n, int(starts[-1]) + n))
    matched, slot = min_weight_full_bipartite_matching(graph, maximize=True)
    real = slot < starts[-1]
    return _taken(worth, matched[real], tutor_of_slot[slot[real]])


def _taken(worth: Values, students: Indices, tutors: Indices) -> Indices:
    taken = np.full(len(worth), NOBODY, dtype=np.int64)
    wanted = worth[students, tutors] > 0
    taken[students[wanted]] = tutors[wanted]
    return taken


def _assignment(worth: Values, tutors: Indices) -> Assignment:
    matched = np.flatnonzero(tutors >= 0)
    return Assignment(tutors, float(worth[matched, tutors[matched]].sum()))
