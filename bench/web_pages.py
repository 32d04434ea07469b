"""One page loaded by a browser that never saw it: bytes on the wire, and what was painted when."""

import asyncio
from dataclasses import dataclass
from typing import Any, Final

from playwright.async_api import Browser, CDPSession, Page

from bench.system import until

_SECONDS: Final = 60.0
_QUIET_SECONDS: Final = 1.0
"""Nothing more was loaded for so long: the first load is over."""
_LOOK: Final = 0.1
_OBSERVE: Final = """
window.vitals = { lcp: 0, cls: 0, tbt: 0 };
const observe = (type, hear) => {
  const observer = new PerformanceObserver((list) => list.getEntries().forEach(hear));
  observer.observe({ type, buffered: true });
};
observe("largest-contentful-paint", (one) => { vitals.lcp = one.startTime; });
observe("layout-shift", (one) => { if (!one.hadRecentInput) vitals.cls += one.value; });
observe("longtask", (one) => { vitals.tbt += Math.max(0, one.duration - 50); });
"""
_VITALS: Final = """() => ({
  ...vitals,
  dcl: performance.getEntriesByType("navigation")[0].domContentLoadedEventEnd,
})"""


@dataclass(frozen=True, slots=True)
class Load:
    """What one first load took; bytes as they came over the wire, headers included."""

    script_bytes: float
    scripts: int
    bytes: float
    lcp_ms: float
    cls: float
    tbt_ms: float
    dcl_ms: float


@dataclass
class _Wire:
    """Counts what the browser says that it received."""

    session: CDPSession
    bytes: float = 0.0
    script_bytes: float = 0.0
    scripts: int = 0
    changed: float = 0.0

    async def listen(self) -> None:
        """Count from now on."""
        self._types: dict[str, str] = {}
        self.session.on("Network.responseReceived", self._received)
        self.session.on("Network.loadingFinished", self._finished)
        await self.session.send("Network.enable")

    def _received(self, event: dict[str, Any]) -> None:
        self._types[event["requestId"]] = event["type"]

    def _finished(self, event: dict[str, Any]) -> None:
        size = float(event["encodedDataLength"])
        kind = self._types.get(event["requestId"])
        self.bytes += size
        if kind == "Script":
            self.script_bytes += size
            self.scripts += 1
        if kind not in ("Fetch", "XHR"):
            self.changed = _now()


async def load(browser: Browser, url: str, path: str) -> Load:
    """Load the page once with an empty cache."""
    context = await browser.new_context(base_url=url)
    try:
        page = await context.new_page()
        wire = _Wire(await context.new_cdp_session(page))
        await wire.listen()
        await page.add_init_script(_OBSERVE)
        await page.goto(path, wait_until="load", timeout=_SECONDS * 1000)
        await _settled(page, wire)
        vitals = await page.evaluate(_VITALS)
    finally:
        await context.close()
    return Load(
        wire.script_bytes,
        wire.scripts,
        wire.bytes,
        vitals["lcp"],
        vitals["cls"],
        vitals["tbt"],
        vitals["dcl"],
    )


async def _settled(page: Page, wire: _Wire) -> None:
    """The heading is there and no file came for a while; what a page asks again does not count."""
    await page.get_by_role("heading", level=1).wait_for(timeout=_SECONDS * 1000)
    await until(
        lambda: _now() - wire.changed > _QUIET_SECONDS, _SECONDS, "files keep coming", pause=_LOOK
    )


def _now() -> float:
    return asyncio.get_running_loop().time()
