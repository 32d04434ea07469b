"""What a page shows survives a restart, a killed function, a lost network and blocked streams."""

import json
import os
import signal
from contextlib import suppress

import asyncpg
import pytest
from playwright.async_api import Page, WebSocketRoute, expect

from tests.eventually import eventually
from tests.system.harness import Embedded
from tests.web.browsing import NETWORK, Browsing
from tests.web.people import WAITING, cards, heading, registered, shows, stay, stayed

pytestmark = pytest.mark.asyncio(loop_scope="session")
WAYS = ("sse", "websocket")


async def told(app: Embedded, tutor: str) -> list[str]:
    """Which students the tutor was told of, once for each notification."""
    connection = await asyncpg.connect(app.dsn("tutors"))
    try:
        rows = await connection.fetch(
            "SELECT data FROM notifications WHERE recipient_id = $1 AND kind = 'matched'", tutor
        )
    finally:
        await connection.close()
    return [json.loads(row["data"])["student_id"] for row in rows]


async def learns(app: Embedded, subject: str, *names: str) -> None:
    """Students register, one after the other."""
    for name in names:
        await registered(app.url, "student", name=name, subject=subject)


async def same_as_told(app: Embedded, page: Page, tutor: str, names: list[str]) -> None:
    """The page shows each of these once, and there is one notification for each."""
    await expect(cards(page)).to_have_count(len(names), timeout=90_000)
    for name in names:
        await expect(cards(page).get_by_text(name, exact=True)).to_have_count(1)
    assert len(await told(app, tutor)) == len(set(await told(app, tutor))) == len(names)


@pytest.mark.parametrize("way", WAYS)
async def test_a_restart_while_students_come_loses_and_doubles_nothing(
    app: Embedded, browsing: Browsing, subject: str, way: str
) -> None:
    tutor = await registered(app.url, "tutor", name="Tove", subjects=[subject], capacity=9)
    page = await browsing.person(f"/tutor/?id={tutor}&live={way}", expected=NETWORK)
    await shows(page, "live")
    await stay(page)
    before, during, after = ["Ada", "Bo"], ["Cy", "Dee", "Eli"], ["Fay", "Gil"]
    await learns(app, subject, *before)
    await expect(cards(page)).to_have_count(len(before))
    await learns(app, subject, *during)
    await app.stop()
    await shows(page, "reconnecting")
    await app.start()
    await learns(app, subject, *after)
    await shows(page, "live")
    await same_as_told(app, page, tutor, before + during + after)
    assert await stayed(page)


@pytest.mark.parametrize("way", WAYS)
async def test_a_killed_stream_goes_on_where_it_was(
    app: Embedded, browsing: Browsing, subject: str, way: str
) -> None:
    tutor = await registered(app.url, "tutor", name="Tove", subjects=[subject], capacity=9)
    page = await browsing.person(f"/tutor/?id={tutor}&live={way}", expected=NETWORK)
    await shows(page, "live")
    names = ["Ada", "Bo", "Cy"]
    for name in names:
        await kill(app, "watch-tutor")
        await learns(app, subject, name)
        await expect(cards(page).get_by_text(name, exact=True)).to_have_count(1)
    await same_as_told(app, page, tutor, names)
    await shows(page, "live")


async def kill(app: Embedded, function: str) -> None:
    """SIGKILL a function's processes, once there is one."""

    async def pids() -> list[int]:
        _, answer = await app.control("GET", "/control/ps")
        found = next(one for one in answer["functions"] if one["function"] == function)
        return [one["pid"] for one in found["instances"]]

    for pid in await eventually(pids, seconds=30, message=f"no {function} runs"):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


async def test_a_page_whose_websocket_is_asked_for_uses_no_event_stream(
    app: Embedded, browsing: Browsing, subject: str
) -> None:
    tutor = await registered(app.url, "tutor", name="Tove", subjects=[subject])
    page = await browsing.person()
    sockets: list[str] = []
    asked: list[str] = []
    page.on("websocket", lambda socket: sockets.append(socket.url))
    page.on("request", lambda request: asked.append(request.resource_type))
    await page.goto(f"/tutor/?id={tutor}&live=websocket")
    await shows(page, "live")
    await learns(app, subject, "Ada")
    await expect(cards(page)).to_have_text(["Ada"])
    assert len(sockets) == 1
    assert "eventsource" not in asked


async def test_where_both_streams_are_blocked_the_page_asks_every_few_seconds(
    app: Embedded, browsing: Browsing, subject: str
) -> None:
    tutor = await registered(app.url, "tutor", name="Tove", subjects=[subject])
    page = await browsing.person(expected=NETWORK)

    async def refuse(socket: WebSocketRoute) -> None:
        await socket.close(code=1011)

    await page.route("**/events*", lambda route: route.abort())
    await page.route_web_socket("**/events*", refuse)
    await page.goto(f"/tutor/?id={tutor}")
    await shows(page, "polling")
    await stay(page)
    await learns(app, subject, "Ada")
    await expect(cards(page)).to_have_text(["Ada"])
    assert await stayed(page)


async def test_an_offline_page_says_so_and_catches_up(
    app: Embedded, browsing: Browsing, subject: str
) -> None:
    student = await registered(app.url, "student", name="Ada", subject=subject)
    page = await browsing.person(f"/student/?id={student}", expected=NETWORK)
    await shows(page, "live")
    await expect(heading(page)).to_have_text(WAITING)
    await page.context.set_offline(True)
    await shows(page, "offline")
    tutor = await registered(app.url, "tutor", name="Tove", subjects=[subject])
    await eventually(lambda: told(app, tutor), seconds=40)
    await expect(heading(page)).to_have_text(WAITING)
    await page.context.set_offline(False)
    await shows(page, "live")
    await expect(heading(page)).to_have_text(f"Tove is your {subject} tutor")
