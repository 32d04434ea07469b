"""A student and a tutor at two devices at once: waiting, matched, accepted, declined, rated."""

import pytest
from playwright.async_api import Page, expect

from tests.system.harness import Embedded
from tests.web.browsing import NETWORK, Browsing
from tests.web.people import (
    WAITING,
    card_of,
    heading,
    press_until_focused,
    register_student,
    register_tutor,
    registered,
    shows,
    stay,
    stayed,
)

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_waiting_student_sees_a_tutor_come_and_accept_without_reloading(
    browsing: Browsing, subject: str
) -> None:
    ada = await browsing.person("/student/")
    await register_student(ada, "Ada", subject)
    await stay(ada)
    await expect(heading(ada)).to_have_text(WAITING)
    await expect(ada.get_by_role("list", name="Your request")).to_contain_text("Waiting")

    tove = await browsing.person("/tutor/")
    await register_tutor(tove, "Tove", subject)
    await stay(tove)
    await expect(heading(ada)).to_have_text(f"Tove is your {subject} tutor")
    why = ada.get_by_role("region", name="Why Tove")
    await expect(why.get_by_role("listitem").first).to_be_visible()
    await expect(ada.get_by_text("Waiting for Tove to accept")).to_be_visible()

    await expect(card_of(tove, "Ada")).to_contain_text("Waits for your answer")
    await expect(card_of(tove, "Ada")).to_contain_text("grade 7")
    await tove.get_by_role("button", name="Accept Ada").click()
    await expect(card_of(tove, "Ada")).to_contain_text("Accepted")
    await expect(ada.get_by_text("Tove has accepted")).to_be_visible()
    assert await stayed(ada)
    assert await stayed(tove)


async def test_a_declined_student_is_shown_the_next_tutor_and_why(
    app: Embedded, browsing: Browsing, subject: str
) -> None:
    offer = {"subjects": [subject], "grade_min": 1, "grade_max": 12}
    tutors = {
        name: await registered(app.url, "tutor", name=name, **offer) for name in ("Tove", "Tariq")
    }
    ada = await browsing.person("/student/")
    await register_student(ada, "Ada", subject)
    await stay(ada)
    await expect(heading(ada)).to_contain_text("is your")
    first = (await heading(ada).inner_text()).split(" is your")[0]
    second = next(name for name in tutors if name != first)
    await expect(ada.get_by_role("region", name=f"Why {first}")).to_contain_text(second)

    page = await browsing.person(f"/tutor/?id={tutors[first]}")
    other = await browsing.person(f"/tutor/?id={tutors[second]}")
    await expect(other.get_by_text("No students yet").last).to_be_visible()
    await page.get_by_role("button", name="Decline Ada").click()
    await expect(heading(ada)).to_have_text(f"{second} is your {subject} tutor")
    await expect(card_of(other, "Ada")).to_be_visible()
    await expect(card_of(page, "Ada")).to_have_count(0)
    await expect(ada.get_by_role("region", name=f"Why {second}")).to_be_visible()
    assert await stayed(ada)


async def test_a_student_without_a_mouse_registers_is_matched_and_rates(
    app: Embedded, browsing: Browsing, subject: str
) -> None:
    await registered(app.url, "tutor", name="Tove", subjects=[subject])
    ada = await browsing.person("/")
    await press_until_focused(ada, ada.get_by_role("link", name="Find a tutor"))
    await ada.keyboard.press("Enter")
    await ada.wait_for_url("**/student/")
    for label, typed in (("Name", "Ada"), ("Grade", "7"), ("Subject", subject)):
        await press_until_focused(ada, ada.get_by_label(label, exact=True))
        await ada.keyboard.type(typed)
    await ada.keyboard.press("Enter")

    await expect(heading(ada)).to_have_text(f"Tove is your {subject} tutor")
    await expect(heading(ada)).to_be_focused()
    await press_until_focused(ada, ada.get_by_role("radio").first)
    for _ in range(3):
        await ada.keyboard.press("ArrowRight")
    await press_until_focused(ada, ada.get_by_role("button", name="Save rating"))
    await ada.keyboard.press("Enter")
    await expect(ada.get_by_text("You rated it with 4 stars. Thank you.")).to_be_visible()
    await ada.reload()
    await expect(ada.get_by_text("You rated it with 4 stars. Thank you.")).to_be_visible()


async def test_the_link_brings_everything_back_on_another_device(
    app: Embedded, browsing: Browsing, subject: str
) -> None:
    await registered(app.url, "tutor", name="Tove", subjects=[subject])
    ada = await browsing.person("/student/")
    await register_student(ada, "Ada", subject)
    await expect(heading(ada)).to_have_text(f"Tove is your {subject} tutor")
    before = await _settled(ada, "Who could be asked")
    await ada.reload()
    assert await _settled(ada, "Who could be asked") == before
    link = await ada.get_by_label("Link to this page").input_value()
    elsewhere = await browsing.person(link)
    assert await _settled(elsewhere, "Who could be asked") == before


async def test_a_link_to_nobody_says_so(browsing: Browsing) -> None:
    for kind in ("student", "tutor"):
        page = await browsing.person(expected=NETWORK)
        await page.goto(f"/{kind}/?id=01J00000000000000000000000")
        await expect(heading(page)).to_have_text("Nobody is here")
        await expect(page.get_by_text(f"This link does not lead to a {kind}")).to_be_visible()


async def test_changed_details_are_there_after_a_reload(
    app: Embedded, browsing: Browsing, subject: str
) -> None:
    student = await registered(app.url, "student", name="Ada", subject=subject)
    ada = await browsing.person(f"/student/?id={student}")
    await ada.get_by_role("button", name="Change details").click()
    await ada.get_by_label("Budget").select_option("2")
    await ada.get_by_role("button", name="Save changes").click()
    await expect(ada.get_by_role("region", name="What you asked for")).to_contain_text("2 of 5")
    await ada.reload()
    await expect(ada.get_by_role("region", name="What you asked for")).to_contain_text("2 of 5")


async def _settled(page: Page, last: str) -> str:
    """All that the page says, once its last part is read and it is live."""
    await expect(page.get_by_text(last)).to_be_visible()
    await shows(page, "live")
    await expect(page.get_by_text("Waiting for Tove to accept")).to_be_visible()
    return await page.get_by_role("main").inner_text()
