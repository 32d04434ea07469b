"""Pages are for everybody: no WCAG 2.2 AA violation, small screens, other scripts, what is read."""

import re
from typing import Any

import pytest
from playwright.async_api import Locator, Page, expect

from tests.system.harness import Embedded
from tests.web import built
from tests.web.browsing import Browsing, Scheme
from tests.web.conftest import absent
from tests.web.people import card_of, heading, register_student, registered
from tests.web.states import EVERY, states

pytestmark = pytest.mark.asyncio(loop_scope="session")
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa"]


@pytest.fixture(scope="session")
def axe() -> str:
    """The checker's script; it comes with the web app's tools for developers."""
    if not built.AXE.exists():
        absent("axe-core is not installed: make check installs the web app's tools.")
    return built.AXE.read_text("utf-8")


async def violations(page: Page, axe: str) -> list[str]:
    """What axe finds wrong on the page as it is now."""
    await page.evaluate(axe)
    options = {"runOnly": {"type": "tag", "values": TAGS}, "resultTypes": ["violations"]}
    found: dict[str, Any] = await page.evaluate("options => axe.run(document, options)", options)
    return [
        f"{one['id']}: {node['target']} {node['failureSummary']}"
        for one in found["violations"]
        for node in one["nodes"]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_no_state_of_any_page_violates_wcag(
    browsing: Browsing, axe: str, scheme: Scheme
) -> None:
    seen = {}
    async for name, page in states(browsing, scheme):
        seen[name] = await violations(page, axe)
    assert {name: wrong for name, wrong in seen.items() if wrong} == {}
    assert tuple(seen) == EVERY


async def test_nothing_is_wider_than_a_phone(browsing: Browsing) -> None:
    wide = {}
    async for name, page in states(browsing, width=360):
        width = await page.evaluate("document.documentElement.scrollWidth")
        if width > 360:
            wide[name] = (width, await page.evaluate(WIDEST))
    assert wide == {}


WIDEST = """() => [...document.querySelectorAll("main *, header *")]
  .map((one) => [Math.round(one.getBoundingClientRect().right), one.outerHTML.slice(0, 120)])
  .sort((one, other) => other[0] - one[0]).slice(0, 3)"""


async def direction(place: Locator) -> str:
    """In which direction the browser writes it."""
    return str(await place.evaluate("one => getComputedStyle(one).direction"))


async def test_names_keep_their_script_and_direction(
    app: Embedded, browsing: Browsing, subject: str
) -> None:
    tutor_name, student_name = "שרה לוי", "ليلى 🎻 Żofia"
    tutor = await registered(app.url, "tutor", name=tutor_name, subjects=[subject])
    page = await browsing.person("/student/")
    await page.get_by_label("Name").fill(student_name)
    assert await direction(page.get_by_label("Name")) == "rtl"
    await register_student(page, student_name, subject)
    await expect(heading(page)).to_have_text(f"{tutor_name} is your {subject} tutor")
    assert await direction(heading(page).locator("bdi")) == "rtl"
    assert await direction(heading(page)) == "ltr"
    await page.goto(f"/tutor/?id={tutor}")
    shown = card_of(page, student_name).get_by_role("heading").locator("bdi")
    await expect(shown).to_have_text(student_name)
    assert await direction(shown) == "rtl"


async def test_the_theme_is_chosen_and_kept(browsing: Browsing) -> None:
    page = await browsing.person("/", scheme="light")
    light = await ground(page)
    await page.get_by_role("button", name="Use dark colours").click()
    dark = await ground(page)
    assert dark != light
    await page.goto("/student/")
    assert await ground(page) == dark


async def ground(page: Page) -> str:
    """The colour below everything."""
    return str(await page.evaluate("getComputedStyle(document.body).backgroundColor"))


async def test_the_landing_page_reads_as_written(browsing: Browsing) -> None:
    page = await browsing.person("/")
    await expect(page.get_by_role("main")).to_match_aria_snapshot("""
      - heading "A tutor who suits you, found while you watch" [level=1]
      - heading "I am looking for a tutor" [level=2]
      - link "Find a tutor"
      - heading "I teach" [level=2]
      - link "Offer lessons"
      - list "How it goes":
        - listitem:
          - strong: You register
        - listitem:
          - strong: Tutors are compared
        - listitem:
          - strong: Both are told at once
      - paragraph:
        - link "Watch the system"
    """)


async def test_a_matched_students_page_reads_in_order(
    app: Embedded, browsing: Browsing, subject: str
) -> None:
    await registered(app.url, "tutor", name="Tove", subjects=[subject])
    student = await registered(app.url, "student", name="Ada", subject=subject)
    page = await browsing.person(f"/student/?id={student}")
    await expect(page.get_by_role("main")).to_match_aria_snapshot(f"""
      - heading "Tove is your {subject} tutor" [level=1]
      - list "Your request":
        - listitem: /Registered.*done/
        - listitem: /Matched.*done/
        - listitem: /Booked.*done/
      - region "Tove":
        - status: Waiting for Tove to accept
      - region "Why Tove":
        - list:
          - listitem
        - heading "Who could be asked" [level=3]
      - region "How good is this match?":
        - group "Stars for Tove"
        - button "Save rating" [disabled]
      - region "What you asked for":
        - button "Change details"
        - button "Leave"
      - region "Your link":
        - textbox "Link to this page"
        - button "Copy link"
    """)


async def test_a_page_has_one_first_heading_a_title_and_a_way_past_the_header(
    browsing: Browsing,
) -> None:
    for path in ("/", "/student/", "/tutor/", "/system/"):
        page = await browsing.person(path)
        await expect(heading(page)).to_have_count(1)
        await expect(page).to_have_title(re.compile("LearnFlow"))
        await page.keyboard.press("Tab")
        await expect(page.get_by_role("link", name="Skip to the page")).to_be_focused()
