"""The learned ranker: an order that is total, fair to each tutor and explained."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from db.matching.store import Asking, Offer
from learnflow.ranking import RuleRanker
from learnflow.ranking.learned.artifact import Fusion, Origin, make
from learnflow.ranking.learned.boosting import Model, Scores
from learnflow.ranking.learned.catalogue import CONCEPTS, NAMES
from learnflow.ranking.learned.columns import Floats, Tutors, hours
from learnflow.ranking.learned.features import matrix
from learnflow.ranking.learned.loading import Loaded, load
from learnflow.ranking.learned.ranker import EXPLAINED, LearnedRanker
from learnflow.ranking.learned.scoring import best, score, weigh
from learnflow.ranking.learned.training import Params, train_acceptance, train_ranking
from learnflow.ranking.learned.vocabulary import HOURS
from learnflow.ranking.ranker import Ranker, Suggestion
from learnflow.ranking.recording import basis, shown
from tests.ranking.learned import people

COUNT = 120


def ranked(model: Loaded, wish: Asking, offers: Sequence[Offer]) -> list[Suggestion]:
    """What the ranker suggests on a fixed day."""
    return LearnedRanker(model, today=lambda: people.DAY).rank(wish, offers)


@pytest.fixture
def chance() -> np.random.Generator:
    return np.random.default_rng(21)


def test_it_is_a_ranker(model: Loaded, chance: np.random.Generator) -> None:
    ranker: Ranker = LearnedRanker(model)
    (only,) = ranker.rank(people.asking(chance), people.offers(chance, 1))
    assert (only.tutor_id, list(only.weighed)) == ("t00000", list(CONCEPTS))
    assert ranker.rank(people.asking(chance), []) == []
    assert ranker.id == model.id


def test_the_order_is_by_score_then_id_whatever_order_the_offers_come_in(
    model: Loaded, chance: np.random.Generator
) -> None:
    wish, offers = people.asking(chance), people.offers(chance, COUNT)
    twins = [replace(offer, tutor_id=f"z{offer.tutor_id}") for offer in offers[:40]]
    found = ranked(model, wish, [*offers, *twins])
    keys = [(-one.score, one.tutor_id) for one in found]
    assert keys == sorted(keys)
    assert len({one.score for one in found}) < len(found)  # there were ties to break
    mixed = [offers[n] for n in chance.permutation(COUNT)]
    again = ranked(model, wish, [*reversed(twins), *mixed])
    assert [(o.tutor_id, o.score) for o in again] == [(o.tutor_id, o.score) for o in found]


def test_a_score_depends_on_nobody_else(model: Loaded) -> None:
    asked, market = people.student(3), people.tutors(3, COUNT)
    whole = score(model, matrix(asked, market)).scores
    for rows in (slice(0, 1), slice(5, 12), slice(60, 120)):
        part = score(model, matrix(asked, market.take(rows))).scores
        assert part.tobytes() == whole[rows].tobytes()


def test_the_best_few_are_the_first_of_all(chance: np.random.Generator) -> None:
    ids = np.array([f"t{n:03}" for n in chance.permutation(200)])
    scores = chance.integers(0, 15, 200).astype(np.float64)  # many ties
    for most in (1, 5, 50, 200, 500):
        assert best(scores, ids, most).tolist() == best(scores, ids)[:most].tolist()


def test_other_ids_in_the_same_order_change_nothing(
    model: Loaded, chance: np.random.Generator
) -> None:
    wish, offers = people.asking(chance), people.offers(chance, COUNT)
    other = [replace(offer, tutor_id=f"Zoë-{offer.tutor_id}") for offer in offers]
    found, again = ranked(model, wish, offers), ranked(model, replace(wish, student_id="x"), other)
    assert [f"Zoë-{one.tutor_id}" for one in found] == [one.tutor_id for one in again]
    assert [one.score for one in found] == [one.score for one in again]


def swapped_hour(market: Tutors, asked: Any) -> Tutors:
    """Each tutor gives up an hour not wanted for a wanted one, where that can be."""
    times = market.times.copy()
    everything = hours(HOURS)
    for row in times:
        lost, won = row & ~asked.times, asked.times & ~row & everything
        if lost.any() and won.any():
            for bits, flip in ((lost, False), (won, True)):
                word = int(np.flatnonzero(bits)[0])
                bit = bits[word] & (~bits[word] + np.uint64(1))
                row[word] = row[word] | bit if flip else row[word] & ~bit
    return replace(market, times=times)


def test_better_is_never_worse(model: Loaded) -> None:
    """Of two tutors alike but for one thing, the better in it is never ranked lower."""
    moved = 0
    for seed in range(12):
        asked, market = people.student(seed), people.tutors(seed, COUNT)
        before = score(model, matrix(asked, market)).scores
        rated = replace(market, rating_sum=market.rating_sum + np.float32(1))
        freer = replace(market, held=np.maximum(market.held - np.float32(1), np.float32(0)))
        for better in (rated, freer, swapped_hour(market, asked)):
            after = score(model, matrix(asked, better)).scores
            assert (after >= before).all()
            moved += int((after > before).sum())
        if not np.isnan(asked.budget_band):
            dear = np.maximum(market.price_band, np.float32(asked.budget_band))
            at = score(model, matrix(asked, replace(market, price_band=dear))).scores
            over = score(model, matrix(asked, replace(market, price_band=dear + np.float32(1))))
            assert (over.scores <= at).all()
            moved += int((over.scores < at).sum())
    assert moved > 1000


def test_the_parts_add_up_to_the_score(model: Loaded, chance: np.random.Generator) -> None:
    found = ranked(model, people.asking(chance), people.offers(chance, 40))
    for one in found:
        assert sum(one.weighed.values()) == pytest.approx(one.score, abs=1e-6)
    x = matrix(people.student(1), people.tutors(1, 40))
    given = model.ranking.contributions(x)
    assert given.sum(axis=1) == pytest.approx(model.ranking.scores(x), abs=1e-6)
    assert np.ptp(given[:, -1]) == 0


def test_reasons_are_few_and_weigh_most(model: Loaded, chance: np.random.Generator) -> None:
    for one in ranked(model, people.asking(chance), people.offers(chance, 20)):
        assert 1 <= len(one.reasons) <= 3
        values = [reason.value or 0 for reason in one.reasons]
        assert values == sorted(values, reverse=True)
        assert min(values) > 0
        assert "request" not in {reason.code for reason in one.reasons}


def test_what_is_about_the_student_alone_is_no_reason() -> None:
    one = Suggestion("t", 6.0, {"request": 5.0, "rating": 1.0, "offer": -1.0})
    assert [reason.code for reason in one.reasons] == ["rating"]


def test_only_the_first_are_explained_until_somebody_asks(
    model: Loaded, chance: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    real = Model.contributions

    def counted(model: Model, x: Floats) -> Scores:
        asked.append(len(x))
        return real(model, x)

    monkeypatch.setattr(Model, "contributions", counted)
    found = ranked(model, people.asking(chance), people.offers(chance, COUNT))
    assert asked == []
    assert len([one.reasons for one in found[:EXPLAINED]]) == EXPLAINED
    assert asked == [EXPLAINED]
    assert dict(found[70].weighed) == dict(found[70].weighed)
    assert asked == [EXPLAINED, 1]


def test_the_history_keeps_a_learned_choice_as_it_keeps_the_rules(
    model: Loaded, chance: np.random.Generator
) -> None:
    found = ranked(model, people.asking(chance), people.offers(chance, COUNT))
    for place in (0, 3, 77):
        kept = basis(LearnedRanker(model), found, COUNT, found[place])
        read = shown(kept.shown or "")
        assert (kept.ranker, kept.place, len(read.candidates)) == (model.id, place + 1, 10)
        assert found[place].tutor_id in {one.tutor_id for one in read.candidates}


def test_a_model_that_learned_nothing_ranks_as_the_rules(
    learned_rows: people.Rows, chance: np.random.Generator
) -> None:
    data, nothing = learned_rows, Params(rounds=1, learning_rate=1e-12)
    ranking = train_ranking(data.x, data.labels, data.groups, init_score=data.start, params=nothing)
    acceptance, knots = train_acceptance(data.x, data.accepted, params=nothing)
    fusion = Fusion(base=1.0, acceptance=0.0, load=0.0)
    made = make(ranking, acceptance, knots, data.x, fusion=fusion, origin=Origin())
    wish, offers = people.asking(chance), people.offers(chance, COUNT)
    ruled = RuleRanker().rank(wish, offers)
    found = {one.tutor_id: one.score for one in ranked(load(made), wish, offers)}
    assert [found[one.tutor_id] for one in ruled] == pytest.approx(
        [one.score for one in ruled], abs=1e-5
    )


def test_a_new_tutor_is_neither_the_best_nor_the_worst_rated() -> None:
    market = people.tutors(8, 3)
    past: dict[str, Any] = {
        name: np.array(values, dtype=np.float32)
        for name, values in {
            "rating_sum": [0, 50, 10],
            "rating_n": [0, 10, 10],
            "accepted_n": [0, 10, 0],
            "declined_n": [0, 0, 10],
        }.items()
    }
    made = replace(market, **past)
    x = matrix(people.student(8), made)
    for name in ("rating", "acceptance"):
        new, good, bad = x[:, NAMES.index(name)]
        assert bad < new < good


def test_parts_and_scores_are_weighed_alike(model: Loaded) -> None:
    x = matrix(people.student(5), people.tutors(5, 30))
    assert weigh(model, x).sum(axis=1) == pytest.approx(score(model, x).scores, abs=1e-6)
