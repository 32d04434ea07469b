"""Deferred acceptance: nobody would leave, and students do as well as in any such matching."""

import itertools

import numpy as np
import pytest

from learnflow.rematch import blocking_pairs, deferred_acceptance

Orders = list[list[int]]


def market(rng: np.random.Generator, n: int, m: int) -> tuple[Orders, Orders, list[int]]:
    """Random orders, some left out, and capacities from 0."""

    def orders(count: int, others: int) -> Orders:
        return [
            [int(i) for i in rng.permutation(others)[: rng.integers(0, others + 1)]]
            for _ in range(count)
        ]

    return orders(n, m), orders(m, n), [int(c) for c in rng.integers(0, 3, m)]


def stable(students: Orders, tutors: Orders, capacity: list[int]) -> list[tuple[int, ...]]:
    """Every stable matching, by trying all."""
    found = []
    for matched in itertools.product(*[[-1, *order] for order in students]):
        pairs = [(s, t) for s, t in enumerate(matched) if t >= 0]
        load = [sum(t == tutor for _, t in pairs) for tutor in range(len(tutors))]
        mutual = all(s in tutors[t] for s, t in pairs)
        fits = all(have <= most for have, most in zip(load, capacity, strict=True))
        if mutual and fits and not blocking_pairs(matched, students, tutors, capacity):
            found.append(matched)
    return found


def place(order: list[int], tutor: int) -> int:
    return order.index(tutor) if tutor >= 0 else len(order)


@pytest.mark.parametrize("seed", range(30))
def test_it_is_the_stable_matching_that_is_best_for_every_student(seed: int) -> None:
    students, tutors, capacity = market(np.random.default_rng(seed), 5, 3)
    matched = deferred_acceptance(students, tutors, capacity)
    every = stable(students, tutors, capacity)
    assert tuple(matched) in every
    for s, order in enumerate(students):
        assert all(place(order, matched[s]) <= place(order, other[s]) for other in every)


def test_a_large_market_has_no_blocking_pair_and_keeps_capacity() -> None:
    students, tutors, capacity = market(np.random.default_rng(99), 400, 80)
    matched = deferred_acceptance(students, tutors, capacity)
    assert blocking_pairs(matched, students, tutors, capacity) == []
    assert all(matched.count(t) <= most for t, most in enumerate(capacity))


def test_a_matching_with_a_blocking_pair_is_found_out() -> None:
    students, tutors = [[0, 1], [0, 1]], [[0, 1], [0, 1]]
    assert blocking_pairs([1, 0], students, tutors, [1, 1]) == [(0, 0)]
    assert blocking_pairs([0, 1], students, tutors, [1, 1]) == []
    assert blocking_pairs([1, -1], students, tutors, [1, 1]) == [(0, 0), (1, 0)]
