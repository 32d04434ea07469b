"""One running system for all of this folder: it is fuzzed, and in the end it must be right.

Its streams end after a moment, so that they can be asked like anything else, and its functions do
not scale to zero, so that their memory can be compared.
"""

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from tests.contract_fuzz.limits import Limits
from tests.system.harness import REPOSITORY, Embedded

HERE: Final = Path(__file__).parent
STREAM: Final = {"name": "LEARNFLOW_STREAM_SECONDS", "value": "0.05"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what lies in this folder."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.system)


@pytest.fixture(scope="session")
def limits(request: pytest.FixtureRequest) -> Limits:
    """How much is drawn: for `make test`, or with --fuzz for `make fuzz`."""
    return Limits.long() if request.config.getoption("--fuzz") else Limits()


@pytest.fixture(scope="package")
def system() -> Iterator[Embedded]:
    """The system."""
    shared = Embedded.prepare(backoff=0.02, window=600.0)
    shorten_streams(Path(shared.options.root) / "k8s")
    try:
        asyncio.run(shared.start())
        yield shared
        asyncio.run(shared.stop())
    finally:
        shared.discard()


def shorten_streams(manifests: Path) -> None:
    """Instead of the repository's manifests a copy whose streams end soon."""
    manifests.unlink()
    shutil.copytree(REPOSITORY / "k8s", manifests)
    for file in (manifests / "base" / "functions").glob("watch-*.yaml"):
        service: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
        service["spec"]["template"]["spec"]["containers"][0]["env"].append(STREAM)
        file.write_text(yaml.safe_dump(service), encoding="utf-8")
