"""The market, week by week: students come, are shown tutors, ask, are accepted, are content."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from learnflow.evaluation.population import Hidden, Pupil, draw_pupil, draw_tutors
from learnflow.evaluation.rows import Floats, Indices, Judged, Log, stacked
from learnflow.evaluation.truth import QUANTILES, Truth, take, truth
from learnflow.evaluation.world import World
from learnflow.ranking.learned.base import start
from learnflow.ranking.learned.columns import Floats as Matrix
from learnflow.ranking.learned.columns import Tutors, languages
from learnflow.ranking.learned.exploring import NEW_BELOW, Policy, explore
from learnflow.ranking.learned.features import matrix

_WEEKS_OF_LESSONS: Final = 10.0


@dataclass(frozen=True, slots=True)
class Taught:
    """What lessons will come to: stars, told in week `known` if at all, and their last week."""

    stars: float
    known: int
    rates: bool
    early: bool
    ends: int


@dataclass(slots=True, eq=False)
class Market:
    """Tutors as they are now, and what will become known in later weeks."""

    world: World
    rng: np.random.Generator
    tutors: Tutors
    hidden: Hidden
    due: dict[int, list[tuple[str, int, float]]] = field(default_factory=lambda: defaultdict(list))
    """Week -> (column, tutor, how much more)."""

    @classmethod
    def drawn(cls, world: World, seed: int) -> "Market":
        """A market before its first week."""
        rng = np.random.default_rng(seed)
        tutors, hidden = draw_tutors(world, rng)
        market = cls(world, rng, tutors, hidden)
        for tutor in np.flatnonzero(tutors.held):
            for _ in range(int(tutors.held[tutor])):
                market.later(market.lasts(), "held", int(tutor), -1)
        return market

    def lasts(self) -> int:
        """Weeks of a match that goes well."""
        return 1 + int(self.rng.exponential(_WEEKS_OF_LESSONS))

    def later(self, week: int, column: str, tutor: int, more: float) -> None:
        """Something that becomes known, or happens, in that week."""
        self.due[week].append((column, tutor, more))

    def begin(self, week: int) -> None:
        """What was due is known, everybody is a week older, and tutors change a little."""
        for column, tutor, more in self.due.pop(week, ()):
            getattr(self.tutors, column)[tutor] += more
        self.tutors.days_on_platform[:] += 7
        drift = self.rng.normal(0, self.world.skill_drift, self.hidden.skill.shape)
        self.hidden.skill[:] += drift

    def teach(self, tutor: int, felt: float, content: float, week: int) -> "Taught":
        """Lessons that begin in that week, with the stars and the end that will be known later."""
        rng = self.rng
        self.tutors.held[tutor] += 1
        stars = float(np.clip(np.round(3.6 + 0.9 * felt + rng.normal(0, 0.6)), 1, 5))
        known = week + 1 + int(rng.lognormal(0.0, 0.7))
        rates = rng.random() < (0.2 if stars in (3, 4) else 0.45)
        if rates:
            self.later(known, "rating_sum", tutor, stars)
            self.later(known, "rating_n", tutor, 1)
        early = rng.random() < 0.5 * (1 - content)
        ends = week + (1 + int(rng.integers(3)) if early else self.lasts())
        self.later(ends, "held", tutor, -1)
        return Taught(stars, known, rates, early, ends)

    def feasible(self, pupil: Pupil) -> Indices:
        """Tutors who could take this student now, by the hard constraints that SQL has."""
        every, seen = self.tutors, pupil.seen
        rows = np.flatnonzero(
            self.hidden.teaches[:, pupil.subject]
            & (every.days_on_platform > 0)
            & (every.held < every.capacity)
            & (seen.grade >= every.grade_min)
            & (seen.grade <= every.grade_max)
            & ~(every.price_band > seen.budget_band)
        )
        spoken = every.languages[rows]
        known = languages(seen.languages, every.language_codes)
        fits = (spoken & known).any(axis=1) | (not seen.languages) | ~spoken.any(axis=1)
        if seen.times.any():
            fits &= (every.times[rows] & seen.times).any(axis=1)
        return rows[fits]

    def look(self, pupil: Pupil) -> tuple[Indices, Matrix, Floats, Truth]:
        """Who could, as features, as the rules score them, and as they are."""
        rows = self.feasible(pupil)
        tutors = self.tutors.take(rows)
        x = matrix(pupil.seen, tutors)
        true = truth(self.world, pupil, tutors, take(self.hidden, rows), x)
        return rows, x, start(x, weight=1.0), true


def simulate(world: World, seed: int) -> tuple[Log, Judged]:
    """The log of the weeks, and the students of the week after the last to judge by."""
    market = Market.drawn(world, seed)
    shown: list[tuple[NDArray[Any], ...]] = []
    for week in range(1, world.weeks + 1):
        market.begin(week)
        for _ in range(world.students_a_week):
            served = _serve(market, draw_pupil(week, market.rng), week)
            if served is not None:
                shown.append(served)
    market.begin(world.weeks + 1)
    return _log(shown), judged(market)


def _serve(market: Market, pupil: Pupil, week: int) -> tuple[NDArray[Any], ...] | None:
    world, rng = market.world, market.rng
    rows, x, rules, true = market.look(pupil)
    if len(rows) < 2:
        return None
    listed, propensity = _listed(market, rows, rules)
    tutors, n = rows[listed], len(listed)
    wanted = true.utility[listed] + rng.normal(0, world.person_noise, n)
    seen = rng.random(n) < (1.0 + np.arange(n)) ** -world.position_bias
    asked = np.where(rng.random(n) < world.random_requests, rng.random(n) < 0.5, wanted > 0)
    if world.noise_only:
        asked, wanted = rng.random(n) < 0.4, rng.normal(size=n)
    asked &= seen
    accepts = rng.random(n) < (0.8 if world.noise_only else true.acceptance[listed])
    labels = seen.astype(np.int64) + asked + (asked & accepts)
    for place in np.flatnonzero(asked):
        market.tutors.matches_n[tutors[place]] += 1
        answer = "accepted_n" if accepts[place] else "declined_n"
        market.later(week + 1, answer, int(tutors[place]), 1)
    taken = np.flatnonzero(asked & accepts)
    if len(taken):
        best = int(taken[wanted[taken].argmax()])
        content = 0.5 if world.noise_only else float(true.satisfaction[listed[best]])
        labels[best] += _lessons(market, int(tutors[best]), float(wanted[best]), content, week)
    accepted = np.where(asked, accepts, np.nan)
    return (
        *(x[listed], rules[listed], np.array([n]), tutors, np.array([week])),
        *(np.arange(n), propensity, labels, accepted),
    )


def _listed(market: Market, rows: Indices, rules: Floats) -> tuple[Indices, Floats]:
    """The rules' best with a little chance, as the product shows them."""
    world = market.world
    order = np.argsort(-rules, kind="stable")
    new = (market.tutors.matches_n[rows[order]] < NEW_BELOW).tolist()
    policy = Policy(swap=world.swapped, lift=world.lifted)
    found = explore(new, int(market.rng.integers(2**31)), policy, world.shown)
    return order[list(found.order)], np.array(found.propensities)


def _lessons(market: Market, tutor: int, felt: float, content: float, week: int) -> int:
    """A match that begins: 1 where it is known to be a success before the log ends."""
    rng, taught = market.rng, market.teach(tutor, felt, content, week)
    if taught.early:
        market.later(taught.ends, "ended_n", tutor, 1)
    lessons = rng.random() < 0.4 + 0.6 * content
    pleased = (taught.rates and taught.stars >= 4) or rng.random() < content
    return int(lessons and pleased and taught.known <= market.world.weeks)


def judged(market: Market) -> Judged:
    """Students of one week, all of whom meet the tutors as they are when it begins."""
    world, rng = market.world, market.rng
    parts: list[tuple[NDArray[Any], ...]] = []
    chosen = []
    for _ in range(world.judged_students):
        pupil = draw_pupil(world.weeks + 1, rng)
        rows, x, rules, true = market.look(pupil)
        if len(rows) < 2:
            continue
        answers = rng.random(len(rows)) < true.acceptance
        felt = true.utility + rng.normal(0, world.person_noise, len(rows))
        chosen.append(int(np.where(answers, felt, felt - 100).argmax()))
        parts.append((x, rules, np.array([len(rows)]), rows, true.worth, true.acceptance, answers))
    column = stacked(parts)
    worth, tutors, groups = column(4), column(3), column(2)
    return Judged(
        *(column(0), column(1), groups, np.repeat(np.arange(len(groups)), groups), tutors),
        worth=worth,
        acceptance=column(5),
        grades=np.searchsorted(np.quantile(worth, QUANTILES), worth),
        answers=column(6),
        chosen=np.array(chosen),
        free=(market.tutors.capacity - market.tutors.held).astype(np.int64),
    )


def _log(shown: list[tuple[NDArray[Any], ...]]) -> Log:
    column = stacked(shown)
    groups = column(2)
    return Log(
        *(column(0), column(1), groups, np.repeat(np.arange(len(groups)), groups), column(3)),
        weeks=column(4),
        positions=column(5),
        propensity=column(6),
        labels=column(7),
        accepted=column(8),
    )
