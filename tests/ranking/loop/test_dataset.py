"""From the log to what can be learned: as of a moment, with today's features, in one order."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from db.matching.training_log import LoggedDecision, LoggedOutcome
from learnflow.ranking.learned.catalogue import NAMES, schema_hash
from learnflow.ranking.learned.examples import MATURE
from learnflow.ranking.loop.dataset import MISSHAPEN, NO_FEATURES, OTHER_SCHEMA, WINDOW
from tests.ranking.loop.market import NOW, data

Log = list[LoggedDecision]


def test_what_was_shown_is_read_with_its_features_tutors_and_chances(log: Log) -> None:
    found = data(log)
    one, logged = found.log[0], log[0]
    assert one.decided.x.astype("<f4").tobytes() == logged.features
    assert one.tutors[one.decided.chosen] == logged.tutor_id
    assert one.decided.propensities is not None
    assert len(one.decided.propensities) == len(one.tutors) == len(one.decided.x)
    assert (len(found.log), found.left_out) == (len(log), {})
    assert found.newest == max(each.decided_at for each in log)


@pytest.mark.parametrize(
    ("age", "kept"),
    [
        (MATURE, 0),
        (MATURE + timedelta(seconds=1), 1),
        (timedelta(days=-1), 0),
        (WINDOW, 1),
        (WINDOW + timedelta(seconds=1), 0),
    ],
)
def test_only_what_is_old_enough_and_not_too_old_is_learned_from(
    log: Log, age: timedelta, kept: int
) -> None:
    assert len(data([replace(log[0], decided_at=NOW - age)]).log) == kept


def test_what_is_heard_after_the_moment_is_not_known(log: Log) -> None:
    heard = [LoggedOutcome("accepted", None, NOW - timedelta(seconds=1))]
    later = [*heard, LoggedOutcome("rated", 5, NOW)]
    (one,) = data([replace(log[0], outcomes=later)]).log
    assert [fact.kind for fact in one.decided.facts] == ["accepted"]


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"features": None, "features_schema": None}, NO_FEATURES),
        ({"shown": None}, NO_FEATURES),
        ({"features_schema": "older"}, OTHER_SCHEMA),
        ({"tutor_id": "somebody else"}, MISSHAPEN),
    ],
)
def test_what_cannot_be_learned_from_is_left_out_and_counted(
    log: Log, changed: dict[str, str | None], why: str
) -> None:
    found = data([replace(log[0], **changed), log[1]])  # type: ignore[arg-type]
    assert (len(found.log), found.left_out) == (1, {why: 1})


def test_a_canary_column_with_the_future_rating_is_rejected(log: Log) -> None:
    one = log[0]
    assert one.features is not None
    x = np.frombuffer(one.features, "<f4").reshape(-1, len(NAMES))
    stars = np.full((len(x), 1), 5, dtype="<f4")
    canary = np.hstack([x, stars]).tobytes()
    for schema, why in ((schema_hash(), MISSHAPEN), ("with_future_rating", OTHER_SCHEMA)):
        told = replace(one, features=canary, features_schema=schema)
        assert data([told]).left_out == {why: 1}


@pytest.mark.parametrize("cut", [1, 4, -1])
def test_features_that_are_not_whole_are_left_out(log: Log, cut: int) -> None:
    whole = log[0].features
    assert whole is not None
    broken = whole[:-cut] if cut > 0 else whole + b"\0"
    assert data([replace(log[0], features=broken)]).left_out == {MISSHAPEN: 1}


def test_the_order_of_reading_does_not_matter(log: Log) -> None:
    mixed = [log[place] for place in np.random.default_rng(3).permutation(len(log))]
    assert [one.match_id for one in data(mixed).log] == [one.match_id for one in data(log).log]
