"""The embedded system with the built web app, and the browser that opens it."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from playwright.async_api import Browser, async_playwright

from learnflow.web.building import Builder
from learnflow.web.state import Frontend
from tests.system.harness import REPOSITORY, Embedded

FRONTEND: Final = REPOSITORY / "frontend"
AXE: Final = FRONTEND / "node_modules" / "axe-core" / "axe.min.js"
_BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome")


def chromium() -> str | None:
    """The machine's Chromium, if it has one."""
    return next(filter(None, map(shutil.which, _BROWSERS)), None)


async def build(log: Path) -> Path:
    """The folder of the built web app, built now if its sources changed. Raises NotBuilt."""
    await Builder(Frontend(FRONTEND), log).build()
    return FRONTEND / "out"


@asynccontextmanager
async def serving(out: Path, **options: Any) -> AsyncIterator[Embedded]:
    """A system that serves a copy of `out`: a build meanwhile does not change what is tested."""
    system = Embedded.prepare(**options)
    try:
        (system.folder / "root" / "frontend").mkdir()
        await asyncio.to_thread(shutil.copytree, out, system.folder / "root" / "frontend" / "out")
        await system.start()
        yield system
        await system.stop()
    finally:
        system.discard()


@asynccontextmanager
async def browser(program: str, *more: str) -> AsyncIterator[Browser]:
    """A browser without a window; `more` are arguments of its own."""
    arguments = ["--disable-dev-shm-usage", "--force-color-profile=srgb", *more]
    if os.geteuid() == 0:
        arguments.append("--no-sandbox")
    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch(executable_path=program, args=arguments)
        try:
            yield opened
        finally:
            await opened.close()
