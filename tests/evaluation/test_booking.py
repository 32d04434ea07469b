"""The market as the product runs it: what its log holds, can teach, and costs."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from learnflow.evaluation import booking
from learnflow.evaluation.booking import Bookings, book, laid, listed, when
from learnflow.evaluation.contestants import LEARNED, PLAIN
from learnflow.evaluation.judging import judge
from learnflow.evaluation.market import Market
from learnflow.evaluation.rows import Judged
from learnflow.evaluation.summary import Summary, summarise
from learnflow.evaluation.world import WORLDS, smaller
from learnflow.ranking.intervals import Floats, interval
from learnflow.ranking.learned.base import start
from learnflow.ranking.learned.boosting import Model
from learnflow.ranking.learned.catalogue import NAMES
from learnflow.ranking.learned.columns import Floats as Matrix
from learnflow.ranking.learned.exploring import SHOWN, Policy
from learnflow.ranking.learned.training import train_ranking
from learnflow.ranking.off_policy import doubly_robust, effective, estimate, weights
from tests.evaluation.conftest import small, tiny

Summing = Callable[[str], Summary]
IMPRESSIONS = 3
"""How often a new tutor is to be among the first ten within 14 days."""
FORTNIGHT = 2


@cache
def booked(seed: int = 7) -> tuple[Bookings, Judged]:
    return book(small("booked"), seed)


@cache
def taught() -> booking.Scorer:
    """What the first market's log teaches."""
    log = laid(booked()[0].log, when(13))
    model = Model(train_ranking(log.x, log.labels, log.groups, init_score=start(log.x)))
    return lambda x, rules: 0.1 * rules + model.scores(x)


@cache
def second() -> Bookings:
    """The market whose ranker learned from the first."""
    return book(small("booked"), 7, taught())[0]


def test_the_same_seed_books_the_same() -> None:
    (found, _), (again, _), (other, _) = (book(tiny("booked"), seed) for seed in (7, 7, 8))
    assert found.booked == again.booked != other.booked
    assert all(a.facts == b.facts for a, b in zip(again.log, found.log, strict=True))


def test_a_no_is_followed_by_another_and_a_yes_by_none() -> None:
    log = booked()[0].log
    students = len({one.decided_at for one in log})
    said = [one.facts[0].kind for one in log]
    assert set(said) == {"accepted", "declined"}
    assert said.count("accepted") <= students < len(log)
    for one, following in pairwise(log):
        same = following.decided_at == one.decided_at
        assert not (same and one.facts[0].kind == "accepted")


def test_a_decision_is_logged_as_the_product_logs_it() -> None:
    for one in booked()[0].log:
        assert one.chosen == 0
        assert 1 <= len(one.x) <= 10
        assert one.x.dtype == np.float32
        assert one.propensities is not None
        assert len(one.propensities) == len(one.x)
        kinds = [fact.kind for fact in one.facts]
        assert kinds[0] == "declined" or kinds[:2] == ["accepted", "ended"]
        assert all(fact.at > one.decided_at for fact in one.facts)


def test_nobody_holds_more_than_there_are_slots() -> None:
    _, judged = booked()
    assert judged.free.min() >= 0


def test_bookings_beside_each_other_teach_and_lists_do_not(summary: Summing) -> None:
    found = summary("booked")
    assert found.learned == PLAIN
    gain = found.differences["learned_minus_rules"]
    assert gain.mean >= 0.03  # and surely above 0 on the large market
    of = {name: measures["ndcg5"].mean for name, measures in found.contestants.items()}
    assert of[PLAIN] > of[LEARNED] + 0.03
    assert abs(of[LEARNED] - of["rules"]) < 0.06


def test_from_bookings_that_were_luck_nothing_is_won() -> None:
    world = replace(small("noise"), booked=True)
    found = summarise("noise", [judge(world, 1)])
    assert found.differences["learned_minus_rules"].low <= 0


def test_exploring_costs_at_most_a_hundredth() -> None:
    assert abs(booked()[0].cost) <= 0.01
    assert second().cost <= 0.015  # 0.01 on the large market
    greedy, _ = book(small("booked"), 7, taught(), Policy(0, 0, first=1))
    assert greedy.cost == 0


@pytest.mark.parametrize("market", [lambda: booked()[0], second], ids=["rules", "learned"])
def test_a_new_tutor_is_soon_among_those_shown(market: Callable[[], Bookings]) -> None:
    seen = impressions(market())
    assert len(seen) > 20
    assert np.mean(seen >= IMPRESSIONS) >= 0.75


def impressions(found: Bookings) -> NDArray[np.int64]:
    """How often each tutor who joined in weeks 1 to 9 was shown in the two weeks after."""
    days = Market.drawn(small("booked"), 7).tutors.days_on_platform
    since = {t: 1 + int(-days[t] // 7) for t in np.flatnonzero((days <= 0) & (days > -63)).tolist()}
    seen = dict.fromkeys(since, 0)
    for week, tutors in zip(found.weeks, found.shown, strict=True):
        for tutor in tutors.tolist():
            if tutor in since and since[tutor] <= week < since[tutor] + FORTNIGHT:
                seen[tutor] += 1
    return np.array(list(seen.values()))


def test_new_tutors_are_booked_at_least_half_as_often_as_they_are_shown() -> None:
    found = second()
    place = NAMES.index("matches")
    shown = np.mean([np.mean(one.x[:, place] < 5) for one in found.log])
    first = np.mean([one.x[0, place] < 5 for one in found.log])
    assert 0.5 <= first / shown <= 1.5


def test_the_learned_spreads_bookings_like_what_is_best_and_no_worse(summary: Summing) -> None:
    gini = {name: of["gini"].mean for name, of in summary("booked").contestants.items()}
    assert gini[PLAIN] <= gini["oracle"] + 0.05


class Elsewhere:
    """A log in which half of the bookings went to the second best, and another ranker."""

    def __init__(self) -> None:
        policy = Policy(0.5, 0.0, first=1, last=2)
        world = smaller(WORLDS["booked"], 600, 170, 20)  # most have ten candidates
        self.found, _ = book(world, 11, policy=policy)
        self.rows = [n for n, one in enumerate(self.found.log) if len(one.x) == SHOWN]
        self.choice = np.array([self.chosen(self.found.log[n].x[:2]) for n in self.rows])
        self.agrees = self.choice == 0
        log = [self.found.log[n] for n in self.rows]
        self.chances = np.array([one.propensities[0] for one in log if one.propensities])
        self.rewards = np.array([one.facts[0].kind == "accepted" for one in log], dtype=np.float64)
        true = [self.found.acceptance[n] for n in self.rows]
        both = zip(true, self.choice, strict=True)
        self.value = float(np.mean([chances[at] for chances, at in both]))
        opposite = zip(true, 1 - self.choice, strict=True)
        self.opposite = float(np.mean([chances[at] for chances, at in opposite]))

    @staticmethod
    def chosen(x: Matrix) -> int:
        """The one of two who said yes more often."""
        return int(x[:, NAMES.index("acceptance")].argmax())

    def said(self) -> tuple[Floats, Floats]:
        """What a rough model says of who was booked, and of whom the other would have booked."""
        acceptance = NAMES.index("acceptance")
        two = [self.found.log[n].x[:2, acceptance] for n in self.rows]
        other = [rows[at] for rows, at in zip(two, self.choice, strict=True)]
        return np.array([rows[0] for rows in two]), np.array(other)


@cache
def elsewhere() -> Elsewhere:
    return Elsewhere()


def test_the_value_of_another_ranker_is_found_in_the_log() -> None:
    case = elsewhere()
    found = estimate(case.agrees, case.chances, case.rewards)
    said, other = case.said()
    robust = doubly_robust(case.agrees, case.chances, case.rewards, said, other)
    weighed = weights(case.agrees, case.chances)
    ips = interval([np.column_stack([weighed * case.rewards])])
    snips = interval([np.column_stack([weighed * case.rewards, weighed])], ratio)
    each = other + weighed * (case.rewards - said)
    dr = interval([np.column_stack([each])])
    for given, sure in ((found.ips, ips), (found.snips, snips), (robust, dr)):
        assert given == pytest.approx(sure.mean)
        assert sure.low <= case.value <= sure.high
    assert snips.low > case.opposite  # and not that of who would choose the other of the two
    assert dr.low > case.opposite
    assert dr.high - dr.low < ips.high - ips.low


def ratio(means: Floats) -> Floats:
    """The first column per second."""
    return means[..., 0] / means[..., 1]


def test_a_short_log_is_worth_too_few_decisions_to_judge_by() -> None:
    case = elsewhere()
    weighed = weights(case.agrees, case.chances)
    assert effective(weighed) >= 500
    assert effective(weighed[:600]) < 500


def test_what_lists_hold_of_the_booked_is_what_bookings_hold() -> None:
    log = booked()[0].log
    lists, rows = listed(log, when(13)), laid(log, when(13))
    assert sorted(lists.labels[lists.labels > 0]) == sorted(rows.labels[rows.labels > 0])
    assert set(np.flatnonzero(lists.labels)) <= set(np.flatnonzero(lists.positions == 0))
