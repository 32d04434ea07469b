"""A small market, drawn once, and what the small worlds' seeds came to."""

from collections.abc import Callable
from functools import cache

import pytest

from learnflow.evaluation.judging import Verdict, judge
from learnflow.evaluation.market import simulate
from learnflow.evaluation.rows import Judged, Log
from learnflow.evaluation.summary import Summary, summarise
from learnflow.evaluation.world import WORLDS, World, smaller


def small(world: str) -> World:
    """The world with 250 tutors, 100 students a week and 150 to judge by."""
    return smaller(WORLDS[world], 250, 100, 150)


def tiny(world: str) -> World:
    """The world with 150 tutors, 40 students a week and 40 to judge by."""
    return smaller(WORLDS[world], 150, 40, 40)


@cache
def _judged(world: str, seed: int) -> Verdict:
    return judge(small(world), seed)


@pytest.fixture(scope="session")
def market() -> tuple[Log, Judged]:
    return simulate(small("default"), 7)


@pytest.fixture(scope="session")
def verdict() -> Callable[[str, int], Verdict]:
    """A world's name and a seed -> its verdict, computed once."""
    return _judged


@pytest.fixture(scope="session")
def summary(verdict: Callable[[str, int], Verdict]) -> Callable[[str], Summary]:
    """A world's name -> its summary of two seeds."""
    return lambda world: summarise(world, [verdict(world, seed) for seed in (1, 2)])
