"""A world per test."""

from collections.abc import AsyncIterator

import pytest

from tests.flow.world import World
from tests.postgres import Databases


@pytest.fixture
async def world(databases: Databases) -> AsyncIterator[World]:
    """The functions over fresh databases."""
    world = World(databases)
    yield world
    await world.close()
