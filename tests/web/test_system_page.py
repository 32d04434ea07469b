"""The system page on a real system: it breathes, breaks on purpose, and shows one request's way."""

import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Locator, Page, expect

from tests.system.harness import Embedded
from tests.web.browsing import Browsing
from tests.web.people import WAITING, heading, register_student, shows

pytestmark = pytest.mark.asyncio(loop_scope="session")
LONG = 90_000


@pytest_asyncio.fixture(loop_scope="session")
async def page(app: Embedded, browsing: Browsing) -> AsyncIterator[Page]:
    """The system page, following events; no fault outlives the test."""
    opened = await browsing.person("/system/")
    await shows(opened, "live")
    yield opened
    await app.control("POST", "/control/faults/clear", json={})


def awake(page: Page) -> Locator:
    """Cards of functions that have instances."""
    return page.locator("[data-function]:not([data-instances='0'])")


def card(page: Page, function: str) -> Locator:
    """One function's card."""
    return page.locator(f"[data-function='{function}']")


async def to_zero(page: Page) -> None:
    """Press the button until nothing is awake: what was still on its way wakes some again."""
    button = page.get_by_role("button", name="Scale all to zero")
    for _ in range(5):
        await button.click()
        try:
            await expect(awake(page)).to_have_count(0, timeout=15_000)
        except AssertionError:
            continue
        return
    await expect(awake(page)).to_have_count(0)


async def test_a_burst_wakes_functions_all_are_answered_and_all_go_back_to_zero(
    page: Page,
) -> None:
    await to_zero(page)
    await page.get_by_role("button", name="Burst of 50").click()
    await expect(card(page, "match-student")).not_to_have_attribute("data-instances", "0")
    await expect(page.get_by_text("50 of 50 answered")).to_be_visible(timeout=LONG)
    done = page.locator("[data-done='true']")
    await expect(done).to_contain_text(re.compile(r"all decided after [\d.]+"), timeout=LONG)
    told = re.search(r"(\d+) matched · (\d+) wait", await done.inner_text())
    assert told is not None
    assert int(told[1]) + int(told[2]) == 50
    await to_zero(page)
    await expect(page.get_by_text("all at zero")).to_be_visible()


async def test_one_request_is_drawn_from_http_to_who_was_told_with_its_cold_starts(
    page: Page,
) -> None:
    await to_zero(page)
    await page.get_by_role("button", name="Register one student").click()
    request = page.locator("#one-request")
    await expect(request).to_contain_text(re.compile(r"\d+ cold starts?"), timeout=LONG)
    rows = request.get_by_role("row")
    for step in ("POST /api/students", "match-student", "notify-student"):
        await expect(rows.filter(has_text=step).first).to_be_visible(timeout=LONG)


async def test_an_event_opens_to_what_it_says_and_who_took_it(page: Page) -> None:
    await page.get_by_role("button", name="Register one student").click()
    events = page.get_by_role("region", name="Events")
    row = events.get_by_role("button", expanded=False).filter(has_text="student.registered").first
    await expect(row).to_contain_text("match-student")
    await row.click()
    await expect(events.get_by_label("The event's content")).to_contain_text("student_id")
    deliveries = events.get_by_role("region", name="Deliveries")
    await expect(deliveries.get_by_role("row").filter(has_text="match-student")).to_be_visible()


async def test_an_arrow_shows_the_manifest_that_made_it(page: Page) -> None:
    flow = page.get_by_role("region", name="The flow")
    way = (
        flow.get_by_role("button", name=re.compile("student.registered")).filter(visible=True).first
    )
    await way.press("Enter")
    manifest = flow.get_by_label(re.compile("The text of .*yaml")).filter(visible=True)
    await expect(manifest).to_contain_text("student.registered")


async def test_a_slow_matcher_shows_on_the_students_page(
    page: Page, browsing: Browsing, subject: str
) -> None:
    slow = page.get_by_role("switch", name="Slow matcher")
    await slow.click()
    await expect(slow).to_have_attribute("aria-checked", "true")
    ada = await browsing.person("/student/")
    await register_student(ada, "Ada", subject)
    steps = ada.get_by_role("list", name="Your request")
    await expect(steps).to_contain_text("Waking the matcher")
    await expect(heading(ada)).to_have_text(WAITING)
    await expect(steps).to_contain_text("Waiting for a tutor")
    await slow.click()
    await expect(slow).to_have_attribute("aria-checked", "false")


async def test_a_refused_event_is_a_dead_letter_that_a_replay_delivers(
    page: Page, browsing: Browsing, subject: str
) -> None:
    refusing = page.get_by_role("switch", name="Refusing matcher")
    await refusing.click()
    await expect(refusing).to_have_attribute("aria-checked", "true")
    ada = await browsing.person("/student/")
    await register_student(ada, "Ada", subject)
    letters = page.get_by_role("region", name="Dead letters")
    await expect(letters.get_by_text("422").first).to_be_visible(timeout=LONG)
    await refusing.click()
    await expect(refusing).to_have_attribute("aria-checked", "false")
    await letters.get_by_role("button", name="Replay").first.click()
    await expect(letters.get_by_text("replayed").first).to_be_visible(timeout=LONG)
    await expect(heading(ada)).to_have_text(WAITING)


async def test_a_failing_matcher_is_called_again_until_it_answers(
    page: Page, browsing: Browsing, subject: str
) -> None:
    failing = page.get_by_role("switch", name="Failing matcher")
    await failing.click()
    await expect(failing).to_have_attribute("aria-checked", "true")
    ada = await browsing.person("/student/")
    await register_student(ada, "Ada", subject)
    row = page.get_by_role("region", name="Events").get_by_role("listitem")
    await expect(row.filter(has_text=re.compile("[2-9] attempts")).first).to_be_visible()
    await failing.click()
    await expect(heading(ada)).to_have_text(WAITING, timeout=LONG)
