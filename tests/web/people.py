"""What students and tutors do on their pages, in the words that they read there."""

import re
import secrets
from typing import Any, Final, Literal

import aiohttp
from playwright.async_api import Locator, Page, expect

WAITING: Final = "No tutor is free yet"
"""A student's heading as long as nobody can take them."""
Badge = Literal["live", "connecting", "reconnecting", "polling", "offline"]
_ID: Final = re.compile(r"/(?:student|tutor)/\?(?:.*&)?id=([^&]+)")
_ANSWERED_SECONDS: Final = 60


async def registered(url: str, kind: Literal["student", "tutor"], **form: Any) -> str:
    """Somebody registers without a browser; their id."""
    defaults: dict[str, Any] = {"grade": 7} if kind == "student" else {"capacity": 3}
    headers = {"Idempotency-Key": secrets.token_hex(16)}
    patience = aiohttp.ClientTimeout(total=_ANSWERED_SECONDS)
    async with (
        aiohttp.ClientSession(timeout=patience) as session,
        session.post(f"{url}/api/{kind}s", json=defaults | form, headers=headers) as answer,
    ):
        assert answer.status == 201, await answer.text()
        return str((await answer.json())[f"{kind}_id"])


async def register_student(page: Page, name: str, subject: str, grade: int = 7) -> str:
    """Fill in the three answers and send them; the student's id."""
    await page.get_by_label("Name").fill(name)
    await page.get_by_label("Grade").select_option(str(grade))
    await page.get_by_label("Subject").fill(subject)
    await page.get_by_role("button", name="Find me a tutor").click()
    return await own_page(page)


async def register_tutor(page: Page, name: str, subject: str) -> str:
    """Offer lessons; the tutor's id."""
    await page.get_by_label("Name").fill(name)
    await page.get_by_label("Subjects").fill(subject)
    await page.get_by_role("button", name="Offer lessons").click()
    return await own_page(page)


async def own_page(page: Page) -> str:
    """Wait for the page that registering leads to; whose it is."""
    await page.wait_for_url(_ID)
    found = _ID.search(page.url)
    assert found is not None
    return found[1]


def heading(page: Page) -> Locator:
    """The page's only first heading."""
    return page.get_by_role("heading", level=1)


def card_of(page: Page, student: str) -> Locator:
    """What a tutor's page shows about one student."""
    return page.get_by_role("region", name=student, exact=True)


def cards(page: Page) -> Locator:
    """Every student on a tutor's page."""
    return page.get_by_role("region", name="Your students").get_by_role("heading", level=3)


async def shows(page: Page, badge: Badge) -> None:
    """Wait until the header says how fresh the page is."""
    await expect(page.locator("[data-live]")).to_have_attribute("data-live", badge)


async def stay(page: Page) -> None:
    """From here on `stayed` knows whether the page was loaded anew."""
    await page.evaluate("window.stayedHere = true")


async def stayed(page: Page) -> bool:
    """Whether the page is still the one of `stay`."""
    return bool(await page.evaluate("window.stayedHere === true"))


async def press_until_focused(page: Page, wanted: Locator, key: str = "Tab") -> None:
    """Reach a control as somebody without a mouse does."""
    for _ in range(80):
        await page.keyboard.press(key)
        if await wanted.count() and await wanted.evaluate("one => one === document.activeElement"):
            return
    raise AssertionError(f"{key} never reaches {wanted}")
