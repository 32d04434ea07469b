"""Train a challenger: learn from the oldest decisions, tune on newer ones, judge by the newest.

What judges was never learned from, so the gate may look at it; a model is not trained again on all
of them, for then nobody could say how good it is.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

import numpy as np

from learnflow.ranking.learned.artifact import Artifact, Fusion, Origin, make
from learnflow.ranking.learned.base import BASE_WEIGHT, start
from learnflow.ranking.learned.examples import Examples, examples
from learnflow.ranking.learned.loading import Loaded, load
from learnflow.ranking.learned.scoring import score
from learnflow.ranking.learned.training import RANKING, BadRows, train_acceptance, train_ranking
from learnflow.ranking.loop.dataset import Dataset, Logged
from learnflow.ranking.loop.pairs import Pairs, pairs, per_query

LEAST_ACCEPTED: Final = 300
"""Accepted matches without which no tree could tell two tutors apart: a leaf holds 200 rows."""
LEARNED_SHARE: Final = 0.7
TUNED_SHARE: Final = 0.15
ACCEPTANCE_WEIGHTS: Final = (0.0, 0.25, 0.5, 1.0, 2.0)
"""How much the acceptance model may count: tried on the decisions to tune by."""
Told = Callable[[str], None]


class TooFew(BadRows):
    """Not enough accepted matches to learn from."""

    def __init__(self, found: int) -> None:
        super().__init__(f"{found} accepted matches, {LEAST_ACCEPTED} are needed")
        self.found = found


@dataclass(frozen=True, slots=True)
class Trained:
    """A model, and the decisions that it did not see."""

    artifact: Artifact
    judged: Sequence[Logged]


def train(
    data: Dataset, now: datetime, *, seed: int = 0, kind: str = "live", parent: str | None = None,
    told: Told = lambda text: None,
) -> Trained:  # fmt: skip
    """A model of these decisions; the same ones give the same model. Raises BadRows."""
    if data.accepted < LEAST_ACCEPTED:
        raise TooFew(data.accepted)
    learn, tune, judged = _split(data.log)
    rows = examples([one.decided for one in learn], now)
    told(f"learning from {len(learn)} decisions, {len(rows.x)} rows")
    origin = Origin(
        window=(_moment(learn[0]), _moment(tune[-1])),
        rows=len(rows.x),
        queries=len(rows.groups),
        dataset=_digest(rows),
        seed=seed,
        kind=kind,
        parent=parent,
        params=RANKING.told(seed),
    )
    grown = _grown(rows, seed, origin)
    told(f"tuning on {len(tune)} decisions")
    untuned = load(grown(Fusion(base=BASE_WEIGHT)))
    weight = tuned(untuned, pairs([one.decided for one in tune], now))
    return Trained(grown(Fusion(base=BASE_WEIGHT, acceptance=weight)), judged)


def _grown(rows: Examples, seed: int, origin: Origin) -> Callable[[Fusion], Artifact]:
    """Both models of these rows, to be put together by some weights."""
    ranking = train_ranking(
        rows.x,
        rows.labels,
        rows.groups,
        rows.positions,
        init_score=start(rows.x) if BASE_WEIGHT else None,
        seed=seed,
    )
    acceptance, knots = train_acceptance(rows.x[rows.answered], rows.accepted, seed)
    return lambda fusion: make(ranking, acceptance, knots, rows.x, fusion=fusion, origin=origin)


def with_metrics(artifact: Artifact, found: Mapping[str, Mapping[str, float]]) -> Artifact:
    """The same model, whose manifest also says how good it is; its id stays."""
    manifest: dict[str, Any] = {**artifact.manifest, "metrics": found}
    return Artifact(manifest, artifact.texts)


def window_of(manifest: Mapping[str, Any]) -> tuple[datetime, datetime] | None:
    """When the first and the last decision were made that this model has seen."""
    told = manifest["origin"]["window"]
    return (datetime.fromisoformat(told[0]), datetime.fromisoformat(told[1])) if told else None


def tuned(model: Loaded, rows: Pairs) -> float:
    """The weight of the acceptance model that ranks these best; the least among equals."""
    return max(ACCEPTANCE_WEIGHTS, key=lambda weight: _ranked(model, rows, weight))


def _ranked(model: Loaded, rows: Pairs, weight: float) -> float:
    weighed = replace(model, fusion=replace(model.fusion, acceptance=weight))
    each = per_query(rows, score(weighed, rows.x).scores)
    return float(np.nanmean(each)) if not np.isnan(each).all() else 0.0


def _split(log: Sequence[Logged]) -> tuple[Sequence[Logged], Sequence[Logged], Sequence[Logged]]:
    """By time; decisions of one moment stay together."""
    first = _boundary(log, LEARNED_SHARE)
    second = _boundary(log, LEARNED_SHARE + TUNED_SHARE)
    if not 0 < first < second:
        raise BadRows("all decisions are of one moment: nothing is left to tune by")
    return log[:first], log[first:second], log[second:]


def _boundary(log: Sequence[Logged], share: float) -> int:
    place = int(len(log) * share)
    moment = log[place - 1].decided.decided_at
    while place < len(log) and log[place].decided.decided_at == moment:
        place += 1
    return place


def _moment(one: Logged) -> str:
    return one.decided.decided_at.isoformat()


def _digest(rows: Examples) -> str:
    """Which rows: sha256 of all that is learned from."""
    parts = (rows.x, rows.labels, rows.groups, rows.positions, rows.answered, rows.accepted)
    found = hashlib.sha256()
    for part in parts:
        found.update(b"" if part is None else np.ascontiguousarray(part).tobytes())
    return found.hexdigest()
