"""Market measures by hand, and verdicts on small worlds (`learnflow evaluate` has the large)."""

from collections.abc import Callable

import numpy as np
import pytest

from learnflow.evaluation.contestants import CONTESTANTS, LEARNED, ORACLE, Entry
from learnflow.evaluation.judging import Verdict, assigned, in_turn
from learnflow.evaluation.market import simulate
from learnflow.evaluation.rows import Judged, Log
from learnflow.evaluation.summary import Summary
from tests.evaluation.conftest import small, tiny

Judging = Callable[[str, int], Verdict]
Summing = Callable[[str], Summary]


def two_students(free: list[int], answers: list[bool]) -> Judged:
    """Both could have tutors 0 and 1: worth .8 and .4, then .6 and .1."""
    worth = np.array([0.8, 0.4, 0.6, 0.1])
    return Judged(
        x=np.zeros((4, 1), dtype=np.float32),
        rules=np.zeros(4),
        groups=np.array([2, 2]),
        students=np.array([0, 0, 1, 1]),
        tutors=np.array([0, 1, 0, 1]),
        worth=worth,
        acceptance=np.ones(4),
        grades=np.array([4, 2, 3, 0]),
        answers=np.array(answers),
        chosen=np.array([0, 0]),
        free=np.array(free),
    )


def test_in_turn_whoever_comes_first_takes_the_slot() -> None:
    judged = two_students([1, 1], [True] * 4)
    turn = in_turn(judged, judged.worth)
    assert turn.tutors == [0, 1]
    assert turn.content == pytest.approx(0.9)
    assert turn.declines == 0


def test_one_who_declines_costs_an_attempt_and_no_slot() -> None:
    judged = two_students([1, 1], [False, True, True, True])
    turn = in_turn(judged, judged.worth)
    assert turn.tutors == [1, 0]
    assert turn.declines == 1


def test_the_assignment_gives_the_slot_to_whom_it_is_worth_most() -> None:
    judged = two_students([1, 1], [True] * 4)
    best = assigned(judged, Entry(judged.worth, judged.worth))
    assert best.tutors.tolist() == [1, 0]
    assert best.total == pytest.approx(1.0)
    wrong = assigned(judged, Entry(judged.worth, np.array([0.9, 0.1, 0.1, 0.1])))
    assert wrong.total == pytest.approx(0.9)


def test_with_infinite_capacity_taking_turns_is_the_best_assignment() -> None:
    _, judged = simulate(tiny("infinite"), 3)
    best = assigned(judged, Entry(judged.worth, judged.worth))
    firsts = [worth.max() for worth in judged.each(judged.worth)]
    assert best.total == pytest.approx(sum(firsts))


def test_every_contestant_has_every_measure_and_the_oracle_is_perfect(verdict: Judging) -> None:
    measures = verdict("default", 1).measures
    assert tuple(measures) == CONTESTANTS
    assert np.nanmin(measures[ORACLE]["ndcg5"]) == pytest.approx(1)
    assert measures[ORACLE]["regret"] == pytest.approx(0)
    assert all(of["regret"][0] >= -1e-9 for of in measures.values())
    assert len({len(of["ndcg5"]) for of in measures.values()}) == 1


def test_the_same_seed_gives_the_same_verdict(verdict: Judging, market: tuple[Log, Judged]) -> None:
    from learnflow.evaluation.contestants import compete

    world = small("default")
    again = [compete(world, *market, seed=7).entries[LEARNED].scores for _ in range(2)]
    assert np.array_equal(again[0], again[1])


def test_the_order_of_contestants_is_what_reason_says(summary: Summing) -> None:
    ndcg = {name: of["ndcg5"].mean for name, of in summary("default").contestants.items()}
    assert ndcg[ORACLE] > ndcg[LEARNED] > ndcg["rules"] > ndcg["random"]
    assert ndcg["rules"] > ndcg["cheapest"]


def test_the_learned_beats_the_rules(summary: Summing) -> None:
    gain = summary("default").differences["learned_minus_rules"]
    assert gain.mean >= 0.03  # and surely above 0 on the large market


def test_acceptance_is_calibrated_and_load_no_worse_than_by_rules(summary: Summing) -> None:
    found = summary("default")
    assert found.ece.mean <= 0.08  # 0.05 on the large market
    assert found.differences["gini_minus_rules"].mean <= 0.03


def test_knowing_places_helps_where_they_decide_what_is_seen(summary: Summing) -> None:
    found = summary("strong").differences["positions_minus_plain"]
    assert found.mean > 0.01  # 0.02 on the large market


def test_places_that_decide_nothing_cost_nothing_to_know(summary: Summing) -> None:
    found = summary("unbiased").differences["positions_minus_plain"]
    assert found.low <= 0 <= found.high
    assert abs(found.mean) <= 0.02  # 0.005 on the large market


def test_from_noise_nothing_is_won(summary: Summing) -> None:
    assert summary("noise").differences["learned_minus_rules"].low <= 0


def test_in_a_linear_world_trees_do_not_beat_the_weighted_sum(summary: Summing) -> None:
    assert summary("linear").differences["learned_minus_logistic_regression"].low <= 0.01


def test_the_summary_says_what_was_asked_for(summary: Summing) -> None:
    found = summary("default")
    plain = found.plain()
    assert set(plain["ndcg5"]) == set(CONTESTANTS)
    assert {"capture", "regret", "ece", "gini"} <= set(plain)
    assert plain["regret"] == pytest.approx(found.contestants[LEARNED]["regret"].mean, abs=1e-5)
    assert found.contestants["random"]["capture"].mean == 0
    assert found.contestants[ORACLE]["capture"].mean == pytest.approx(1)
    assert len(found.gates) == 5
