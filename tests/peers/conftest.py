"""The real peers of the tests here: one Kafka of each version, one daprd, or a clear skip."""

import asyncio
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from eventing.events import CATALOGUE
from learnflow.settings import Settings
from tests.lent import databases, lent
from tests.peers.broker import Broker, Sidecar
from tools.peers import absent, could_make

__all__ = ["databases", "lent"]
TOPICS = sorted({event.topic for event in CATALOGUE.values()})


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All tests of this folder need them."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker("peers")


def need(*peers: str) -> None:
    """Skip with the remedy where a peer is absent; fail in CI, which makes what it can."""
    for peer in peers:
        if why := absent(peer):
            if Settings.read().ci and could_make(peer):
                pytest.fail(why)
            pytest.skip(why)


@pytest.fixture(scope="session")
def ground() -> Iterator[Path]:
    """A folder for the peers' data and logs."""
    folder = Path(tempfile.mkdtemp(prefix="lfp-", dir="/tmp"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session", params=["4.1.1", "3.9.0"])
def broker(request: pytest.FixtureRequest, ground: Path) -> Iterator[Broker]:
    """Kafka with every topic of the catalogue: what is deployed, then the specification's."""
    need(f"kafka-{request.param}")
    kafka = Broker(request.param, ground / request.param)
    try:
        asyncio.run(kafka.start())
        asyncio.run(kafka.make(*TOPICS, "dead.letter"))
        yield kafka
    finally:
        kafka.close()


@pytest.fixture(scope="session")
def sidecar(broker: Broker, ground: Path) -> Iterator[Sidecar]:
    """A daprd that publishes to it."""
    need("daprd")
    daprd = Sidecar(broker, ground / f"daprd-{broker.version}")
    asyncio.run(daprd.start())
    yield daprd
    daprd.close()
