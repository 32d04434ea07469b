"""Training: the ranking model A, the acceptance model B and its calibration.

The same rows give the same model, whatever order they come in: rows are sorted by what they hold,
then shuffled within their query by the seed, for equal scores inherit the order of rows.
"""

from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from learnflow.ranking.learned import boosting
from learnflow.ranking.learned.boosting import Model, Scores
from learnflow.ranking.learned.calibration import Knots, isotonic
from learnflow.ranking.learned.catalogue import MONOTONE, NAMES
from learnflow.ranking.learned.columns import Floats

LABEL_GAIN: Final = (0, 1, 3, 7, 15)
"""What a label 0-4 is worth; which is given for what: examples.py."""
MOST_ROWS: Final = 10_000
"""Rows of one query; LightGBM refuses more, so tutors nobody took are sampled."""
FOLDS: Final = 5
Labels = npt.NDArray[np.int32]


class BadRows(ValueError):
    """Rows that cannot be trained on; the text says which and why."""


@dataclass(frozen=True, slots=True)
class Params:
    """How a model grows."""

    rounds: int = 120
    num_leaves: int = 20
    learning_rate: float = 0.1
    min_data_in_leaf: int = 50
    lambda_l2: float = 0.0
    lambdarank_truncation_level: int = 13
    lambdarank_position_bias_regularization: float = 0.0
    monotone: bool = True

    def told(self, seed: int) -> dict[str, Any]:
        """In LightGBM's words."""
        params: dict[str, Any] = {**asdict(self), "seed": seed}
        del params["rounds"]
        if params.pop("monotone"):
            params["monotone_constraints"] = list(MONOTONE)
            params["monotone_constraints_method"] = "intermediate"
        return params


RANKING: Final = Params(rounds=300, num_leaves=4, learning_rate=0.05, min_data_in_leaf=200)
ACCEPTANCE: Final = Params(rounds=50, num_leaves=7)


def train_ranking(
    x: Floats,
    labels: npt.NDArray[Any],
    groups: npt.NDArray[Any],
    positions: npt.NDArray[Any] | None = None,
    init_score: npt.NDArray[Any] | None = None,
    seed: int = 0,
    params: Params = RANKING,
) -> str:
    """The text of model A.

    `groups` are rows per query, whose rows lie together; `positions` the places (from 0) at which
    they were shown; `init_score` is what is already known of each row: the model learns only what
    to add, so whoever serves adds it back. Queries whose labels are all 0 teach nothing and are
    left out. Raises BadRows.
    """
    labels, groups = _labels(labels, len(x)), _groups(groups, len(x))
    if x.shape[1] != len(NAMES):
        raise BadRows(f"{x.shape[1]} columns where {len(NAMES)} features are known")
    if init_score is not None and not np.isfinite(init_score).all():
        raise BadRows("init_score has values that are no number")
    query = np.repeat(np.arange(len(groups)), groups)
    useful = np.maximum.reduceat(labels, _starts(groups)) > 0
    if not useful.any():
        raise BadRows("no query has a label above 0: there is nothing to learn")
    kept = np.flatnonzero(useful[query])
    order = kept[_canonical(query[kept], seed, *_rows(kept, x, labels, positions, init_score))]
    sizes = np.diff(np.flatnonzero(np.diff(query[order], prepend=-1, append=-1)))
    return boosting.train(
        np.ascontiguousarray(x[order]),
        labels[order],
        {"objective": "lambdarank", "label_gain": list(LABEL_GAIN), **params.told(seed)},
        params.rounds,
        group=sizes,
        position=None if positions is None else _taken(positions, order, np.int32),
        init_score=None if init_score is None else _taken(init_score, order, np.float64),
    )


def train_acceptance(
    x: Floats, accepted: npt.NDArray[Any], seed: int = 0, params: Params = ACCEPTANCE
) -> tuple[str, Knots]:
    """The text of model B and what makes its raw scores probabilities.

    Calibrated on rows that the model at hand had not seen: each fifth scored by a model of the
    other four. Raises BadRows.
    """
    labels = _labels(accepted, len(x))
    if set(np.unique(labels)) != {0, 1}:
        raise BadRows("acceptance needs rows that were accepted (1) and rows that were not (0)")
    query = np.arange(len(x))
    order = _canonical(query, seed, x, labels)
    order = order[np.random.default_rng(seed).permutation(len(order))]
    x, labels = np.ascontiguousarray(x[order]), labels[order]
    told = {"objective": "binary", **params.told(seed)}
    del told["lambdarank_truncation_level"], told["lambdarank_position_bias_regularization"]
    fold = query % FOLDS
    unseen = np.empty(len(x))
    for n in range(FOLDS):
        text = boosting.train(x[fold != n], labels[fold != n], told, params.rounds)
        unseen[fold == n] = Model(text).scores(x[fold == n])
    return boosting.train(x, labels, told, params.rounds), isotonic(unseen, labels)


def predict(model: Model | str, x: Floats) -> Scores:
    """Raw scores of a model or of its text (one that was made here; others go by artifact.py)."""
    return (Model(model) if isinstance(model, str) else model).scores(x)


def by_query(queries: npt.NDArray[Any]) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.int64]]:
    """The order that lays each query's rows together, and how many rows each has."""
    _, place, groups = np.unique(queries, return_inverse=True, return_counts=True)
    return np.argsort(place, kind="stable"), groups


def _rows(rows: npt.NDArray[np.intp], *parts: npt.NDArray[Any] | None) -> list[npt.NDArray[Any]]:
    return [np.asarray(part)[rows] for part in parts if part is not None]


def _canonical(
    query: npt.NDArray[np.intp], seed: int, *parts: npt.NDArray[Any]
) -> npt.NDArray[np.intp]:
    """An order by content alone: rows within a query, then queries; then shuffled in each query."""
    wide = [part.astype(np.float64).reshape(len(query), -1) for part in parts]
    rows = np.ascontiguousarray(np.hstack(wide) + 0.0)  # -0.0 is 0.0
    keys = rows.view(f"S{rows.itemsize * rows.shape[1]}").ravel()
    order = np.lexsort((keys, query))
    starts = np.flatnonzero(np.diff(query[order], prepend=-1))
    spans = np.split(order, starts[1:])
    spans.sort(key=lambda span: keys[span].tobytes())
    chance = np.random.default_rng(seed)
    return np.concatenate([chance.permutation(span) for span in spans])


def _labels(labels: npt.NDArray[Any], rows: int) -> Labels:
    labels = np.asarray(labels)
    if labels.shape != (rows,):
        raise BadRows(f"{labels.shape} labels for {rows} rows")
    if labels.dtype.kind not in "iub":
        raise BadRows(f"labels must be whole numbers, not {labels.dtype}")
    if rows == 0 or labels.min() < 0 or labels.max() >= len(LABEL_GAIN):
        raise BadRows(f"labels must be 0 to {len(LABEL_GAIN) - 1}, and there must be some")
    return labels.astype(np.int32)


def _groups(groups: npt.NDArray[Any], rows: int) -> npt.NDArray[np.int64]:
    groups = np.asarray(groups, dtype=np.int64)
    if groups.sum() != rows or (groups < 1).any():
        raise BadRows(f"queries of {groups.sum()} rows in all, where there are {rows}")
    if groups.max() > MOST_ROWS:
        raise BadRows(f"a query of {groups.max()} rows; sample at most {MOST_ROWS}")
    return groups


def _starts(groups: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(groups)[:-1]])


def _taken(values: npt.NDArray[Any], order: npt.NDArray[np.intp], kind: Any) -> npt.NDArray[Any]:
    return np.ascontiguousarray(np.asarray(values)[order], dtype=kind)
