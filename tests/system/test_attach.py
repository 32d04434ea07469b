"""Functions left to a debugger: nobody is served while it is away, everybody once it is there."""

import asyncio
import signal
import subprocess
from collections.abc import AsyncIterator, Iterator
from typing import Any

import aiohttp
import psutil
import pytest

from tests.eventually import eventually
from tests.system.harness import Embedded
from tests.system.people import People

pytestmark = pytest.mark.timeout(180)
PROGRAM = "-m learnflow.local.attached"


@pytest.fixture(scope="module")
def system() -> Iterator[Embedded]:
    shared = Embedded.prepare(backoff=0.02, attach=["notify-student", "list-tutors"])
    try:
        asyncio.run(shared.start())
        yield shared
        asyncio.run(shared.stop())
    finally:
        shared.discard()


@pytest.fixture
async def http(system: Embedded) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(system.url) as session:
        yield session


class Debugged:
    """A process that somebody started by the command that was printed, under a debugger or not."""

    def __init__(self, command: str, debugger: str = "") -> None:
        assert PROGRAM in command
        typed = command.replace(PROGRAM, f"{debugger} {PROGRAM}")
        self.process = subprocess.Popen(
            ["sh", "-c", f"exec sh -c {_quoted(typed)}"],
            stdin=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )

    def end(self) -> None:
        family = [psutil.Process(self.process.pid)]
        family += family[0].children(recursive=True)
        for one in family:
            one.send_signal(signal.SIGKILL)
        self.process.wait()


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


async def attached(system: Embedded, function: str) -> dict[str, Any]:
    """What `ps` says of a function that is left to somebody."""
    _, shown = await system.control("GET", "/control/ps")
    (one,) = (each for each in shown["functions"] if each["function"] == function)
    found: dict[str, Any] = one["attached"]
    return found


@pytest.mark.parametrize("debugger", ["", "-m pdb -c continue"], ids=["plain", "pdb"])
async def test_requests_hear_503_until_the_process_is_there(
    system: Embedded, http: aiohttp.ClientSession, debugger: str
) -> None:
    async with http.get("/api/tutors") as response:
        assert (response.status, response.headers["Retry-After"]) == (503, "2")
        assert "list-tutors is left to your debugger" in (await response.json())["detail"]
    debugged = Debugged((await attached(system, "list-tutors"))["command"], debugger)
    try:

        async def served() -> bool:
            async with http.get("/api/tutors") as response:
                return response.status == 200

        await eventually(served, 30)
        assert (await attached(system, "list-tutors"))["there"]
        assert "list-tutors warn your process is there (PID" in system.log_end()
    finally:
        debugged.end()
    await eventually(lambda: "list-tutors warn your process (PID" in system.log_end(), 10)
    async with http.get("/api/tutors") as response:
        assert response.status == 503


async def test_events_wait_for_the_process_and_for_who_sits_at_a_breakpoint(
    system: Embedded,
) -> None:
    async with People(system.url) as people:
        await people.tutor("Ada")
        student = await people.student("Max")

        async def told() -> bool:
            async with (
                aiohttp.ClientSession(system.url) as http,
                http.get(f"/api/students/{student.id}") as response,
            ):
                return bool((await response.json())["state"] == "matched")

        async def waits() -> bool:
            _, shown = await system.control("GET", "/control/ps")
            sources = {one["source"]: one for one in shown["sources"]}
            return bool(sources["notify-student-on-tutor-matched"]["in_flight"] == 1)

        await eventually(waits, 30)
        assert not await told()
        debugged = Debugged((await attached(system, "notify-student"))["command"])
        try:
            await eventually(told, 30)
        finally:
            debugged.end()
        _, letters = await system.control("GET", "/control/dead-letters")
        assert letters["dead_letters"] == []
