"""A world per test, over lent databases."""

from collections.abc import AsyncIterator

import pytest

from tests.flow.world import World
from tests.lent import databases, lent
from tests.postgres import Databases

__all__ = ["databases", "lent", "world"]


@pytest.fixture
async def world(databases: Databases) -> AsyncIterator[World]:
    """The functions over empty databases."""
    world = World(databases)
    yield world
    await world.close()
