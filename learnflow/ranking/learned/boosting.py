"""The one module that calls LightGBM, always on one thread.

LightGBM's threads do not survive a fork: a child that predicts with more than one hangs for ever.
Its default is the host's processors, not the container's share, and each call sets it anew; so the
number is said in every call. A text that is cut short ends the process (std::terminate, nothing to
catch): what comes from outside is proved by its hash before it is handed over (artifact.py).
"""

from collections.abc import Mapping
from typing import Any, Final

import lightgbm as lgb
import numpy as np
import numpy.typing as npt

from learnflow.ranking.learned.catalogue import NAMES
from learnflow.ranking.learned.columns import Floats

Broken: Final = lgb.basic.LightGBMError
"""What LightGBM raises for what it cannot read."""
Scores = npt.NDArray[np.float64]
VERSION: Final[str] = lgb.__version__
REPRODUCIBLE: Final[Mapping[str, Any]] = {
    "num_threads": 1,
    "deterministic": True,
    "force_row_wise": True,
    "feature_pre_filter": False,
    "verbosity": -1,
}


class Model:
    """A model that was trained or read; `text` is all there is to it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._booster = lgb.Booster(model_str=text)

    def scores(self, x: Floats) -> Scores:
        """Raw scores, one per row; a row's score does not depend on the others."""
        return _floats(self._booster.predict(_checked(x), raw_score=True, num_threads=1))

    def contributions(self, x: Floats) -> Scores:
        """What each feature gave to each row's raw score; the last column is the base."""
        return _floats(self._booster.predict(_checked(x), pred_contrib=True, num_threads=1))

    @property
    def trees(self) -> int:
        """How many trees."""
        return int(self._booster.num_trees())


def train(
    x: Floats, labels: npt.NDArray[Any], params: Mapping[str, Any], rounds: int, **rows: Any
) -> str:
    """The text of a model; `rows` are `group`, `position` and `init_score` of lgb.Dataset."""
    chosen = {**params, **REPRODUCIBLE}
    data = lgb.Dataset(
        _checked(x, width=x.shape[1]), label=labels, feature_name=list(NAMES[: x.shape[1]]),
        params=chosen, **rows,
    )  # fmt: skip
    return str(lgb.train(chosen, data, num_boost_round=rounds).model_to_string())


def _checked(x: Floats, width: int = len(NAMES)) -> Floats:
    if x.dtype != np.float32 or x.ndim != 2 or x.shape[1] != width:
        raise ValueError(
            f"features must be float32 with {width} columns, not {x.dtype} of shape {x.shape}"
        )
    return x


def _floats(found: Any) -> Scores:
    return np.asarray(found, dtype=np.float64)
