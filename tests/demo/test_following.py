"""Students are followed until they are told, and the waiting until no place is left for them."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from learnflow.demo.following import Following

WISH = {"grade": 7, "subject": "latin"}


@dataclass
class FakeApi:
    """Students by id, and tutors with a free place."""

    url: str
    students: dict[str, dict[str, Any]] = field(default_factory=dict)
    tutors: list[dict[str, Any]] = field(default_factory=list)

    async def student(self, request: web.Request) -> web.Response:
        row = self.students.get(request.match_info["id"])
        return web.json_response(row, status=200 if row else 503)

    async def free_tutors(self, request: web.Request) -> web.Response:
        assert request.query["available"] == "true"
        return web.json_response({"tutors": self.tutors})


@pytest.fixture
async def api(unused_tcp_port: int) -> AsyncIterator[FakeApi]:
    fake = FakeApi(f"http://127.0.0.1:{unused_tcp_port}")
    app = web.Application()
    app.router.add_get("/api/students/{id}", fake.student)
    app.router.add_get("/api/tutors", fake.free_tutors)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", unused_tcp_port).start()
    yield fake
    await runner.cleanup()


@pytest.fixture
async def following(api: FakeApi) -> AsyncIterator[Following]:
    async with aiohttp.ClientSession(api.url) as session:
        found = Following(session)
        found.add("s1", WISH)
        yield found


async def test_a_match_counts_once_the_student_was_told(api: FakeApi, following: Following) -> None:
    api.students["s1"] = {"state": "matched", "notified_at": None}
    await following.look()
    assert (list(following.open), following.told) == (["s1"], 0)
    api.students["s1"]["notified_at"] = "2026-11-22T10:00:00Z"
    await following.look()
    assert (following.open, following.told) == ({}, 1)


async def test_nobody_waits_while_a_tutor_who_may_teach_them_is_free(
    api: FakeApi, following: Following
) -> None:
    api.students["s1"] = {"state": "waiting", "notified_at": "2026-11-22T10:00:00Z"}
    api.tutors = [{"subjects": ["latin"], "grade_min": 5, "grade_max": 9}]
    await following.look()
    assert list(following.open) == ["s1"]
    api.tutors = [{"subjects": ["latin"], "grade_min": 8, "grade_max": 9}]
    await following.look()
    assert following.open == {}


async def test_the_waiting_are_followed_again_when_tutors_come(
    api: FakeApi, following: Following
) -> None:
    api.students["s1"] = {"state": "waiting", "notified_at": "2026-11-22T10:00:00Z"}
    await following.look()
    following.reopen()
    assert list(following.open) == ["s1"]


async def test_an_answer_that_fails_is_asked_again(following: Following) -> None:
    await following.look()
    assert list(following.open) == ["s1"]
