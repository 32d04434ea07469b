"""What is trained on is what was served, to the byte, whoever else was a candidate."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from db.matching.store import Asking, Offer
from db.matching.training_log import LoggedDecision
from learnflow.ranking.learned import seeing
from learnflow.ranking.learned.catalogue import schema_hash
from learnflow.ranking.learned.columns import columns, wishes
from learnflow.ranking.learned.features import matrix
from learnflow.ranking.learned.loading import Loaded
from learnflow.ranking.learned.scoring import score
from learnflow.ranking.loop.dataset import features
from tests.ranking.learned import people

REQUESTS = 1_000
SHOWN = 10


def logged(rows: list[bytes]) -> LoggedDecision:
    """A decision as it lies in matching_db, as far as features go."""
    return LoggedDecision(
        match_id="m", student_id="s", round=1, tutor_id="t0", ranker=None, candidates=None,
        decided_at=datetime(2026, 11, 22, tzinfo=UTC), place=1, shown=None,
        features=b"".join(rows), features_schema=schema_hash(), outcomes=(),
    )  # fmt: skip


@pytest.fixture(autouse=True)
def that_day(monkeypatch: pytest.MonkeyPatch) -> None:
    """Midnight shall not fall between serving and training."""
    monkeypatch.setattr(seeing, "today", lambda: people.DAY)


def test_a_thousand_requests_are_trained_on_as_they_were_served(model: Loaded) -> None:
    rng = np.random.default_rng(17)
    market = people.offers(rng, 40)
    for number in range(REQUESTS):
        wish = people.asking(rng, number)
        chosen = rng.permutation(len(market))[:SHOWN]
        served = matrix(wishes(wish, people.DAY), columns(market))[chosen]
        read = features(logged(seeing.seen(wish, [market[n] for n in chosen])), SHOWN)
        assert read.dtype == np.float32
        assert read.tobytes() == served.tobytes()
        if number % 50 == 0:
            assert np.array_equal(score(model, read).scores, score(model, served).scores)


def test_names_of_people_do_not_move_a_score(model: Loaded) -> None:
    rng = np.random.default_rng(18)
    market = people.offers(rng, 30)
    wish = people.asking(rng)
    renamed = [replace(one, tutor_id=f"x{one.tutor_id[::-1]}") for one in market]

    def scores(asked: Asking, offered: list[Offer]) -> list[float]:
        found: list[float] = score(
            model, matrix(wishes(asked, people.DAY), columns(offered))
        ).scores.tolist()
        return found

    assert scores(replace(wish, student_id="somebody else"), renamed) == scores(wish, market)
