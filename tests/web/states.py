"""Every page in its main states, for what has to hold on all of them."""

import re
import secrets
from collections.abc import AsyncIterator
from typing import Final

from playwright.async_api import Page, expect

from tests.web.browsing import NETWORK, Browsing, Scheme
from tests.web.people import card_of, heading, registered, shows

LONG_NAME: Final = "Maximiliane-Konstanze Featherstonehaugh-Cholmondeley von und zu Hohenlohe"
EVERY: Final = (
    "landing",
    "not found",
    "student form",
    "student form, all wrong",
    "tutor form, all fields",
    "nobody",
    "student waiting",
    "student changing",
    "student matched",
    "tutor with a student",
    "system",
)


async def states(
    browsing: Browsing, scheme: Scheme = "light", width: int = 1200
) -> AsyncIterator[tuple[str, Page]]:
    """Each of EVERY, settled, on one device."""
    page = await browsing.person(scheme=scheme, width=width, expected=NETWORK)
    await page.goto("/")
    yield "landing", page
    await page.goto("/no-such-page/")
    yield "not found", page
    await page.goto("/student/")
    await page.get_by_text("Add details").click()
    yield "student form", page
    await page.get_by_role("button", name="Find me a tutor").click()
    await expect(page.locator("form").get_by_role("alert")).to_be_visible()
    yield "student form, all wrong", page
    await page.goto("/tutor/")
    await page.get_by_text("Add details").click()
    yield "tutor form, all fields", page
    await page.goto("/student/?id=01J00000000000000000000000")
    await expect(heading(page)).to_have_text("Nobody is here")
    yield "nobody", page
    async for one in _people(browsing.url, page):
        yield one
    await _fill_system(page)
    yield "system", page


async def _people(url: str, page: Page) -> AsyncIterator[tuple[str, Page]]:
    subject = f"subject {secrets.token_hex(4)}"
    student = await registered(url, "student", name=LONG_NAME, subject=subject)
    await page.goto(f"/student/?id={student}")
    await expect(heading(page)).to_contain_text("No tutor")
    yield "student waiting", page
    await page.get_by_role("button", name="Change details").click()
    yield "student changing", page
    offer = {"subjects": [subject], "times": ["mon-16", "tue-17"], "languages": ["de", "en"]}
    tutor = await registered(url, "tutor", name=f"Tutor {LONG_NAME}", **offer)
    await page.goto(f"/student/?id={student}")
    await expect(page.get_by_text("Who could be asked")).to_be_visible()
    yield "student matched", page
    await page.goto(f"/tutor/?id={tutor}")
    await expect(card_of(page, LONG_NAME)).to_be_visible()
    yield "tutor with a student", page


async def _fill_system(page: Page) -> None:
    """The system page with a trace, an open event and an open manifest."""
    await page.goto("/system/")
    await shows(page, "live")
    await page.get_by_role("button", name="Register one student").click()
    await expect(page.locator("#one-request table")).to_be_visible()
    events = page.get_by_role("region", name="Events")
    await events.get_by_role("button", expanded=False).nth(1).click()
    await expect(events.get_by_label("The event's content").first).to_be_visible()
    flow = page.get_by_role("region", name="The flow")
    ways = flow.get_by_role("button", name=re.compile("student.registered"))
    await ways.filter(visible=True).first.press("Enter")
    await expect(flow.get_by_label("The text of").filter(visible=True)).to_be_visible()
