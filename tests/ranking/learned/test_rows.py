"""Without numpy, yet the same to the last bit: rows that are kept, and what chance draws."""

import random
import subprocess
import sys
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from db.matching.store import Asking, Offer
from learnflow.ranking.learned.columns import columns, wishes
from learnflow.ranking.learned.drawing import chosen, uniform
from learnflow.ranking.learned.features import matrix
from learnflow.ranking.learned.rows import rows
from learnflow.ranking.learned.vocabulary import GOALS, HOURS
from tests.ranking.learned import people

ROOT = Path(__file__).parents[3]
ODD = {
    "times": [["mon-16", "mon-16", "mon-1x"], ["never"], [], list(HOURS)],
    "languages": [["en", "en", "de"], ["tlh"], [], [f"l{n}" for n in range(130)]],
    "goals": [["exam", "exam", "fame"], ["fame"], [], list(GOALS)],
}


def expected(wish: Asking, day: date, offers: list[Offer]) -> list[bytes]:
    """The rows as training and the learned ranker see them."""
    x = matrix(wishes(wish, day), columns(offers))
    return [row.astype("<f4").tobytes() for row in x]


@pytest.mark.parametrize("seed", range(60))
def test_a_row_is_the_matrix_s_bit_for_bit(seed: int) -> None:
    rng, chance = np.random.default_rng(seed), random.Random(seed)
    offers = people.experienced(rng, people.offers(rng, 40))
    offers = [
        replace(
            offer,
            days_on_platform=chance.choice([None, chance.uniform(-1, 3), chance.uniform(0, 5000)]),
            subjects_n=chance.choice([None, 1, 12]),
            accepted_n=chance.randrange(1 << chance.choice([2, 12, 23])),
            rating_sum=chance.randrange(1 << 23),
            **{name: chance.choice([getattr(offer, name), *odd]) for name, odd in ODD.items()},
        )
        for offer in offers
    ]
    day = people.DAY + timedelta(days=seed * 17)
    for number in range(4):
        wish = people.asking(rng, number)
        odd = {name: chance.choice([getattr(wish, name), *some]) for name, some in ODD.items()}
        for one in (wish, replace(wish, **odd)):
            assert rows(one, day, offers) == expected(one, day, offers)


def test_a_seed_draws_what_numpy_draws() -> None:
    chance = random.Random(1)
    for _ in range(2_000):
        seed = chance.getrandbits(chance.choice([1, 32, 48, 64, 128, 200]))
        assert uniform(seed) == np.random.default_rng(seed).random()
        count = chance.choice([1, 2, 7, 8, 9, 16, 33, 127, 128, 129, 300])
        p = [chance.random() ** 3 for _ in range(count)]
        theirs = np.random.default_rng(seed).choice(count, p=np.array(p) / np.array(p).sum())
        assert chosen(p, seed) == theirs


def test_a_decision_by_rules_imports_neither_numpy_nor_lightgbm() -> None:
    code = """
import sys
from db.matching.store import Asking, Offer
from learnflow.ranking import matching
from learnflow.ranking.current import InUse
from learnflow.ranking.recording import basis
from learnflow.ranking.warming import warm
warm("/nowhere")
offers = [Offer(f"t{n}", 1, 12, 5, n % 5, ["mon-16"], ["en"], 2, n, ["exam"]) for n in range(30)]
wish = Asking("s1", 7, "mathematics", ["mon-16"], ["en"], 3, ["exam"])
found = matching.shortlisted(InUse(), wish, offers)
kept = basis(found.used.ranker, found.suggestions, 30, found.of(found.tutor_ids[0]), found.chance)
assert found.chance and kept.features
print(sorted({"numpy", "lightgbm", "scipy"} & sys.modules.keys()))
"""
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert run.stdout.strip() == "[]", run.stderr
