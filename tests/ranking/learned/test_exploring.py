"""A little chance, logged."""

from collections import Counter

import pytest

from learnflow.ranking.learned.exploring import PRODUCT, Policy, explore

OFTEN = Policy(swap=0.3, lift=0.3)
NEW = [n in {7, 12} for n in range(20)]


def test_the_same_seed_shows_the_same() -> None:
    for seed in range(50):
        assert explore(NEW, seed, OFTEN) == explore(NEW, seed, OFTEN)


def test_propensities_are_how_often_each_is_shown_there() -> None:
    runs = 4_000
    seen: Counter[tuple[int, int]] = Counter()
    said: dict[tuple[int, int], float] = {}
    for seed in range(runs):
        found = explore(NEW, seed, OFTEN)
        for place, tutor in enumerate(found.order):
            seen[place, tutor] += 1
            said[place, tutor] = found.propensities[place]
    for pair, likely in said.items():
        assert seen[pair] / runs == pytest.approx(likely, abs=0.03)
    for place in range(10):
        assert sum(said[pair] for pair in said if pair[0] == place) == pytest.approx(1)


def test_the_first_is_always_the_best() -> None:
    found = [explore(NEW, seed, OFTEN) for seed in range(500)]
    assert {one.order[0] for one in found} == {0}
    assert [one.propensities[0] for one in found] == pytest.approx([1] * 500)
    assert {one.order[1] for one in found} == {1, 2}


def test_where_chance_may_decide_the_first_it_sometimes_does() -> None:
    firsts = {explore(NEW, seed, Policy(0.3, 0.0, first=1)).order[0] for seed in range(300)}
    assert firsts == {0, 1}


def test_nothing_is_lost_and_at_most_one_is_moved() -> None:
    for seed in range(500):
        found = explore(NEW, seed, OFTEN)
        assert len(set(found.order)) == 10
        assert set(found.order) <= {*range(10), 12}
        moved = [place for place, tutor in enumerate(found.order) if place != tutor]
        assert bool(moved) == found.explored


def test_a_new_tutor_is_lifted_and_a_known_one_is_not() -> None:
    lifted = {
        explore(NEW, seed, Policy(0, 1.0)).order.index(tutor)
        for seed in range(200)
        for tutor in (7, 12)
        if tutor in explore(NEW, seed, Policy(0, 1.0)).order[:6]
    }
    assert lifted == {2, 3, 4}
    assert not any(explore([False] * 20, seed, Policy(0, 1.0)).explored for seed in range(50))


@pytest.mark.parametrize("count", range(4))
def test_few_tutors_are_shown_as_they_are_ranked(count: int) -> None:
    for seed in range(30):
        found = explore([True] * count, seed, Policy(0.5, 0.5))
        assert sorted(found.order) == list(range(count))


def test_in_the_product_chance_is_only_about_who_is_booked() -> None:
    new = [n in {4, 12} for n in range(20)]
    found = [explore(new, seed, PRODUCT) for seed in range(4_000)]
    firsts = Counter(one.order[0] for one in found)
    assert set(firsts) == {0, 1, 4}  # 12 is too far down
    assert 1 - firsts[0] / len(found) == pytest.approx(PRODUCT.swap + PRODUCT.lift, abs=0.015)
    lists = {one.order for one in found}
    assert len(lists) == 3
