"""LightGBM's own ranking sample (its folder `examples/lambdarank`), read where somebody has it.

What nobody here made: 201 and 50 queries with grades 0-4. The files are never part of the project.
Since its features are not ours, models are trained by LightGBM with our parameters, without
monotone constraints.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray

from learnflow.evaluation.baselines import Logistic, gains
from learnflow.evaluation.rows import Floats, Indices
from learnflow.ranking import metrics
from learnflow.ranking.intervals import Interval, interval
from learnflow.ranking.learned.boosting import REPRODUCIBLE
from learnflow.ranking.learned.training import LABEL_GAIN, RANKING


class BadData(ValueError):
    """Files that are not the sample; the text says which and why."""


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """Rows of features with a grade each, a query's rows together."""

    x: NDArray[np.float32]
    labels: Indices
    groups: Indices

    def each(self, values: Floats | Indices) -> list[NDArray[Any]]:
        """The values of each query."""
        return list(np.split(values, np.cumsum(self.groups)[:-1]))


def read(rows: Path, queries: Path, width: int | None = None) -> Sample:
    """A libsvm file `label index:value …` and its sizes of queries; what is not said is 0."""
    labels: list[int] = []
    cells: list[tuple[int, int, float]] = []
    for number, line in enumerate(_lines(rows)):
        try:
            label, *parts = line.split()
            labels.append(int(label))
            for part in parts:
                place, _, said = part.partition(":")
                cells.append((number, int(place), float(said)))
        except ValueError:
            raise BadData(f"{rows}, line {number + 1}: not `label index:value ...`") from None
    groups = np.array([int(line) for line in _lines(queries)], dtype=np.int64)
    if groups.sum() != len(labels):
        raise BadData(f"{queries} counts {groups.sum()} rows, {rows} has {len(labels)}")
    columns = max((index for _, index, _ in cells), default=0) + 1
    x = np.zeros((len(labels), max(columns, width or 0)), dtype=np.float32)
    for row, column, value in cells:
        x[row, column] = value
    return Sample(x[:, :width], np.array(labels, dtype=np.int64), groups)


def compare(folder: Path, seed: int = 0) -> dict[str, Interval]:
    """NDCG@5 on `rank.test` of what was trained on `rank.train`."""
    train = read(folder / "rank.train", folder / "rank.train.query")
    test = read(folder / "rank.test", folder / "rank.test.query", train.x.shape[1])
    scores = {
        "random": np.random.default_rng(seed).random(len(test.x)),
        "logistic_regression": Logistic.fitted(train.x, gains(train.labels)).scores(test.x),
        "pointwise_lightgbm": _trees(train, test, seed, "cross_entropy"),
        "lambdarank": _trees(train, test, seed, "lambdarank"),
        "oracle": test.labels.astype(np.float64),
    }
    return {name: _ndcg5(test, given) for name, given in scores.items()}


def _trees(train: Sample, test: Sample, seed: int, objective: str) -> Floats:
    told = {
        name: value
        for name, value in RANKING.told(seed).items()
        if "monotone" not in name and (objective == "lambdarank" or "lambdarank" not in name)
    }
    chosen = {**told, **REPRODUCIBLE, "objective": objective}
    if objective == "lambdarank":
        chosen["label_gain"] = list(LABEL_GAIN)
        data = lgb.Dataset(train.x, label=train.labels, group=train.groups, params=chosen)
    else:
        data = lgb.Dataset(train.x, label=gains(train.labels), params=chosen)
    model = lgb.train(chosen, data, num_boost_round=RANKING.rounds)
    return np.asarray(model.predict(test.x, raw_score=True, num_threads=1))


def _ndcg5(test: Sample, scores: Floats) -> Interval:
    parts = zip(test.each(test.labels), test.each(scores), strict=True)
    each = [metrics.ndcg(labels, given, 5) for labels, given in parts]
    return interval([np.array(each)[:, None]])


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="ascii").splitlines()
    except FileNotFoundError:
        raise BadData(f"{path} does not exist") from None
    except UnicodeDecodeError:
        raise BadData(f"{path} is not text") from None
