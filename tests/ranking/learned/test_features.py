"""What the models see."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from db.matching.store import Asking, Offer
from learnflow.ranking import RuleRanker
from learnflow.ranking.learned.base import start
from learnflow.ranking.learned.catalogue import CONCEPTS, FEATURES, NAMES, schema_hash
from learnflow.ranking.learned.columns import columns, hours, wishes
from learnflow.ranking.learned.features import matrix
from learnflow.ranking.learned.vocabulary import DAYS, GOALS, HOURS
from tests.ranking.learned import people
from tools import feature_docs

WISH = Asking("s", 7, "physics", ["mon-16", "mon-17", "sun-23"], ["de", "xx"], 3, ["exam"])
NEW = Offer("t", 5, 10, 4, 1, ["sun-23", "mon-16", "tue-08"], ["de", "fr"], 2, 6, ["exam"])
OFFER = replace(
    NEW, rating_sum=13, rating_n=3, accepted_n=4, declined_n=1, ended_n=1, matches_n=6,
    days_on_platform=60.0, subjects_n=2,
)  # fmt: skip


def told(wish: Asking, offer: Offer) -> dict[str, float]:
    """One pair's features by name."""
    row = matrix(wishes(wish, people.DAY), columns([offer]))[0]
    return dict(zip(NAMES, row.tolist(), strict=True))


def test_a_pair_is_told_in_these_numbers() -> None:
    found = told(WISH, OFFER)
    expected = {
        "shared_hours": 2, "shared_hours_share": 2 / 3, "shared_days": 2, "shared_languages": 1,
        "shared_goals": 1, "shared_goals_share": 1, "shared_exam": 1, "shared_catch_up": 0,
        "shared_enrichment": 0, "shared_homework": 0, "grades_above_lowest": 2,
        "grades_below_highest": 3, "grades_from_middle": 0.5, "grades_taught": 6,
        "price_within_budget": 2, "price_over_budget": 0, "experience": 6, "rating": 33 / 8,
        "ratings": 3, "acceptance": 0.8, "ended": 2 / 9, "matches": 6, "matches_a_month": 3,
        "days_on_platform": 60, "free_slots": 3, "load": 0.25, "offered_hours": 3,
        "offered_languages": 2, "offered_goals": 1, "offered_subjects": 2, "grade": 7,
        "subject": 6, "budget": 3, "wanted_hours": 3, "wants_exam": 1, "wants_catch_up": 0,
        "wants_enrichment": 0, "wants_homework": 0, "weeks_to_exams": 160 / 7,
    }  # fmt: skip
    assert list(found) == list(expected)
    assert found == pytest.approx(expected, rel=1e-6)


def test_what_was_not_said_is_missing_and_not_zero() -> None:
    bare = replace(NEW, times=[], languages=[], goals=[], price_band=None, experience_years=None)
    found = told(WISH, bare)
    missing = {name for name, value in found.items() if np.isnan(value)}
    said = {feature.name for feature in FEATURES if feature.missing.startswith("NaN")}
    assert missing == said - {"subject", "budget", "wanted_hours"}
    assert np.isnan(
        told(replace(WISH, subject="yoga", budget_band=None, times=()), OFFER)["budget"]
    )


def test_a_matrix_is_rows_of_float32() -> None:
    x = matrix(people.student(1), people.tutors(1, 7))
    assert (x.dtype.name, x.shape, x.flags.c_contiguous) == ("float32", (7, len(FEATURES)), True)
    assert matrix(people.student(1), people.tutors(1, 7).take(slice(0, 0))).shape == (0, 39)


def test_a_tutor_has_the_same_features_alone_and_among_others() -> None:
    asked, market = people.student(2), people.tutors(2, 200)
    whole = matrix(asked, market)
    order = np.random.default_rng(0).permutation(200)
    assert matrix(asked, market.take(order)).tobytes() == whole[order].tobytes()
    alone = np.vstack([matrix(asked, market.take(slice(n, n + 1))) for n in range(200)])
    assert alone.tobytes() == whole.tobytes()


def test_languages_are_told_apart_however_many_there_are() -> None:
    codes = [f"{a}{b}" for a in "abcdefghij" for b in "abcdefghijklmno"]
    many = columns([replace(OFFER, tutor_id=code, languages=[code]) for code in codes])
    x = matrix(wishes(replace(WISH, languages=["jo"]), people.DAY), many)
    assert many.languages.shape == (150, 3)
    assert np.flatnonzero(x[:, NAMES.index("shared_languages")]).tolist() == [codes.index("jo")]


def test_what_is_said_twice_counts_once_and_unknown_words_do_not() -> None:
    said = replace(
        OFFER,
        times=[*OFFER.times, *OFFER.times, "mon-24"],
        languages=[*OFFER.languages, *OFFER.languages],
        goals=[*OFFER.goals, *OFFER.goals, "fame"],
    )
    assert told(WISH, said) == told(WISH, OFFER)


def test_every_hour_of_the_week_has_a_bit_of_its_own() -> None:
    bits = np.array([hours([hour]) for hour in HOURS])
    assert len(np.unique(bits, axis=0)) == 168
    assert np.bitwise_count(bits).sum() == 168
    assert hours(["mon-24", "noon"]).sum() == 0


def test_moving_both_timetables_by_the_same_hours_changes_nothing() -> None:
    def later(times: list[str], by: int) -> list[str]:
        names = list(HOURS)
        return [names[(HOURS[time] + by) % 168] for time in times]

    before = told(WISH, OFFER)
    for by in (24, 48, 6 * 24):
        moved = told(
            replace(WISH, times=later(list(WISH.times), by)),
            replace(OFFER, times=later(list(OFFER.times), by)),
        )
        assert moved == before
    by_one = told(
        replace(WISH, times=later(list(WISH.times), 1)),
        replace(OFFER, times=later(list(OFFER.times), 1)),
    )
    assert by_one["shared_hours"] == before["shared_hours"]


def test_the_start_is_what_the_rules_say() -> None:
    rng = np.random.default_rng(5)
    market = people.offers(rng, 200)
    for number in range(10):
        wish = people.asking(rng, number)
        ruled = {one.tutor_id: one.score for one in RuleRanker().rank(wish, market)}
        found = start(matrix(wishes(wish, people.DAY), columns(market)), weight=1.0)
        assert found == pytest.approx([ruled[offer.tutor_id] for offer in market], abs=1e-5)


def test_nothing_that_names_or_classes_a_person_is_a_feature() -> None:
    words = {word for name in NAMES for word in name.split("_")}
    forbidden = {"name", "gender", "sex", "birth", "age", "address", "city", "photo", "text", "id"}
    assert not words & forbidden
    assert len(NAMES) == len(set(NAMES))
    assert set(GOALS) == {"exam", "catch-up", "enrichment", "homework"}
    assert DAYS[0] == "mon"
    assert set(CONCEPTS) >= {"shared_hours", "rating", "acceptance", "free_slots"}


def test_the_schema_hash_changes_with_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    before = schema_hash()
    other = (replace(FEATURES[0], unit="minutes"), *FEATURES[1:])
    monkeypatch.setattr("learnflow.ranking.learned.catalogue.FEATURES", other)
    assert schema_hash() != before


def test_the_page_of_features_is_the_table() -> None:
    written = Path(feature_docs.PAGE).read_text(encoding="utf-8")
    assert written == feature_docs.page(), "run python -m tools.feature_docs"
