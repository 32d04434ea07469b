"""A log can tell tutors from places only where chance moved somebody."""

import numpy as np

from learnflow.ranking.learned.exploring import PRODUCT, Policy, explore
from learnflow.ranking.learned.identifying import explored, identifiable

NEW = [False] * 20
Lists = list[tuple[float, ...]]


def lists(policy: Policy, count: int = 200) -> Lists:
    """What would be logged of so many decisions."""
    return [explore(NEW, seed, policy).propensities for seed in range(count)]


def test_a_log_without_exploration_is_not_identifiable() -> None:
    assert not identifiable(lists(Policy(0, 0, first=1)), (0, 1))
    assert explored(lists(Policy(0, 0, first=1))) == {}


def test_the_products_log_tells_who_is_booked_from_who_is_best() -> None:
    assert identifiable(lists(PRODUCT), (0, 1))
    assert not identifiable(lists(PRODUCT), range(10))


def test_places_that_chance_never_reaches_stay_unknown() -> None:
    below = lists(Policy(0.2, 0, first=2))
    assert identifiable(below, range(1, 6))
    assert not identifiable(below, (0, 1))


def test_a_few_lists_are_not_enough() -> None:
    assert not identifiable(lists(PRODUCT, count=20), (0, 1))


def test_chances_that_were_not_logged_say_nothing() -> None:
    unknown: Lists = [(float("nan"),) * 10] * 100
    assert not identifiable([None, *unknown], (0, 1))


def test_places_apart_do_not_hang_together() -> None:
    chances = [tuple(np.where(np.isin(range(10), (0, 1, 4, 5)), 0.9, 1.0).tolist())] * 100
    assert identifiable(chances, (4, 5))
    assert not identifiable(chances, (0, 1, 4, 5))
