"""Wrong input: said at its field before it is sent, and in the server's own words after."""

import aiohttp
import pytest
from playwright.async_api import Page, expect

from tests.system.harness import Embedded
from tests.web.browsing import NETWORK, Browsing

pytestmark = pytest.mark.asyncio(loop_scope="session")
WRONG = {"name": "", "grade": None, "subject": "数学"}


def error_at(page: Page, field: str) -> str:
    """Where the words about one field stand."""
    return f"#field-{field}-error"


async def send(page: Page, name: str = "", subject: str = "数学") -> None:
    """Send the student's form without a grade."""
    await page.get_by_label("Name").fill(name)
    await page.get_by_label("Subject").fill(subject)
    await page.get_by_role("button", name="Find me a tutor").click()


async def test_what_the_page_finds_wrong_stands_at_its_field_and_nothing_is_sent(
    browsing: Browsing,
) -> None:
    page = await browsing.person("/student/")
    sent: list[str] = []
    page.on("request", lambda one: sent.append(one.url) if one.method == "POST" else None)
    await send(page)
    for field in WRONG:
        await expect(page.locator(error_at(page, field))).to_be_visible()
        control = page.locator(f"#field-{field}")
        await expect(control).to_have_attribute("aria-invalid", "true")
        await expect(control).to_have_attribute("aria-describedby", f"field-{field}-error")
    await expect(page.locator("form").get_by_role("alert")).to_contain_text("3 fields")
    await expect(page.get_by_label("Name")).to_be_focused()
    assert sent == []

    await page.get_by_label("Name").fill("Ada")
    await page.get_by_role("button", name="Find me a tutor").click()
    await expect(page.locator(error_at(page, "name"))).to_have_count(0)
    await expect(page.get_by_label("Grade")).to_be_focused()


async def test_what_only_the_server_finds_wrong_stands_at_its_field_in_its_words(
    app: Embedded, browsing: Browsing
) -> None:
    page = await browsing.person("/student/", expected=NETWORK)
    await page.wait_for_load_state("networkidle")
    await page.route("**/_next/static/chunks/**", lambda route: route.abort())  # the page's check
    async with page.expect_response("**/api/students") as answered:
        await send(page, name="Ada")
    refused = await answered.value
    assert refused.status == 422
    said = {one["where"].split("/")[1]: one["what"] for one in (await refused.json())["errors"]}
    assert {"grade", "subject"} <= set(said)
    for field, what in said.items():
        await expect(page.locator(error_at(page, field))).to_have_text(what, ignore_case=True)
    await expect(page.get_by_label("Grade")).to_be_focused()


async def test_an_offer_for_no_grade_is_said_at_its_field(browsing: Browsing, subject: str) -> None:
    page = await browsing.person("/tutor/", expected=NETWORK)
    await page.get_by_label("Name").fill("Tove")
    await page.get_by_label("Subjects").fill(subject)
    await page.get_by_label("From grade").select_option("9")
    await page.get_by_label("To grade").select_option("5")
    await page.get_by_label("Students at most").fill("51")
    await page.get_by_role("button", name="Offer lessons").click()
    await expect(page.locator(error_at(page, "capacity"))).to_contain_text("1 to 50")
    await page.get_by_label("Students at most").fill("3")
    await page.get_by_role("button", name="Offer lessons").click()
    await expect(page.locator("form").get_by_role("alert")).to_be_visible()
    await expect(page.locator("[id^='field-grade_'][id$='-error']")).to_be_visible()


async def test_a_server_that_is_away_loses_nothing_that_was_typed(
    app: Embedded, browsing: Browsing, subject: str
) -> None:
    page = await browsing.person("/student/", expected=NETWORK)
    await page.get_by_label("Grade").select_option("7")
    await page.route("**/api/students", lambda route: route.abort())
    await send(page, name="Ada", subject=subject)
    await expect(page.locator("form").get_by_role("alert")).to_contain_text("could not be reached")
    await page.unroute("**/api/students")
    await page.get_by_role("button", name="Find me a tutor").click()
    await page.wait_for_url("**/student/?id=*")
    student = page.url.rpartition("=")[2]
    async with (
        aiohttp.ClientSession(app.url) as session,
        session.get(f"/api/students/{student}") as answer,
    ):
        assert (await answer.json())["name"] == "Ada"
