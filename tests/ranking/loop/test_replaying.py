"""A stored decision comes out again as it was, and what keeps it from that is said."""

from dataclasses import replace
from typing import Any

import pytest
from pydantic_core import from_json, to_json

from db.matching.training_log import LoggedDecision
from learnflow.ranking.learned.artifact import Artifact
from learnflow.ranking.learned.loading import load
from learnflow.ranking.loop.comparing import learned
from learnflow.ranking.loop.dataset import features
from learnflow.ranking.loop.replaying import Unreplayable, needs, replay
from tests.ranking.loop import market

Log = list[LoggedDecision]


@pytest.fixture(scope="module")
def artifact() -> Artifact:
    return market.trained().artifact


def shown(one: LoggedDecision, **changed: Any) -> LoggedDecision:
    """The decision with some of what was shown changed."""
    return replace(one, shown=to_json({**from_json(one.shown or ""), **changed}).decode())


def by_model(one: LoggedDecision, artifact: Artifact) -> LoggedDecision:
    """The decision as the model would have made and logged it."""
    lines = from_json(one.shown or "")["tutors"]
    x = features(one, len(lines))
    scores = learned(load(artifact))(x)
    order = sorted(range(len(lines)), key=lambda row: (-scores[row], lines[row][0]))
    told = [[lines[row][0], round(float(scores[row]), 4), []] for row in order]
    kept = x[order].astype("<f4").tobytes()
    return shown(replace(one, ranker=artifact.id, features=kept), tutors=told, explored=False)


def test_every_decision_by_the_rules_comes_out_as_it_was(log: Log) -> None:
    again = [replay(one, None) for one in log]
    assert all(one.same_scores and one.same_order for one in again)
    assert {one.explored for one in again} == {True, False}


def test_decisions_by_a_model_come_out_as_they_were(log: Log, artifact: Artifact) -> None:
    for one in log[:100]:
        decided = by_model(one, artifact)
        assert needs(decided) == artifact.id
        again = replay(decided, artifact.packed())
        assert again.same_scores
        assert again.same_order


def test_a_changed_score_and_a_changed_order_are_noticed(log: Log, artifact: Artifact) -> None:
    decided = by_model(next(one for one in log if one.candidates == 10), artifact)
    lines = from_json(decided.shown or "")["tutors"]
    moved = shown(decided, tutors=[[lines[0][0], lines[0][1] + 0.001, []], *lines[1:]])
    assert not replay(moved, artifact.packed()).same_scores
    assert decided.features is not None
    size = len(decided.features) // len(lines)
    rows = [decided.features[place : place + size] for place in range(0, size * 10, size)]
    turned = b"".join(rows[::-1])
    swapped = replace(shown(decided, tutors=lines[::-1]), features=turned)
    again = replay(swapped, artifact.packed())
    assert (again.same_scores, again.same_order) == (True, False)


def test_one_found_by_a_wider_look_comes_last_whatever_the_score(log: Log) -> None:
    decided = next(one for one in log if one.candidates == 10)
    lines = from_json(decided.shown or "")["tutors"]
    assert decided.features is not None
    size = len(decided.features) // 10
    best, rest = decided.features[:size], decided.features[size:]
    wide = shown(decided, tutors=[*lines[1:], lines[0]], explored=False)
    wide = replace(wide, tutor_id=lines[0][0], features=rest + best)
    assert not replay(wide, None).same_order
    assert replay(replace(wide, place=None), None).same_order


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"features": None, "features_schema": None}, "before features were logged"),
        ({"features_schema": "older"}, "other features than this release"),
        ({"features": b"1234"}, "not one row for each"),
        ({"ranker": None}, "before the history kept"),
        ({"shown": None}, "before the history kept"),
        ({"ranker": "rules-0"}, "made by rules-0"),
        ({"ranker": "learned-gone"}, "learned-gone, is gone"),
    ],
)
def test_what_cannot_be_scored_again_says_why(log: Log, changed: dict[str, Any], said: str) -> None:
    with pytest.raises(Unreplayable, match=said):
        replay(replace(log[0], **changed), None)


def test_a_model_that_is_refused_here_says_why(log: Log) -> None:
    with pytest.raises(Unreplayable, match="is refused: not a packed model"):
        replay(replace(log[0], ranker="learned-x"), b"no model")
