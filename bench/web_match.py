"""From a notification's row to the page: how long after it a student sees the match."""

import asyncio
import json
import secrets
from typing import Any, Final

import asyncpg
from playwright.async_api import Browser, Page

from bench.connection import post, send
from bench.figures import Invalid
from bench.system import System, until

_SECONDS: Final = 60.0
_WATCH: Final = """
new MutationObserver(() => {
  const heading = document.querySelector("h1")?.textContent ?? "";
  if (window.matchedAt || !/is your|is found/.test(heading)) return;
  window.matchedAt = performance.timeOrigin + performance.now();
}).observe(document, { subtree: true, childList: true, characterData: true });
"""
"""Notes when the heading first says that there is a tutor: milliseconds since 1970."""
_MATCHED: Final = """
SELECT extract(epoch FROM created_at)::float8 * 1000 FROM notifications
 WHERE recipient_id = $1 AND kind = 'matched'
"""


async def matches_on_screen(browser: Browser, system: System, count: int) -> list[float]:
    """Milliseconds from each match's row to its student's page, one after the other, warm."""
    connection = await asyncpg.connect(system.dsn("students"))
    context = await browser.new_context(base_url=system.url)
    try:
        await context.add_init_script(_WATCH)
        await _one(await context.new_page(), connection, system)  # wakes and compiles
        return [await _one(await context.new_page(), connection, system) for _ in range(count)]
    finally:
        await context.close()
        await connection.close()


async def _one(page: Page, connection: "asyncpg.Connection[Any]", system: System) -> float:
    """A student waits at the page, then a tutor comes."""
    subject = f"subject-{secrets.token_hex(6)}"
    student = await _registered(system, "student", {"grade": 7, "subject": subject})
    await page.goto(f"/student/?id={student}", timeout=_SECONDS * 1000)
    await page.locator("[data-live='live']").wait_for(timeout=_SECONDS * 1000)
    await page.get_by_role("heading", level=1, name="No tutor is free").wait_for(
        timeout=_SECONDS * 1000
    )
    await _registered(system, "tutor", {"subjects": [subject]})
    seen = await until(
        lambda: page.evaluate("window.matchedAt"), _SECONDS, "no match on screen", pause=0.05
    )
    written = await connection.fetchval(_MATCHED, student)
    await page.close()
    if written is None or seen < written:
        raise Invalid(f"seen at {seen}, written at {written}")
    return float(seen - written)


async def _registered(system: System, kind: str, wish: dict[str, Any]) -> str:
    request = post(f"/api/{kind}s", {"name": "Ada Lovelace", **wish})
    sending = send(system.port, iter((request,)), 1, bodies=True)
    outcome = await asyncio.wait_for(sending, _SECONDS)
    if outcome.failed or not outcome.bodies:
        raise Invalid(f"a {kind} was not registered")
    return str(json.loads(outcome.bodies[0])[f"{kind}_id"])
