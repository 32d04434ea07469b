"""One small model, trained once."""

import pytest

from learnflow.ranking.learned.artifact import Artifact, Fusion, Origin, make
from learnflow.ranking.learned.loading import Loaded, load
from learnflow.ranking.learned.training import Params, train_acceptance, train_ranking
from tests.ranking.learned import people


@pytest.fixture(scope="session")
def learned_rows() -> people.Rows:
    """The rows the model was trained on."""
    return people.rows()


@pytest.fixture(scope="session")
def artifact(learned_rows: people.Rows) -> Artifact:
    """A model as it is kept."""
    data = learned_rows
    ranking = train_ranking(
        data.x, data.labels, data.groups, data.positions, data.start, 1, Params(rounds=60)
    )
    acceptance, knots = train_acceptance(data.x, data.accepted, 1, Params(rounds=20, num_leaves=7))
    fusion = Fusion(base=0.5, acceptance=1.0, load=0.3)
    return make(ranking, acceptance, knots, data.x, fusion=fusion, origin=Origin(rows=len(data.x)))


@pytest.fixture(scope="session")
def model(artifact: Artifact) -> Loaded:
    """The model, ready to serve."""
    return load(artifact)
