"""A little chance in what is shown, so that the log can tell a tutor's worth from their place.

Pure: the same seed gives the same choice, and what is returned is all that must be logged.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from learnflow.ranking.learned.drawing import chosen

SHOWN: Final = 10
NEW_BELOW: Final = 5
"""A tutor with fewer matches than this is new."""


@dataclass(frozen=True, slots=True)
class Policy:
    """How much chance: the probabilities of swapping two neighbours and of lifting a new tutor."""

    swap: float = 0.05
    lift: float = 0.05
    first: int = 2
    """The best place (from 1) that may change; 1 lets chance decide who is booked."""
    last: int = 6
    """The last place that is swapped with the one before it."""
    lift_to: tuple[int, ...] = (3, 4, 5)
    """The places (from 1) that a new tutor may be lifted to."""
    reach: int = 30
    """A new tutor is lifted from among the first so many."""


PRODUCT: Final = Policy(swap=0.05, lift=0.02, first=1, last=2, lift_to=(1,), reach=10)
"""What match_student does: place 1 is booked, so only chance that reaches it teaches; its cost and
its gain are in docs/decisions/0017."""


@dataclass(frozen=True, slots=True)
class Exploration:
    """What is shown, as places of the greedy order, and how likely each was to be there."""

    order: tuple[int, ...]
    propensities: tuple[float, ...]
    explored: bool
    seed: int


def explore(
    new: Sequence[bool], seed: int, policy: Policy = Policy(), shown: int = SHOWN
) -> Exploration:
    """The first `shown` places of a greedy order, with one small change once in a while.

    `new[i]` says whether the tutor at greedy place i (from 0) is new. A propensity is the
    probability, over all seeds, that the tutor shown at that place is shown there.
    """
    moved = tuple(new[: max(policy.reach, shown)])  # nobody further down can be
    orders, chances, likely = _orders(moved, policy, min(shown, len(new)))
    taken = chosen(chances, seed)
    return Exploration(orders[taken], likely[taken], explored=taken > 0, seed=seed)


@lru_cache(maxsize=512)
def _orders(
    new: tuple[bool, ...], policy: Policy, shown: int
) -> tuple[list[tuple[int, ...]], list[float], list[tuple[float, ...]]]:
    """Every order that can be shown, how likely each is, and the propensities of its places."""
    outcomes = list(_outcomes(new, policy, shown))
    likely = [
        tuple(
            sum(chance for chance, other in outcomes if other[place] == tutor)
            for place, tutor in enumerate(order)
        )
        for _, order in outcomes
    ]
    return [order for _, order in outcomes], [chance for chance, _ in outcomes], likely


def _outcomes(
    new: Sequence[bool], policy: Policy, shown: int
) -> Iterator[tuple[float, tuple[int, ...]]]:
    """Every order that can be shown with its probability; the greedy one first."""
    greedy = list(range(len(new)))
    last = min(policy.last, shown)
    swaps = [(place, place + 1) for place in range(policy.first - 1, last - 1)]
    targets = [place - 1 for place in policy.lift_to if policy.first <= place <= shown]
    lifts = [
        (tutor, target)
        for tutor in greedy[: policy.reach]
        for target in targets
        if new[tutor] and tutor > max(targets)
    ]
    swap, lift = policy.swap * bool(swaps), policy.lift * bool(lifts)
    yield 1 - swap - lift, tuple(greedy[:shown])
    for a, b in swaps:
        order = greedy.copy()
        order[a], order[b] = order[b], order[a]
        yield swap / len(swaps), tuple(order[:shown])
    for tutor, target in lifts:
        order = greedy.copy()
        order.insert(target, order.pop(tutor))
        yield lift / len(lifts), tuple(order[:shown])
