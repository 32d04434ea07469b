"""match_student whose index is empty asks list_tutors, and those who wait are matched all the same.

Between them a server stands for daprd: it passes on what its invoke API would. The real one is in
tests/peers/test_invoking.py.
"""

from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from learnflow.ranking import asking
from learnflow.runtime.app import application
from learnflow.settings import Settings
from tests.flow.world import World
from tests.peers.apps import answering, serving

PLACE = f"/v1.0/invoke/{asking.ENDPOINT}/method"


@pytest.fixture
async def asked(world: World, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[list[str]]:
    """The questions that reached list_tutors, each answered by the real function."""
    import aiohttp

    seen: list[str] = []
    app = application(world.operations["list_tutors"], Settings(), database=world.open["tutors"])
    async with serving(app) as port, aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:

        async def invoke(request: web.Request) -> web.StreamResponse:
            seen.append(request.path_qs)
            wanted = request.path_qs.removeprefix(PLACE)
            async with session.get(wanted) as answer:
                return web.Response(status=answer.status, body=await answer.read())

        async with answering(invoke) as daprd:
            monkeypatch.setenv("DAPR_HTTP_PORT", str(daprd))
            yield seen


async def waiting(world: World) -> str:
    """A student of whom match_student hears while no tutor's event has reached matching."""
    student = await world.do("register_student", name="Max", grade=7, subject="mathematics")
    return str(student.id)


async def test_a_tutor_whom_the_index_does_not_know_is_matched(
    world: World, asked: list[str]
) -> None:
    tutor = await world.do("register_tutor", name="Emmy", subjects=["mathematics"], capacity=1)
    (known,) = await world.collect()
    student = await waiting(world)
    await world.settle()
    (request,) = await world.rows("matching", "requests")
    assert (request["student_id"], request["tutor_id"]) == (student, tutor.id)
    assert len(asked) == 1

    assert await world.hear("index_tutor", known) == "done"  # late, and nothing new
    (index,) = await world.rows("matching", "tutors")
    assert (index["tutor_id"], index["held"], index["capacity"]) == (tutor.id, 1, 1)


async def test_where_nobody_teaches_it_the_question_is_not_repeated_at_once(
    world: World, asked: list[str]
) -> None:
    for _ in range(3):
        await waiting(world)
    await world.settle()
    assert [row["state"] for row in await world.rows("matching", "requests")] == ["waiting"] * 3
    assert len(asked) == 1


async def test_those_who_wait_already_are_woken_by_what_was_heard(
    world: World, asked: list[str]
) -> None:
    first = await waiting(world)
    await world.settle()
    await world.do("register_tutor", name="Emmy", subjects=["mathematics"], capacity=2)
    await world.collect()  # lost to matching
    other = await world.do("register_student", name="Ada", grade=8, subject="mathematics")
    await world.settle()
    states = {row["student_id"]: row["state"] for row in await world.rows("matching", "requests")}
    assert states == {first: "matched", str(other.id): "matched"}
