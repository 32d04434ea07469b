"""What the history keeps of a choice, and what is said of it later."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic_core import from_json

from db.matching.history import Basis, Outcome, PastMatch
from db.matching.store import Asking, Offer
from learnflow.ranking import RuleRanker
from learnflow.ranking.explaining import explained
from learnflow.ranking.learned.catalogue import schema_hash
from learnflow.ranking.ranker import Suggestion
from learnflow.ranking.recording import Chance, Shadow, basis, shown

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def one(tutor: str, **parts: float) -> Suggestion:
    """A suggestion whose score is the sum of its parts."""
    return Suggestion(tutor, sum(parts.values()), parts)


def told(kept: Basis, tutor: str, *kinds: str, **now: Any) -> dict[str, Any]:
    """The explanation of a match with this tutor."""
    facts: dict[str, Any] = {"round_now": 1, "request_state": "matched", "withdrawn": False,
                             "confirmed": True}  # fmt: skip
    match = PastMatch("m", "s", 1, tutor, NOW, kept.ranker, kept.candidates, kept.place,
                      kept.shown, None, None, **{**facts, **now})  # fmt: skip
    return explained(match, [Outcome(kind, None, None, NOW) for kind in kinds], None)


def ranking(count: int) -> list[Suggestion]:
    """Tutors t1, t2, … each a little worse."""
    return [one(f"t{n}", experience=1 - n / 100, free_slots=1.0) for n in range(1, count + 1)]


def test_what_is_kept_reads_back_and_is_compact() -> None:
    many = ranking(40)
    kept = basis(RuleRanker(), many, 40, many[0])
    assert [c.tutor_id for c in shown(kept.shown or "").candidates] == [
        f"t{n}" for n in range(1, 11)
    ]
    assert shown(kept.shown or "").most == {"experience": 1.0, "free_slots": 1.0}
    assert len(kept.shown or "") < 500


def test_one_chosen_far_down_is_shown_beside_the_best() -> None:
    many = ranking(40)
    kept = basis(RuleRanker(), many, 40, many[22])
    found = [c.tutor_id for c in shown(kept.shown or "").candidates]
    assert (kept.place, found[0], found[-1], len(found)) == (23, "t1", "t23", 10)
    assert told(kept, "t23")["runner_up"]["decided_by"] == [{"code": "no_slot", "value": None}]


def test_one_found_by_a_wider_look_has_no_place() -> None:
    kept = basis(RuleRanker(), ranking(3), 3, one("x", experience=0.1, free_slots=0.1))
    answer = told(kept, "x")
    assert (answer["place"], answer["candidates"], answer["score"]) == (None, 3, 0.2)
    assert (answer["runner_up"]["tutor_id"], answer["runner_up"]["place"]) == ("t1", 1)


def test_a_tie_is_said_to_be_one() -> None:
    both = [one("a", experience=1.0), one("b", experience=1.0)]
    answer = told(basis(RuleRanker(), both, 2, both[0]), "a")
    assert answer["runner_up"]["decided_by"] == [{"code": "same_score", "value": None}]


def test_a_tutor_whom_chance_put_ahead_is_said_to_be_one() -> None:
    both = [one("a", experience=0.5), one("b", experience=1.0)]
    for explored, code in ((True, "explored"), (False, None)):
        kept = basis(RuleRanker(), both, 2, both[0], Chance((0.1, 0.1), explored, 7))
        found = told(kept, "a")["runner_up"]["decided_by"]
        assert found == ([{"code": code, "value": None}] if code else [])


def test_one_speaks_against_however_many_could() -> None:
    both = [one("a", distance=2.0, rating=-0.5, experience=-0.7)]
    assert told(basis(RuleRanker(), both, 1, both[0]), "a")["reasons"]["against"] == [
        {"code": "experience", "value": -0.7}
    ]


def test_chance_and_shadow_are_kept_and_one_chosen_from_further_down_has_no_propensity() -> None:
    many, likely = ranking(40), tuple(n / 100 for n in range(90, 80, -1))
    chance, shadow = Chance(likely, True, 2**47), Shadow("learned-1", [("t2", 1.23456)])
    near = from_json(basis(RuleRanker(), many, 40, many[3], chance, shadow).shown or "")
    assert near["propensities"] == list(likely)
    assert (near["explored"], near["seed"]) == (True, 2**47)
    assert near["shadow"] == {"model": "learned-1", "tutors": [["t2", 1.2346]]}
    far = from_json(basis(RuleRanker(), many, 40, many[22], chance).shown or "")
    assert far["propensities"] == [*likely[:9], None]
    alone = from_json(basis(RuleRanker(), many, 40, many[0]).shown or "")
    assert (alone["propensities"], alone["explored"]) == ([1.0] * 10, False)


def test_features_are_kept_whole_or_not_at_all() -> None:
    many = [replace(each, features=b"abcd") for each in ranking(3)]
    kept = basis(RuleRanker(), many, 3, many[0])
    assert (kept.features, kept.features_schema) == (b"abcd" * 3, schema_hash())
    some = basis(RuleRanker(), [many[0], *ranking(3)[1:]], 3, many[0])
    assert (some.features, some.features_schema) == (None, None)


def test_what_takes_away_speaks_against() -> None:
    """A learned ranker's contributions may be below zero and have no bound."""
    both = [one("a", distance=2.0, rating=-0.5)]
    assert told(basis(RuleRanker(), both, 1, both[0]), "a")["reasons"] == {
        "in_favour": [{"code": "distance", "value": 2.0}],
        "against": [{"code": "rating", "value": -0.5}],
    }


@pytest.mark.parametrize(
    ("kinds", "now", "state"),
    [
        ((), {"confirmed": False}, "held"),
        ((), {}, "booked"),
        (("rated",), {}, "booked"),
        (("accepted",), {}, "accepted"),
        (("ended", "accepted"), {"request_state": "closed", "confirmed": None}, "ended"),
        (("accepted",), {"request_state": "closed", "confirmed": None}, "ended"),
        (("declined",), {"round_now": 2, "confirmed": None}, "declined"),
        ((), {"round_now": 2, "confirmed": None}, "replaced"),
        (("accepted",), {"round_now": 2, "withdrawn": True}, "closed"),
    ],
)
def test_the_state_follows_outcomes_request_and_hold(
    kinds: tuple[str, ...], now: dict[str, Any], state: str
) -> None:
    kept = Basis("rules-1", 1)
    assert told(kept, "t", *kinds, **now)["state"] == state


def test_a_match_of_before_the_history_has_no_reasons() -> None:
    answer = told(Basis("rules-1", 0), "t")
    assert (answer["score"], answer["reasons"], answer["runner_up"]) == (None, None, None)


def test_every_suggestion_for_one_wish_has_the_same_parts() -> None:
    wish = Asking("s", 7, "physics", ["mon-16"], [], 3, [])
    offers = [
        Offer("a", 1, 12, 3, 0, [], [], None, None, []),
        Offer("b", 7, 7, 1, 0, ["mon-16"], ["en"], 5, 20, ["exam"]),
    ]
    parts = [list(found.weighed) for found in RuleRanker().rank(wish, offers)]
    expected = ["shared_hours", "within_budget", "experience", "grade_focus", "free_slots"]
    assert parts == [expected, expected]
