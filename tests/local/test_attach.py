"""A function left to a debugger, without the runner: a process comes, goes, and takes its time."""

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest
from aiohttp import web

from learnflow.cli.problem import Problem, explained
from learnflow.local.attach import PATIENCE_SECONDS, Attachment, command, without_timeouts
from learnflow.local.instances import Unserved
from learnflow.local.pool import Pool
from tests.eventually import eventually
from tests.local.fakes import FakeInstance, FakeStarter, function, source, system


class World:
    """An attached function, and what was said of it."""

    def __init__(self, folder: Path) -> None:
        self.path, self.said = folder / "hello.sock", list[str]()
        fleet = partial(Attachment, self.path, "the command", self.said.append)
        starter = FakeStarter(folder, self.answer)
        self.pool = Pool({"hello": function()}, starter, fleets={"hello": fleet})
        self.starter = starter
        self.held: asyncio.Event | None = None

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        if self.held is not None:
            await self.held.wait()
        return web.Response(text="debugged")

    async def come(self) -> FakeInstance:
        """Somebody starts the process."""
        process = FakeInstance(self.path, self.answer)
        await process.begin()
        return process

    async def ask(self) -> int:
        reply = await self.pool.open("hello", "GET", "/", {}, b"")
        return (await reply.answer()).status

    async def deliver(self) -> int:
        return (await self.pool.request("hello", "POST", "/", {}, b"")).status


@pytest.fixture
async def world(sockets: Path) -> AsyncIterator[World]:
    made = World(sockets)
    await made.pool.start()
    yield made
    await made.pool.stop(0.1)


async def test_requests_are_refused_and_deliveries_wait_until_it_is_there(world: World) -> None:
    with pytest.raises(Unserved, match="hello is left to your debugger") as refused:
        await world.ask()
    assert (refused.value.status, refused.value.retry_after) == (503, 2)
    waiting = asyncio.create_task(world.deliver())
    process = await world.come()
    assert await waiting == 200
    assert await world.ask() == 200
    assert world.starter.instances == []  # nothing was started here
    assert "your process is there" in world.said[0]
    (shown,) = world.pool.document()
    assert shown["attached"] == {
        "there": True,
        "command": "the command",
        "socket": str(world.path),
    }
    process.kill()
    await eventually(lambda: len(world.said) == 2)
    assert "is gone: requests get 503 and events wait" in world.said[1]
    with pytest.raises(Unserved, match="left to your debugger"):
        await world.ask()


async def test_a_process_started_again_is_found_again(world: World) -> None:
    for _ in range(2):
        process = await world.come()
        assert await world.deliver() == 200
        process.kill()
        await eventually(lambda: not world.pool.attached["hello"].there.is_set())


async def test_neither_scale_nor_reload_touches_it(world: World) -> None:
    process = await world.come()
    assert await world.deliver() == 200
    revision = world.pool.revisions["hello"]
    revision.tick()
    revision.renew()
    assert await world.ask() == 200
    assert not process.exited.done()
    process.kill()


async def test_the_end_lets_those_who_wait_go(world: World) -> None:
    waiting = asyncio.create_task(world.deliver())
    await asyncio.sleep(0)
    world.pool.attached["hello"].release()
    with pytest.raises(Unserved, match="stopping"):
        await waiting


def test_only_what_is_attached_has_no_timeouts() -> None:
    declared = system(
        source(), source("other-on-said", sink="other"), functions=(function(), function("other"))
    )
    patient = without_timeouts(declared, ["hello"])
    assert patient.functions["hello"].timeout == PATIENCE_SECONDS
    assert patient.functions["other"].timeout == 5
    assert patient.sources["hello-on-said"].delivery.timeout == PATIENCE_SECONDS
    assert patient.sources["other-on-said"].delivery.timeout == 2


def test_an_unknown_name_is_answered_with_those_that_functions_have() -> None:
    declared = system(functions=(function(), function("other")))
    with pytest.raises(Problem, match="no function nobody to attach") as refused, explained():
        without_timeouts(declared, ["hello", "nobody"])
    assert refused.value.fix == "one of: hello, other"


def test_the_command_holds_all_that_an_instance_gets(tmp_path: Path) -> None:
    it = function(
        "find-student",
        concurrency=32,
        env={"FUNCTION_TARGET": "find_student", "NOTE": "two words"},
        secret_env={"LEARNFLOW_STUDENTS_DATABASE_URL": "students-db-app/url"},
    )
    typed = command(it, tmp_path / "a b.sock", lambda short: f"postgresql:///{short}?x=1", tmp_path)
    assert typed.startswith(f"cd {tmp_path} && env ")
    for part in (
        "FUNCTION_TARGET=find_student",
        "LEARNFLOW_CONCURRENCY=32",
        "NOTE='two words'",
        "'postgresql:///students?x=1&idle_in_transaction_session_timeout=0'",
        f"-m learnflow.local.attached '{tmp_path}/a b.sock'",
    ):
        assert part in typed
