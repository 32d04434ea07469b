"""The model as it is kept: LightGBM's texts and a manifest that says what they are."""

import gzip
import hashlib
import json
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final, Self

import numpy as np

from learnflow.ranking.learned import boosting
from learnflow.ranking.learned.boosting import Model
from learnflow.ranking.learned.calibration import Knots
from learnflow.ranking.learned.catalogue import FEATURES, schema_hash
from learnflow.ranking.learned.columns import Floats
from learnflow.ranking.rules import WEIGHTS

MANIFEST_VERSION: Final = 1
FORMAT: Final = "v4"
"""LightGBM's text format; it reads any other as if it were this one."""
GOLDEN_ROWS: Final = 20


class Refused(Exception):
    """A model that must not serve; the text says why."""


@dataclass(frozen=True, slots=True)
class Fusion:
    """How the parts of a score are put together; each is a weight."""

    base: float = 0.1
    acceptance: float = 1.0
    load: float = 0.0


@dataclass(frozen=True, slots=True)
class Artifact:
    """A model as bytes would hold it: a manifest of plain data, and the texts by name."""

    manifest: Mapping[str, Any]
    texts: Mapping[str, str]

    @property
    def id(self) -> str:
        """Which model: the same for the same texts, calibration and weights."""
        return str(self.manifest["id"])

    def packed(self) -> bytes:
        """All of it, compressed; the same artifact gives the same bytes."""
        plain = {"manifest": self.manifest, "texts": self.texts}
        return gzip.compress(_json(plain).encode(), mtime=0)

    @classmethod
    def unpacked(cls, packed: bytes) -> Self:
        """What `packed` made. Raises Refused."""
        try:
            plain = json.loads(gzip.decompress(packed))
            return cls(plain["manifest"], plain["texts"])
        except (OSError, EOFError, zlib.error, ValueError, KeyError, TypeError) as error:
            raise Refused(f"not a packed model: {error}") from error


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a model comes from; what is not known stays empty."""

    window: tuple[str, str] | None = None
    """First and last day of the rows, as dates."""
    rows: int = 0
    queries: int = 0
    dataset: str | None = None
    """sha256 of the rows."""
    seed: int = 0
    commit: str | None = None
    kind: str = "synthetic"
    parent: str | None = None
    params: Mapping[str, Any] = field(default_factory=dict)


def make(
    ranking: str, acceptance: str, knots: Knots, golden: Floats, *, fusion: Fusion, origin: Origin,
    metrics: Mapping[str, Mapping[str, float]] | None = None,
) -> Artifact:  # fmt: skip
    """A model with its manifest; `golden` are real rows; `metrics` by name value, low, high."""
    texts = {"ranking": ranking, "acceptance": acceptance}
    rows = golden[:GOLDEN_ROWS]
    manifest = {
        "manifest_version": MANIFEST_VERSION,
        "sha256": {name: sha256(text) for name, text in texts.items()},
        "format": FORMAT,
        "lightgbm": boosting.VERSION,
        "schema": schema_hash(),
        "features": [asdict(feature) for feature in FEATURES],
        "dtype": "float32",
        "fusion": asdict(fusion),
        "rules": WEIGHTS,
        "calibration": asdict(knots),
        "origin": asdict(origin),
        "metrics": metrics or {},
        "golden": {
            "rows": [[_plain(value) for value in row] for row in rows.tolist()],
            **{name: Model(text).scores(rows).tolist() for name, text in texts.items()},
        },
    }
    manifest = json.loads(_json({**manifest, "id": identity(manifest)}))
    return Artifact(manifest, texts)


def sha256(text: str) -> str:
    """The hash of a text."""
    return hashlib.sha256(text.encode()).hexdigest()


def identity(told: Mapping[str, Any]) -> str:
    """The id of a model with this manifest."""
    parts = [told[name] for name in ("sha256", "schema", "calibration", "fusion", "rules")]
    return f"learned-{sha256(_json(parts))[:16]}"


def _plain(value: float) -> float | None:
    return None if np.isnan(value) else value


def _json(plain: Any) -> str:
    return json.dumps(plain, sort_keys=True, allow_nan=False)
