"""Every test here starts whole systems; those that only ask share one."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.harness import Embedded

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what lies in this folder."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.system)


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
