"""The loop's trainings: the same rows, the same model, and nothing of what came later."""

import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from db.matching.training_log import LoggedDecision, LoggedOutcome
from learnflow.ranking import loop
from learnflow.ranking.learned.artifact import Artifact
from learnflow.ranking.learned.examples import MATURE, examples
from learnflow.ranking.learned.loading import load
from learnflow.ranking.learned.training import MOST_ROWS, BadRows
from learnflow.ranking.loop.training import LEAST_ACCEPTED, TooFew, Trained, train, window_of
from tests.ranking.loop import market
from tests.ranking.loop.market import NOW, data

Log = list[LoggedDecision]


@pytest.fixture(scope="module")
def trained() -> Trained:
    return market.trained()


def again(log: Log) -> Artifact:
    """The model of another log."""
    return train(data(log), NOW, seed=1).artifact


def test_the_same_rows_in_any_order_give_the_same_model(log: Log, trained: Trained) -> None:
    mixed = [log[place] for place in np.random.default_rng(4).permutation(len(log))]
    assert again(mixed).packed() == trained.artifact.packed()


def test_what_comes_later_changes_no_feature_label_or_id(log: Log, trained: Trained) -> None:
    heard = LoggedOutcome("rated", 1, NOW)
    young = replace(log[0], match_id="young", decided_at=NOW - MATURE)
    future = [replace(one, outcomes=[*one.outcomes, heard]) for one in log]
    assert again([*future, young]).packed() == trained.artifact.packed()


def test_what_came_before_does_change_the_model(log: Log, trained: Trained) -> None:
    """Else the test above proves nothing."""
    heard = [LoggedOutcome("declined", None, NOW - timedelta(days=1))]
    past = [replace(one, outcomes=heard) if n % 4 == 0 else one for n, one in enumerate(log)]
    assert again(past).id != trained.artifact.id
    assert again(log[100:]).id != trained.artifact.id


def test_what_judges_was_not_learned_from(log: Log, trained: Trained) -> None:
    window = window_of(trained.artifact.manifest)
    assert window is not None
    assert min(one.decided.decided_at for one in trained.judged) > window[1]
    assert len(trained.judged) == pytest.approx(0.15 * len(log), abs=2)
    unseen = {one.match_id for one in trained.judged}
    declined = LoggedOutcome("declined", None, NOW - timedelta(days=1))
    changed = [replace(one, outcomes=[declined]) if one.match_id in unseen else one for one in log]
    assert again(changed).id == trained.artifact.id


def test_a_model_says_where_it_comes_from_and_can_be_loaded(log: Log, trained: Trained) -> None:
    told = trained.artifact.manifest["origin"]
    assert (told["kind"], told["seed"], len(told["dataset"])) == ("live", 1, 64)
    assert load(Artifact.unpacked(trained.artifact.packed())).id == trained.artifact.id
    assert told["queries"] > 0


def test_too_few_matches_are_counted_beside_what_is_needed(log: Log) -> None:
    accepted = [one for one in log if any(o.kind == "accepted" for o in one.outcomes)]
    few = data(accepted[: LEAST_ACCEPTED - 1])
    with pytest.raises(TooFew, match=f"^{LEAST_ACCEPTED - 1} accepted.* {LEAST_ACCEPTED} are"):
        train(few, NOW)


def test_a_log_of_one_moment_is_refused(log: Log) -> None:
    at = NOW - timedelta(days=30)
    with pytest.raises(BadRows, match="of one moment"):
        train(data([replace(one, decided_at=at) for one in log]), NOW)


def test_rows_are_whole_numbers_of_queries_no_larger_than_lightgbm_takes(log: Log) -> None:
    rows = examples([one.decided for one in data(log).log], NOW)
    assert rows.groups.max() <= MOST_ROWS
    assert rows.groups.sum() == len(rows.x) == len(rows.labels)
    assert (rows.x.dtype.name, rows.labels.dtype.name) == ("float32", "int32")


def test_the_loop_needs_no_simulator() -> None:
    names = [path.stem for path in Path(loop.__file__).parent.glob("*.py")]
    assert len(names) > 5
    code = "".join(f"import learnflow.ranking.loop.{name}\n" for name in names)
    code += "import sys; print([name for name in sys.modules if 'evaluation' in name])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
