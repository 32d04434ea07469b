"""What the simulated market leaves behind is what a platform would have, and follows its knobs."""

from collections import Counter
from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from db.matching.store import Asking
from learnflow.evaluation.market import Market, simulate
from learnflow.evaluation.population import draw_pupil
from learnflow.evaluation.rows import Judged, Log
from learnflow.evaluation.truth import take, truth
from learnflow.ranking.learned.catalogue import NAMES
from learnflow.ranking.learned.columns import wishes
from learnflow.ranking.learned.features import matrix
from learnflow.ranking.learned.identifying import identifiable
from tests.evaluation.conftest import small, tiny

Drawn = tuple[Log, Judged]


def test_the_same_seed_gives_the_same_market_and_another_another(market: Drawn) -> None:
    again, _ = simulate(small("default"), 7)
    other, _ = simulate(tiny("default"), 8)
    third, _ = simulate(tiny("default"), 9)
    assert np.array_equal(market[0].x, again.x, equal_nan=True)
    assert np.array_equal(market[0].labels, again.labels)
    assert not np.array_equal(other.labels[:500], third.labels[:500])


def test_a_label_says_how_far_it_went(market: Drawn) -> None:
    log, _ = market
    asked = ~np.isnan(log.accepted)
    assert (asked == (log.labels >= 2)).all()
    assert ((log.accepted == 1) == (log.labels >= 3)).all()
    assert set(Counter(log.labels.tolist())) == {0, 1, 2, 3, 4}


def test_places_count_from_0_and_no_tutor_is_shown_twice(market: Drawn) -> None:
    log, _ = market
    for places, tutors in zip(log.each(log.positions), log.each(log.tutors), strict=True):
        assert places.tolist() == list(range(len(places)))
        assert len(set(tutors.tolist())) == len(tutors) <= 10


def test_a_propensity_is_a_probability_and_the_first_place_is_certain(market: Drawn) -> None:
    log, _ = market
    assert ((log.propensity > 0) & (log.propensity < 1 + 1e-9)).all()
    assert log.propensity[log.positions == 0] == pytest.approx(1)
    assert (log.propensity < 0.2).any()


def test_the_log_tells_places_from_tutors_only_where_chance_moved_somebody(market: Drawn) -> None:
    log, _ = market
    assert identifiable(log.each(log.propensity), range(1, 6))
    fixed, _ = simulate(replace(tiny("default"), swapped=0.0, lifted=0.0), 3)
    assert not identifiable(fixed.each(fixed.propensity), range(1, 6))


def test_what_is_too_young_to_know_is_left_out_of_training(market: Drawn) -> None:
    log, _ = market
    mature = log.of_weeks(1, 10)
    assert set(mature.weeks.tolist()) == set(range(1, 11))
    assert mature.groups.sum() == len(mature.x) < len(log.x)
    assert (mature.labels == log.labels[: len(mature.labels)]).all()


@pytest.mark.parametrize("exponent", [0.0, 1.0])
def test_places_are_seen_as_often_as_the_bias_says(exponent: float) -> None:
    log, _ = simulate(replace(tiny("default"), position_bias=exponent), 3)
    seen = log.labels[log.positions == 4] > 0
    assert seen.mean() == pytest.approx(5.0**-exponent, abs=0.06)


def test_noise_labels_say_nothing_about_the_pair() -> None:
    log, _ = simulate(tiny("noise"), 3)
    rating, wanted = log.x[:, NAMES.index("rating")], log.labels >= 2
    first = log.positions == 0
    assert abs(np.corrcoef(rating[first], wanted[first])[0, 1]) < 0.1


def test_the_linear_world_is_a_weighted_sum_of_what_is_seen() -> None:
    market = Market.drawn(small("linear"), 4)
    rng = np.random.default_rng(0)
    pupils = [draw_pupil(3, rng) for _ in range(150)]
    looks = [look for pupil in pupils if len((look := market.look(pupil))[0])]
    x = np.vstack([look[1] for look in looks]).astype(np.float64)
    utility = np.concatenate([look[3].utility for look in looks])
    columns = np.hstack([np.nan_to_num(x), np.isnan(x), np.ones((len(x), 1))])
    fitted = columns @ np.linalg.lstsq(columns, utility)[0]
    assert np.abs(fitted - utility).max() < 1e-4


def test_the_default_world_is_no_weighted_sum_of_what_is_seen(market: Drawn) -> None:
    _, judged = market
    x = judged.x.astype(np.float64)
    columns = np.hstack([np.nan_to_num(x), np.isnan(x), np.ones((len(x), 1))])
    fitted = columns @ np.linalg.lstsq(columns, judged.worth)[0]
    explained = 1 - np.var(judged.worth - fitted) / np.var(judged.worth)
    assert explained < 0.8


def test_only_free_tutors_who_fit_are_candidates() -> None:
    market = Market.drawn(small("default"), 5)
    rng = np.random.default_rng(1)
    tutors, found = market.tutors, 0
    for _ in range(60):
        pupil = draw_pupil(2, rng)
        rows = market.feasible(pupil)
        found += len(rows)
        assert market.hidden.teaches[rows, pupil.subject].all()
        assert (tutors.held[rows] < tutors.capacity[rows]).all()
        assert not (tutors.price_band[rows] > pupil.seen.budget_band).any()
        assert (tutors.grade_min[rows] <= pupil.seen.grade).all()
        assert (tutors.days_on_platform[rows] > 0).all()
        if pupil.seen.times.any():
            assert (tutors.times[rows] & pupil.seen.times).any(axis=1).all()
    assert found > 300


def test_nobody_is_full_where_capacity_is_infinite() -> None:
    _, judged = simulate(tiny("infinite"), 3)
    assert judged.free.min() > 1_000


def test_what_is_hidden_moves_the_truth_and_no_feature() -> None:
    market = Market.drawn(small("default"), 6)
    pupil = draw_pupil(2, np.random.default_rng(2))
    rows = market.feasible(pupil)
    some = market.tutors.take(rows)
    x = matrix(pupil.seen, some)
    before = truth(market.world, pupil, some, take(market.hidden, rows), x).worth
    market.hidden.skill[:] += 1
    after = truth(market.world, pupil, some, take(market.hidden, rows), x).worth
    assert (after > before).all()
    assert np.array_equal(x, matrix(pupil.seen, market.tutors.take(rows)), equal_nan=True)


def test_a_drawn_student_is_one_that_the_product_could_have() -> None:
    pupil = draw_pupil(3, np.random.default_rng(0)).seen
    asking = Asking("s", int(pupil.grade), pupil.subject, (), pupil.languages, None, ())
    made = wishes(asking, date(2027, 2, 22))
    assert (made.grade, made.subject, made.languages) == (
        pupil.grade,
        pupil.subject,
        pupil.languages,
    )
    assert pupil.day_of_year == made.day_of_year
