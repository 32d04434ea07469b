"""One system and one browser for all tests in a browser; a fresh subject keeps them apart."""

import secrets
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from learnflow.settings import Settings
from learnflow.web.building import NotBuilt
from tests.system.harness import Embedded
from tests.web import built
from tests.web.browsing import PATIENCE_MS, Browsing

HERE = Path(__file__).parent
BUILDS_SECONDS = 900
expect.set_options(timeout=PATIENCE_MS)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whole systems run here, and the first test may have to build the web app."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.system)
            item.add_marker(pytest.mark.timeout(BUILDS_SECONDS))


def absent(why: str) -> None:
    """Skip with the reason, which is a failure where CI runs."""
    if Settings.read().ci:
        pytest.fail(why, pytrace=False)
    pytest.skip(why)


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def app(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Embedded]:
    """A running system that serves the web app; its deliveries retry in short order."""
    try:
        out = await built.build(tmp_path_factory.mktemp("web") / "build.log")
    except NotBuilt as error:
        absent(f"{error} {error.fix}")
    async with built.serving(out, backoff=0.05, window=30.0) as system:
        yield system


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """The machine's browser, started."""
    program = built.chromium()
    if program is None:
        absent("There is no Chromium on PATH (Debian: apt install chromium).")
        raise AssertionError
    async with built.browser(program) as browser:
        yield browser


@pytest_asyncio.fixture(loop_scope="session")
async def browsing(app: Embedded, chromium: Browser) -> AsyncIterator[Browsing]:
    """People for one test; fails when a page logged an error or asked another host."""
    people = Browsing(chromium, app.url)
    yield people
    await people.close()
    assert people.wrong == []


@pytest.fixture
def subject() -> str:
    """A subject that nobody else learns or teaches."""
    return f"subject {secrets.token_hex(4)}"
