"""A model of the size that serves, learned from a market's log: `bench.ranking_model FOLDER`."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np

from learnflow.evaluation.booking import book, laid, when
from learnflow.evaluation.world import DEFAULT, smaller
from learnflow.ranking.learned.artifact import Artifact, Fusion, Origin, make
from learnflow.ranking.learned.base import start
from learnflow.ranking.learned.training import train_acceptance, train_ranking
from learnflow.ranking.model_files import ModelFiles

_WORLD: Final = replace(smaller(DEFAULT, tutors=300, students_a_week=150, judged=1), weeks=8)
_KNOWN: Final = when(40)
"""Long after the last week: every outcome has been heard."""


def trained() -> Artifact:
    """Both models with the product's parameters, from some 1,400 bookings; seconds."""
    bookings, _ = book(_WORLD, seed=1)
    log = laid(bookings.log, _KNOWN)
    ranking = train_ranking(log.x, log.labels, log.groups, init_score=start(log.x), seed=1)
    told = ~np.isnan(log.accepted)
    accepted = log.accepted[told].astype(np.int64)
    acceptance, knots = train_acceptance(log.x[told], accepted, 1)
    return make(ranking, acceptance, knots, log.x, fusion=Fusion(), origin=Origin())


def main(folder: str) -> None:
    """Keep it as match_student's processes keep theirs."""
    artifact = trained()
    ModelFiles(Path(folder)).keep(artifact.id, artifact.packed())


if __name__ == "__main__":
    main(sys.argv[1])
