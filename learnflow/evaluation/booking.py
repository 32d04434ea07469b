"""The market as the product runs it: the first free candidate is booked, and nobody chooses.

What is known of a pair is what the product hears: the tutor's yes or no, an end, perhaps stars.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import numpy as np

from learnflow.evaluation.market import Market, judged
from learnflow.evaluation.population import Pupil, draw_pupil
from learnflow.evaluation.rows import Floats, Indices, Judged, Log
from learnflow.evaluation.truth import Truth
from learnflow.evaluation.world import World
from learnflow.ranking.learned.base import start
from learnflow.ranking.learned.columns import Floats as Matrix
from learnflow.ranking.learned.examples import Decided, Fact, examples, label
from learnflow.ranking.learned.exploring import NEW_BELOW, PRODUCT, SHOWN, Policy, explore

BEGINS: Final = datetime(2027, 1, 25, tzinfo=UTC)
"""A Monday; week 1 is the one after."""
_LONGEST: Final = 50
"""Candidates that chance may choose from, as on the product's shortlist."""
_NO_CHANCE: Final = Policy(swap=0.0, lift=0.0)
"""For students with few candidates, as in the product."""
Scorer = Callable[[Matrix, Floats], Floats]
"""From features and the rules' scores to scores."""


@dataclass(slots=True, eq=False)
class Bookings:
    """The product's log, and of each booking what only the simulator knows."""

    log: list[Decided] = field(default_factory=list)
    booked: list[int] = field(default_factory=list)
    """The tutor."""
    weeks: list[int] = field(default_factory=list)
    shown: list[Indices] = field(default_factory=list)
    """The tutors, by place."""
    acceptance: list[Floats] = field(default_factory=list)
    """How likely each of those shown would have said yes."""
    worth: list[float] = field(default_factory=list)
    greedy: list[float] = field(default_factory=list)
    """Worth of whom the ranker alone would have booked."""

    def before(self, week: int) -> int:
        """How many decisions were made before a week."""
        return int(np.searchsorted(self.weeks, week))

    @property
    def cost(self) -> float:
        """The share of worth that exploring gave away."""
        return 1 - sum(self.worth) / sum(self.greedy)


def when(week: int, share: float = 0.0) -> datetime:
    """A moment of that week."""
    return BEGINS + timedelta(days=7 * (week + share))


def by_rules(x: Matrix, rules: Floats) -> Floats:
    """The rules' order."""
    del x
    return rules


def book(
    world: World, seed: int, ranker: Scorer = by_rules, policy: Policy = PRODUCT
) -> tuple[Bookings, Judged]:
    """The log of the weeks, and the students of the week after the last to judge by."""
    market = Market.drawn(world, seed)
    found = Bookings()
    for week in range(1, world.weeks + 1):
        market.begin(week)
        for number in range(world.students_a_week):
            moment = when(week, number / world.students_a_week)
            _serve(market, draw_pupil(week, market.rng), moment, week, ranker, policy, found)
    market.begin(world.weeks + 1)
    return found, judged(market)


def _serve(
    market: Market, pupil: Pupil, at: datetime, week: int, ranker: Scorer, policy: Policy,
    found: Bookings,
) -> None:  # fmt: skip
    """Book, ask, and book the next until a tutor says yes."""
    rows, x, rules, true = market.look(pupil)
    scores = ranker(x, rules) if len(rows) else rules
    left = np.argsort(-scores, kind="stable")
    while len(left):
        new = (market.tutors.matches_n[rows[left[:_LONGEST]]] < NEW_BELOW).tolist()
        chance = int(market.rng.integers(2**31))
        listed = explore(new, chance, policy if len(new) >= SHOWN else _NO_CHANCE)
        order = left[list(listed.order)]
        first = int(order[0])
        facts = _ask(market, int(rows[first]), true, first, at, week)
        found.log.append(Decided(x[order], 0, at, facts, listed.propensities))
        found.booked.append(int(rows[first]))
        found.weeks.append(week)
        found.shown.append(rows[order])
        found.acceptance.append(true.acceptance[order])
        found.worth.append(float(true.worth[first]))
        found.greedy.append(float(true.worth[left[0]]))
        if facts[0].kind == "accepted":
            return
        left = left[left != first]


def _ask(market: Market, tutor: int, true: Truth, row: int, at: datetime, week: int) -> list[Fact]:
    """The slot is held; the tutor answers within a day, and lessons begin or the slot is free."""
    rng, world, name = market.rng, market.world, str(market.tutors.ids[tutor])
    market.tutors.matches_n[tutor] += 1
    accepts = rng.random() < (0.8 if world.noise_only else true.acceptance[row])
    answered = at + timedelta(hours=24 * rng.random())
    market.later(week + 1, "accepted_n" if accepts else "declined_n", tutor, 1)
    if not accepts:
        return [Fact(name, "declined", answered)]
    felt = float(true.utility[row] + rng.normal(0, world.person_noise))
    content = float(true.satisfaction[row])
    if world.noise_only:
        felt, content = float(rng.normal()), 0.5
    taught = market.teach(tutor, felt, content, week)
    market.later(taught.ends, "ended_n", tutor, 1)
    facts = [Fact(name, "accepted", answered), Fact(name, "ended", when(taught.ends))]
    if taught.rates:
        facts.append(Fact(name, "rated", when(taught.known), int(taught.stars)))
    return facts


def laid(log: Sequence[Decided], now: datetime) -> Log:
    """The log as the product learns from it: bookings beside each other."""
    found = examples(log, now)
    accepted = np.full(len(found.x), np.nan)
    accepted[found.answered] = found.accepted
    return _log(found.x, found.groups, np.zeros(len(found.x)), found.labels, accepted)


def listed(log: Sequence[Decided], now: datetime) -> Log:
    """The log as lists: all who were shown by place, with a label for the one booked."""
    known = [(one, given) for one in log if (given := label(one, now)) is not None]
    groups = np.array([len(one.x) for one, _ in known])
    labels = [np.where(np.arange(len(one.x)) == one.chosen, given, 0) for one, given in known]
    x = np.vstack([one.x for one, _ in known])
    places = np.concatenate([np.arange(len(one.x)) for one, _ in known])
    return _log(x, groups, places, np.concatenate(labels), np.full(len(x), np.nan))


def _log(x: Matrix, groups: Indices, places: Any, labels: Any, accepted: Floats) -> Log:
    return Log(
        *(x, start(x, weight=1.0), groups, np.repeat(np.arange(len(groups)), groups)),
        tutors=np.full(len(x), -1),
        weeks=np.zeros(len(groups), dtype=np.int64),
        positions=np.asarray(places, dtype=np.int64),
        propensity=np.ones(len(x)),
        labels=np.asarray(labels, dtype=np.int64),
        accepted=accepted,
    )
