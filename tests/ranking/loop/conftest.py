"""Lent databases, and the log of a small simulated market."""

import pytest

from db.matching.training_log import LoggedDecision
from tests.lent import databases, fresh, lent
from tests.ranking.loop import market

__all__ = ["databases", "fresh", "lent"]


@pytest.fixture(scope="session")
def log() -> list[LoggedDecision]:
    """What a small market decided, the last of it three weeks before market.NOW."""
    return market.decisions()
