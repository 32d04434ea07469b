"""The batch assignment against brute force, and what must hold of any of them."""

import itertools
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from learnflow.rematch import assign, assign_dense, assign_sparse, in_turn
from learnflow.rematch.assignment import DENSE, Assignment

Table = NDArray[np.float64]


def market(rng: np.random.Generator, most: int = 7) -> tuple[Table, NDArray[np.int64]]:
    """A small table with forbidden and unwanted pairs, and capacities from 0."""
    values = rng.normal(0.4, 0.5, (int(rng.integers(1, most + 1)), int(rng.integers(1, 5))))
    values[rng.random(values.shape) < 0.25] = -np.inf
    return values, np.asarray(rng.integers(0, 4, values.shape[1]))


def brute_force(values: Table, capacity: NDArray[np.int64]) -> float:
    best = 0.0
    n, tutors = values.shape
    for choice in itertools.product(range(-1, tutors), repeat=n):
        load = np.bincount([t for t in choice if t >= 0], minlength=tutors)
        if (load <= capacity).all():
            best = max(best, sum(values[s, t] for s, t in enumerate(choice) if t >= 0))
    return best


def allowed(found: Assignment, values: Table, capacity: NDArray[np.int64]) -> bool:
    pairs = [values[s, t] for s, t in enumerate(found.tutors) if t >= 0]
    return bool((found.load(len(capacity)) <= capacity).all() and all(v > 0 for v in pairs))


@pytest.mark.parametrize("solve", [assign, assign_dense, assign_sparse])
def test_the_total_is_that_of_brute_force_and_capacity_is_kept(
    solve: Callable[..., Assignment],
) -> None:
    rng = np.random.default_rng(11)
    for n in range(40):
        values, capacity = market(rng, 7 if n < 4 else 5)
        found = solve(values, capacity)
        assert found.total == pytest.approx(brute_force(values, capacity))
        assert allowed(found, values, capacity)


def test_dense_and_sparse_agree_on_a_term_start() -> None:
    rng = np.random.default_rng(4)
    values, capacity = rng.random((300, 60)), rng.integers(1, 6, 60)
    dense, sparse = assign_dense(values, capacity), assign_sparse(values, capacity, edges=60)
    assert sparse.total == pytest.approx(dense.total)
    cut = assign_sparse(values, capacity, edges=50)
    assert dense.total >= cut.total - 1e-9
    assert cut.total == pytest.approx(dense.total, rel=0.01)


def test_with_infinite_capacity_everyone_has_their_first_choice() -> None:
    rng = np.random.default_rng(5)
    values, plenty = rng.random((50, 8)), np.full(8, 10_000)
    for found in (assign(values, plenty), assign_dense(values, plenty), in_turn(values, plenty)):
        assert (found.tutors == values.argmax(axis=1)).all()


def test_more_capacity_never_lowers_the_total_and_none_never_helps() -> None:
    rng = np.random.default_rng(6)
    for _ in range(30):
        values, capacity = market(rng)
        before = assign(values, capacity).total
        more = capacity.copy()
        more[rng.integers(len(more))] += 1
        assert assign(values, more).total >= before - 1e-12
        assert in_turn(values, capacity).total <= before + 1e-12
    assert assign([[1.0]], [0]).tutors.tolist() == [-1]


def test_accepted_pairs_stay_unless_moving_gains_more_than_the_penalty() -> None:
    values = [[1.0, 1.2], [1.0, 1.0]]
    capacity, present = [1, 1], [0, 1]
    assert assign(values, capacity, present).tutors.tolist() == [1, 0]
    assert assign(values, capacity, present, penalty=0.05).tutors.tolist() == [1, 0]
    stays = assign(values, capacity, present, penalty=0.15)
    assert stays.tutors.tolist() == [0, 1]
    assert stays.total == 2.0  # the penalty is no utility


def test_a_higher_penalty_never_moves_more_students() -> None:
    rng = np.random.default_rng(8)
    values, capacity = rng.random((40, 12)), np.full(12, 4)
    present = in_turn(rng.random((40, 12)), capacity).tutors
    moved = [
        int((assign(values, capacity, present, penalty=p).tutors != present).sum())
        for p in (0, 0.1, 0.3, 1.0, 2.0)
    ]
    assert moved == sorted(moved, reverse=True)
    assert moved[0] > 0 == moved[-1]


def test_a_pair_that_must_not_be_does_not_stay() -> None:
    assert assign([[-np.inf, 0.1]], [1, 1], [0], penalty=5).tutors.tolist() == [1]


def test_a_large_market_is_solved_from_the_best_50_edges() -> None:
    rng = np.random.default_rng(9)
    values, capacity = rng.random((DENSE + 200, 400)), np.full(400, 8)
    found = assign(values, capacity)
    assert allowed(found, values, capacity)
    assert found.total >= in_turn(values, capacity).total


@pytest.mark.parametrize(
    ("values", "capacity", "says"),
    [
        ([[1.0]], [1, 2], "capacity"),
        ([[1.0]], [-1], "capacity"),
        ([[float("nan")]], [1], "numbers"),
        ([1.0], [1], "table"),
    ],
)
def test_nonsense_is_refused(values: list[float], capacity: list[int], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        assign(values, capacity)
