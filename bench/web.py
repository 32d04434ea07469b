"""What a browser measures of the web app: script per page, vitals, and a match coming on screen."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

from playwright.async_api import Browser, Error, async_playwright

from bench.figures import Bound, Figure, percentile
from bench.processes import ROOT
from bench.system import System
from bench.web_match import matches_on_screen
from bench.web_pages import Load, load
from learnflow.web.building import Builder, NotBuilt
from learnflow.web.state import Frontend

GROUP: Final = "web"
PAGES: Final = ("/", "/student/", "/tutor/", "/system/")
SCRIPT: Final = Bound(150)
ON_SCREEN: Final = Bound(100)
VITALS: Final = (
    ("largest contentful paint", "lcp_ms", "ms", Bound(2500)),
    ("cumulative layout shift", "cls", "", Bound(0.1)),
    ("total blocking time", "tbt_ms", "ms", Bound(200)),
    ("DOM content loaded", "dcl_ms", "ms", Bound(1500)),
)
"""The bounds that web.dev calls good; no throttling, and the gateway is on this machine."""
_MATCHES: Final = (30, 5)
_LOADS: Final = (3, 1)


async def measure(system: System, quick: bool) -> list[Figure]:
    """Every page loaded anew, then matches seen on students' pages. Raises RuntimeError."""
    await _built(system)
    try:
        async with _browser() as browser:
            loads = {
                page: [await load(browser, system.url, page) for _ in range(_LOADS[quick])]
                for page in PAGES
            }
            times = await matches_on_screen(browser, system, _MATCHES[quick])
    except Error as error:
        raise RuntimeError(f"the browser: {error.message}") from error
    return [*_scripts(loads), *_vitals(loads), *_on_screen(times)]


async def _built(system: System) -> None:
    """The web app of these sources, where the system's gateway looks for it."""
    try:
        await Builder(Frontend(ROOT / "frontend"), system.folder / "web-build.log").build()
    except NotBuilt as error:
        raise RuntimeError(f"{error} {error.fix}") from error
    place = system.folder / "root" / "frontend"
    if not place.exists():
        place.mkdir()
        await asyncio.to_thread(shutil.copytree, ROOT / "frontend" / "out", place / "out")


@asynccontextmanager
async def _browser() -> AsyncIterator[Browser]:
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        raise RuntimeError("There is no Chromium on PATH (Debian: apt install chromium).")
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    arguments = ["--disable-dev-shm-usage", *sandbox]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=arguments)
        try:
            yield browser
        finally:
            await browser.close()


def _scripts(loads: dict[str, list[Load]]) -> list[Figure]:
    return [
        Figure(
            GROUP,
            f"first load of {page}, script on the wire",
            max(one.script_bytes for one in found) / 1000,
            "kB",
            SCRIPT,
            f"{found[0].scripts} files, {found[0].bytes / 1000:.0f} kB of everything",
        )
        for page, found in loads.items()
    ]


def _vitals(loads: dict[str, list[Load]]) -> list[Figure]:
    """The worst page's median of each, with every page's in the note."""
    figures = []
    for name, field, unit, bound in VITALS:
        medians = {
            page: percentile([float(getattr(one, field)) for one in found], 0.5)
            for page, found in loads.items()
        }
        note = ", ".join(f"{page} {value:.3g}" for page, value in medians.items())
        figures.append(Figure(GROUP, name, max(medians.values()), unit, bound, note))
    return figures


def _on_screen(times: Sequence[float]) -> list[Figure]:
    note = (
        f"{len(times)} matches, from the row's created_at, which is before its commit, to the DOM"
    )
    return [
        Figure(GROUP, "match on screen, p50", percentile(times, 0.5), "ms", ON_SCREEN, note),
        Figure(GROUP, "match on screen, p95", percentile(times, 0.95), "ms", ON_SCREEN, note),
    ]
