"""Pictures and a short recording of a real run: `python -m tests.web.recording [--into FOLDER]`.

Writes {landing,student,tutor,system}-{light,dark}.png and run.webp; the README shows them.
"""

import asyncio
import io
import re
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Final

import typer
from PIL import Image
from playwright.async_api import Browser, Page, expect

from tests.eventually import eventually
from tests.system.harness import REPOSITORY, Embedded
from tests.web import built
from tests.web.browsing import PATIENCE_MS, Browsing, Scheme
from tests.web.people import (
    WAITING,
    card_of,
    heading,
    register_student,
    registered,
    shows,
)

SCREENS: Final = REPOSITORY / "docs" / "screens"
SUBJECT: Final = "music theory"
OFFER: Final = {
    "subjects": [SUBJECT, "latin"],
    "times": ["mon-16", "mon-17", "wed-16"],
    "languages": ["en", "de"],
    "goals": ["exam", "catch-up"],
    "price_band": 2,
    "experience_years": 6,
}
WISH: Final = {
    "subject": SUBJECT,
    "times": ["mon-16", "wed-16", "thu-17"],
    "languages": ["de"],
    "goals": ["exam"],
    "budget_band": 3,
}
COLOURS: Final = 64
FRAME_MS: Final = 220
SHRUNK: Final = (620, 700)
_QUALITY: Final = 55


async def pictures(people: Browsing, into: Path, scheme: Scheme) -> None:
    """The four pages with something on them; the system's is open all the while, and breathes."""
    system = await people.person("/system/", scheme=scheme)
    await shows(system, "live")
    await system.get_by_role("button", name="Scale all to zero").click()
    await system.get_by_role("button", name="Burst of 50").click()
    await expect(system.locator("[data-done='true']")).to_be_visible()
    helpers = system.get_by_role("button", name=re.compile(r"Register \d+ tutors"))
    if await helpers.count():
        await helpers.click()
    await registered(people.url, "tutor", name="Clara Brand", **{**OFFER, "price_band": 4})
    tutor = await registered(people.url, "tutor", name="Tove Lindqvist", capacity=3, **OFFER)
    for name in ("Ada Okafor", "Jun Sato"):
        student = await registered(people.url, "student", name=name, **WISH)
    page = await people.person("/", scheme=scheme)
    await shoot(page, into / f"landing-{scheme}.png")
    await page.goto(f"/student/?id={student}")
    await expect(page.get_by_text("Who could be asked")).to_be_visible()
    await shoot(page, into / f"student-{scheme}.png")
    await page.goto(f"/tutor/?id={tutor}")
    await expect(page.get_by_text("places taken")).to_be_visible()
    await shoot(page, into / f"tutor-{scheme}.png")
    await shoot(system, into / f"system-{scheme}.png")
    for one in (page, system):
        await one.close()


async def shoot(page: Page, file: Path) -> None:
    """What is seen of the page, as a small picture."""
    await page.wait_for_function("document.fonts.status === 'loaded'")
    picture = Image.open(io.BytesIO(await page.screenshot()))
    picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(file, optimize=True)


class Film:
    """Frames of two pages side by side, taken while something happens."""

    def __init__(self, left: Page, right: Page) -> None:
        self._pages = (left, right)
        self._frames: list[Image.Image] = []

    @asynccontextmanager
    async def rolling(self) -> AsyncIterator[None]:
        """Take frames for the time of the block."""
        rolls = asyncio.create_task(self._roll())
        try:
            yield
        finally:
            rolls.cancel()
            await asyncio.gather(rolls, return_exceptions=True)

    async def _roll(self) -> None:
        while True:
            taken = await asyncio.gather(*(page.screenshot(type="jpeg") for page in self._pages))
            frame = Image.new("RGB", (2 * SHRUNK[0], SHRUNK[1]))
            for place, bytes_ in enumerate(taken):
                picture = Image.open(io.BytesIO(bytes_)).resize(SHRUNK)
                frame.paste(picture, (place * SHRUNK[0], 0))
            self._frames.append(frame)

    async def seen(self, frames: int) -> None:
        """Wait until what is there now was seen for so many frames."""
        wanted = len(self._frames) + frames
        await eventually(lambda: len(self._frames) >= wanted, 60, message="no frames are taken")

    def save(self, file: Path) -> None:
        """An animated WebP that begins again."""
        first, *others = self._frames
        first.save(
            file,
            save_all=True,
            append_images=others,
            duration=[FRAME_MS] * len(others) + [2500],
            loop=0,
            quality=_QUALITY,
            method=4,
        )


async def film(people: Browsing, file: Path) -> None:
    """A student registers and waits while a burst passes; a tutor comes; the match and why."""
    student = await people.person("/student/")
    system = await people.person("/system/")
    for page in (student, system):
        await page.set_viewport_size({"width": SHRUNK[0], "height": SHRUNK[1]})
    await shows(system, "live")
    subject = "ethnomusicology"
    taken = Film(student, system)
    async with taken.rolling():
        await taken.seen(3)
        await system.get_by_role("button", name="Burst of 50").evaluate("one => one.click()")
        await register_student(student, "Ada Okafor", subject)
        await expect(heading(student)).to_have_text(WAITING)
        await expect(system.locator("[data-done='true']")).to_be_visible()
        await taken.seen(8)
        tutor = {**OFFER, "subjects": [subject]}
        tutor_id = await registered(people.url, "tutor", name="Tove Lindqvist", **tutor)
        await expect(heading(student)).to_contain_text("Tove Lindqvist is your")
        await taken.seen(8)
        await student.get_by_text("Who could be asked").scroll_into_view_if_needed()
        await taken.seen(8)
        await system.goto(f"/tutor/?id={tutor_id}")
        await expect(card_of(system, "Ada Okafor")).to_be_visible()
        await taken.seen(4)
    taken.save(file)


async def record(into: Path) -> None:
    """Everything, on one system of its own."""
    program = built.chromium()
    if program is None:
        raise SystemExit("There is no Chromium on PATH (Debian: apt install chromium).")
    expect.set_options(timeout=PATIENCE_MS)
    into.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as logs:
        out = await built.build(Path(logs) / "build.log")
    async with built.serving(out, window=30.0) as system, built.browser(program) as browser:
        await _all(system, browser, into)


async def _all(system: Embedded, browser: Browser, into: Path) -> None:
    people = Browsing(browser, system.url)
    await pictures(people, into, "light")
    await pictures(people, into, "dark")
    await film(people, into / "run.webp")
    await people.close()
    for file in sorted(into.iterdir()):
        typer.echo(f"{file.name}: {file.stat().st_size / 1000:.0f} kB")


def main(
    into: Annotated[Path, typer.Option(help="The folder of the pictures.")] = SCREENS,
) -> None:
    """Take the pictures anew."""
    asyncio.run(record(into))


if __name__ == "__main__":
    typer.run(main)
