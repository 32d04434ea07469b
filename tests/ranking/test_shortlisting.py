"""A shortlist: the same whatever order the candidates come in, with a little logged chance."""

import random
from dataclasses import replace

import numpy as np
import pytest

from db.matching.store import Asking, Offer
from learnflow.ranking.current import InUse
from learnflow.ranking.learned.loading import Loaded
from learnflow.ranking.learned.ranker import LearnedRanker
from learnflow.ranking.learned.seeing import seen
from learnflow.ranking.shortlisting import LONGEST, Shortlist, seed_of, shortlisted
from learnflow.settings import Settings
from tests.ranking.learned import people
from tests.ranking.learned.conftest import artifact, learned_rows, model

__all__ = ["artifact", "learned_rows", "model"]
GREEDY = Settings(exploration=False)


@pytest.fixture(params=["rules", "learned"])
def used(request: pytest.FixtureRequest) -> InUse:
    """Either kind of ranker, with exploration as in the product."""
    if request.param == "rules":
        return InUse()
    loaded: Loaded = request.getfixturevalue("model")
    return InUse(LearnedRanker(loaded, today=lambda: people.DAY))


def asked(number: int = 0) -> Asking:
    return people.asking(np.random.default_rng(5), number)


def offers(count: int = 80) -> list[Offer]:
    return people.offers(np.random.default_rng(6), count)


def told(found: Shortlist) -> list[tuple[str, float, bytes | None]]:
    """Who, how good, and what was seen of the first ones."""
    return [(one.tutor_id, one.score, one.features) for one in found.suggestions]


def test_the_order_of_the_candidates_changes_nothing(used: InUse) -> None:
    for number in range(8):
        mixed = offers()
        random.Random(number).shuffle(mixed)
        assert told(shortlisted(used, asked(number), mixed)) == told(
            shortlisted(used, asked(number), offers())
        )


def test_worse_candidates_more_or_fewer_change_nothing_above_them(used: InUse) -> None:
    greedy = replace(used, settings=GREEDY)
    whole = told(shortlisted(greedy, asked(), offers(LONGEST)))
    last = {whole[-1][0], whole[-2][0]}
    fewer = [offer for offer in offers(LONGEST) if offer.tutor_id not in last]
    assert told(shortlisted(greedy, asked(), fewer)) == whole[:-2]


def test_what_is_kept_of_a_tutor_is_what_a_model_sees_of_them(used: InUse) -> None:
    found = shortlisted(used, asked(), offers())
    for one in found.suggestions[:10]:
        (offer,) = [each for each in offers() if each.tutor_id == one.tutor_id]
        if used.policy == "rules":  # the model's day is fixed here
            assert seen(asked(), [offer]) == [one.features]
        assert isinstance(one.weighed, dict)
        assert sum(one.weighed.values()) == pytest.approx(one.score, abs=1e-6)
    far = found.of(found.suggestions[30].tutor_id)
    assert far is not None
    assert far.features is not None
    assert found.of("nobody") is None


def test_other_names_in_the_same_order_change_nothing(used: InUse) -> None:
    greedy = replace(used, settings=GREEDY)
    other = [replace(offer, tutor_id=f"Zoë-{offer.tutor_id}") for offer in offers()]
    again = shortlisted(greedy, replace(asked(), student_id="somebody"), other)
    found = shortlisted(greedy, asked(), offers())
    assert [f"Zoë-{each}" for each in found.tutor_ids] == again.tutor_ids


def test_chance_moves_somebody_now_and_then_and_loses_nobody(used: InUse) -> None:
    moved = 0
    for number in range(60):
        found = shortlisted(used, asked(number), offers())
        greedy = shortlisted(replace(used, settings=GREEDY), asked(number), offers())
        assert found.chance is not None
        assert sorted(found.tutor_ids) == sorted(greedy.tutor_ids)
        assert (found.tutor_ids != greedy.tutor_ids) == found.chance.explored
        moved += found.chance.explored
    assert 0 < moved < 30


def test_few_candidates_are_not_explored(used: InUse) -> None:
    found = shortlisted(used, asked(), offers(9))
    assert (found.chance, found.considered) == (None, 9)


def test_the_seed_is_of_who_asks_and_who_said_no() -> None:
    wish = asked()
    assert seed_of(wish) == seed_of(replace(wish, grade=12))
    assert seed_of(wish) != seed_of(replace(wish, excluded=["t1"]))
    assert seed_of(replace(wish, excluded=["a", "b"])) == seed_of(
        replace(wish, excluded=["b", "a"])
    )
    assert seed_of(wish) < 2**48
