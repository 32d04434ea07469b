"""Loading a model: refuse what does not fit, with the reason.

Everything is proved before LightGBM sees a text (boosting.py says why), and then that it computes
here what it computed where it was trained.
"""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from learnflow.ranking.learned import boosting
from learnflow.ranking.learned.artifact import (
    FORMAT,
    MANIFEST_VERSION,
    Artifact,
    Fusion,
    Refused,
    identity,
    sha256,
)
from learnflow.ranking.learned.boosting import Model
from learnflow.ranking.learned.calibration import Knots
from learnflow.ranking.learned.catalogue import FEATURES, schema_hash
from learnflow.ranking.rules import WEIGHTS

TOLERANCE: Final = 1e-9
FILES: Final = ("ranking", "acceptance")
_END: Final = b"end of trees\n"


@dataclass(frozen=True, slots=True)
class Loaded:
    """A model ready to serve."""

    id: str
    ranking: Model
    acceptance: Model
    knots: Knots
    fusion: Fusion
    constant: float
    """What A gives to every tutor alike."""

    @property
    def typical(self) -> float:
        """The middle of the calibrated probabilities."""
        return self.knots.y[len(self.knots.y) // 2]


def load(artifact: Artifact) -> Loaded:
    """The model, proved. Raises Refused with the first thing that does not fit."""
    told = artifact.manifest
    try:
        _check_manifest(told)
        for name in FILES:
            _check_text(name, artifact.texts[name], told["sha256"][name])
        models = {name: Model(artifact.texts[name]) for name in FILES}
        _check_golden(told["golden"], models)
        knots = Knots(tuple(told["calibration"]["x"]), tuple(told["calibration"]["y"]))
        rows = np.array(told["golden"]["rows"][:1], dtype=np.float32)
        constant = float(models["ranking"].contributions(rows)[0, -1])
        fusion = Fusion(**told["fusion"])
        return Loaded(artifact.id, **models, knots=knots, fusion=fusion, constant=constant)
    except boosting.Broken as error:
        raise Refused(f"LightGBM cannot read it: {error}") from error
    except (KeyError, TypeError, AttributeError) as error:
        raise Refused(f"the manifest lacks something: {error}") from error


def _check_manifest(told: Mapping[str, Any]) -> None:
    if told["manifest_version"] != MANIFEST_VERSION:
        raise Refused(
            f"manifest version {told['manifest_version']}; this release reads {MANIFEST_VERSION}"
        )
    if told["schema"] != schema_hash():
        raise Refused(f"trained on other features: {_differing(told['features'])}")
    if told["rules"] != WEIGHTS:
        raise Refused("trained as a correction of other rules than these")
    if told["id"] != identity(told):
        raise Refused("the manifest was changed: its id does not fit what it says")
    if _major(told["lightgbm"]) != _major(boosting.VERSION):
        raise Refused(f"made by LightGBM {told['lightgbm']}, here is {boosting.VERSION}")


def _check_text(name: str, text: str, hashed: str) -> None:
    if sha256(text) != hashed:
        raise Refused(f"the text of {name} was changed: its hash does not fit the manifest")
    version = re.search(r"^version=(.*)$", text, re.MULTILINE)
    if version is None or version[1] != FORMAT:
        raise Refused(f"the text of {name} is of format {version and version[1]}, not {FORMAT}")
    if not _whole(text.encode()):
        raise Refused(f"the text of {name} is not whole")


def _whole(text: bytes) -> bool:
    """Whether each tree lies where `tree_sizes` says, for LightGBM believes it unseen."""
    sizes = re.search(rb"^tree_sizes=([0-9 ]+)$", text, re.MULTILINE)
    place = text.find(b"Tree=0\n")
    if sizes is None or place < 0:
        return False
    for number, size in enumerate(sizes[1].split()):
        if not text.startswith(b"Tree=%d\n" % number, place):
            return False
        place += int(size)
    return text.startswith(_END, place)


def _check_golden(golden: Mapping[str, Any], models: Mapping[str, Model]) -> None:
    if not golden["rows"]:
        raise Refused("the manifest has no golden rows")
    rows = np.array(golden["rows"], dtype=np.float32)
    for name, model in models.items():
        away = _furthest(model.scores(rows), np.array(golden[name], dtype=np.float64))
        if not away <= TOLERANCE:
            raise Refused(f"{name} scores its golden rows differently here, by up to {away:g}")


def _furthest(found: npt.NDArray[np.float64], expected: npt.NDArray[np.float64]) -> float:
    if found.shape != expected.shape:
        return float("inf")
    return float(np.abs(found - expected).max())


def _differing(features: list[dict[str, Any]]) -> str:
    here = [asdict(feature) for feature in FEATURES]
    names = [one["name"] for one in here if one not in features]
    names += [one["name"] for one in features if one not in here]
    return ", ".join(dict.fromkeys(names)) or "the words or numbers behind them"


def _major(version: str) -> str:
    return version.split(".", maxsplit=1)[0]
