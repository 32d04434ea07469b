"""Every test here starts whole systems; those that only ask share one."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.harness import Embedded
from tests.system.outages import Background

HERE = Path(__file__).parent
ASKS = "test_outages.py"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what lies in this folder; what the longest tests found is asked for last."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.system)
    items.sort(key=lambda item: item.path.name == ASKS)


@pytest.fixture(scope="session", autouse=True)
def outages(request: pytest.FixtureRequest) -> Iterator[Background | None]:
    """The long outages, begun with the first test of this folder if any test asks for them."""
    if not any(item.path.name == ASKS for item in request.session.items):
        yield None
        return
    background = Background()
    yield background
    background.end()


@pytest.fixture(scope="module")
def system() -> Iterator[Embedded]:
    """A running system for a module's tests, whose deliveries retry in short order."""
    shared = Embedded.prepare(backoff=0.02)
    try:
        asyncio.run(shared.start())
        yield shared
        asyncio.run(shared.stop())
    finally:
        shared.discard()
