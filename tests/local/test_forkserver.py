"""Fork servers: what a child gets and does not get, and who ends with whom."""

import asyncio
import json
import os
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from learnflow.local.forkserver import ForkServer, ForkServerGone, Spawn
from learnflow.local.generation import Generation
from learnflow.local.paths import listen
from learnflow.local.processes import Child
from tests.eventually import eventually
from tests.local.fakes import function

ROOT = Path(__file__).parents[2]


@pytest.fixture
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="lf-", dir="/tmp"))
    yield made
    shutil.rmtree(made, ignore_errors=True)


class World:
    """A light fork server without any preloading, and what it said."""

    def __init__(self, server: ForkServer, folder: Path, said: list[str]) -> None:
        self.server, self.folder, self.said = server, folder, said

    async def fork(
        self, program: str, target: str = "", server: ForkServer | None = None, **more: Any
    ) -> tuple[Child, int]:
        """Fork a test program; returns the child and the reading end of its log."""
        reading, writing = os.pipe()
        entry = f"tests.local.programs:{program}"
        try:
            request = Spawn(program, target, writing, entry=entry, **more)
            return await (server or self.server).fork(request), reading
        except BaseException:
            os.close(reading)
            raise
        finally:
            os.close(writing)

    async def output(self, program: str, target: str = "", **more: Any) -> tuple[int, str]:
        """Run a test program to its end; returns its exit code and all it wrote."""
        child, log = await self.fork(program, target, **more)
        with os.fdopen(log) as text:
            written = await asyncio.to_thread(text.read)
        return await child.wait(), written

    async def facts(self, **more: Any) -> dict[str, Any]:
        """What a child says about itself."""
        code, written = await self.output("tell", "a target", **more)
        assert code == 0
        found: dict[str, Any] = json.loads(written)
        return found


@pytest.fixture
async def world(folder: Path) -> AsyncIterator[World]:
    said: list[str] = []
    environment = {
        "PATH": os.defpath,
        "HOME": "/nowhere",
        "LANG": "xx_XX.UTF-8",
        "PYTHONDONTWRITEBYTECODE": "1",
        "SECRET": "s",
    }
    server = await ForkServer.start(
        ROOT, log=folder / "log", environment=environment, report=said.append, preload=()
    )
    yield World(server, folder, said)
    await server.stop()


async def closed(log: int) -> bool:
    """True when the pipe's last writer is gone: the child has ended."""
    os.set_blocking(log, False)
    try:
        return await eventually(lambda: _at_end(log), 5, message="a child still lives")
    finally:
        os.close(log)


def _at_end(log: int) -> bool:
    try:
        return os.read(log, 65536) == b""
    except BlockingIOError:
        return False


async def test_a_request_sent_before_the_child_exists_is_answered(world: World) -> None:
    path = world.folder / "i.sock"
    with listen(path) as listening:
        reader, writer = await asyncio.open_unix_connection(path)
        writer.write(b"early\n")
        child, log = await world.fork("echo", sockets=[listening])
    assert await asyncio.wait_for(reader.readline(), 5) == b"early\n"
    writer.close()
    child.send(signal.SIGTERM)
    assert await child.wait() == -signal.SIGTERM
    os.close(log)
    with pytest.raises(ConnectionRefusedError):  # no copy of the socket was left with anyone
        await asyncio.open_unix_connection(path)


async def test_exit_codes_come_through(world: World) -> None:
    for code in ("0", "3"):
        assert await world.output("leave", code) == (int(code), "")


async def test_an_exception_is_a_traceback_in_the_log_and_exit_code_1(world: World) -> None:
    code, written = await world.output("fail", "this went wrong")
    assert code == 1
    assert "Traceback" in written
    assert "ValueError: this went wrong" in written


async def test_a_program_that_does_not_import_says_so(world: World) -> None:
    code, written = await world.output("no_such_program")
    assert code == 1
    assert "no_such_program" in written


async def test_a_child_has_its_own_descriptors_and_no_other(world: World) -> None:
    with listen(world.folder / "stranger.sock") as listening:
        stranger, log = await world.fork("stay", sockets=[listening])
    with listen(world.folder / "i.sock") as listening:
        facts = await world.facts(sockets=[listening])
    assert len(facts["descriptors"]) == 3, "its socket, and the lifelines of runner and fork server"
    stranger.send(signal.SIGKILL)
    assert await closed(log)


async def test_a_child_leads_its_own_session_with_default_signals(world: World) -> None:
    facts = await world.facts()
    assert facts["session"] == facts["pid"]
    assert facts["term"]
    assert facts["child"]


async def test_a_child_has_a_clean_environment_and_what_its_request_adds(world: World) -> None:
    environment = (await world.facts(env={"LEARNFLOW_X": "1"}))["environment"]
    assert environment["LEARNFLOW_X"] == "1"
    assert environment["HOME"] == "/nowhere"
    assert environment["OMP_NUM_THREADS"] == "1"
    assert not {"PYTHONDONTWRITEBYTECODE", "LANG", "SECRET"} & set(environment)
    assert "LEARNFLOW_X" not in (await world.facts())["environment"]


async def test_no_two_children_have_the_same_random_numbers(world: World) -> None:
    assert (await world.facts())["random"] != (await world.facts())["random"]


async def test_a_fork_server_forked_from_the_light_one_forks_too(world: World) -> None:
    heavy = await world.server.fork_server("match", preload=["fractions"])
    facts = await world.facts(server=heavy)
    assert facts["target"] == "a target"
    assert len(facts["descriptors"]) == 3, "the lifelines of runner and both fork servers"


async def test_children_end_with_their_fork_server_and_a_new_one_serves(world: World) -> None:
    heavy = await world.server.fork_server("match", preload=())
    children = [await world.fork("stay"), await world.fork("stay", server=heavy)]
    assert world.server.pid is not None
    os.kill(world.server.pid, signal.SIGKILL)
    for child, log in children:
        assert await asyncio.wait_for(child.wait(), 5) == -signal.SIGKILL
        assert await closed(log)
    for server in (world.server, heavy):
        assert await world.output("leave", "7", server=server) == (7, "")
    assert sum("serves again" in sentence for sentence in world.said) == 2


async def test_the_end_of_the_heavy_fork_server_leaves_the_light_one_alone(world: World) -> None:
    heavy = await world.server.fork_server("match", preload=())
    child, log = await world.fork("stay", server=heavy)
    light = world.server.pid
    assert heavy.pid is not None
    os.kill(heavy.pid, signal.SIGKILL)
    assert await asyncio.wait_for(child.wait(), 5) == -signal.SIGKILL
    assert await closed(log)
    assert await world.output("leave", "7", server=heavy) == (7, "")
    assert world.server.pid == light


async def test_a_fork_asked_of_a_server_that_dies_fails_clearly(world: World) -> None:
    assert world.server.pid is not None
    os.kill(world.server.pid, signal.SIGSTOP)
    asked = asyncio.create_task(world.fork("stay"))
    await asyncio.sleep(0)
    os.kill(world.server.pid, signal.SIGKILL)
    with pytest.raises(ForkServerGone):
        await asked
    assert await world.output("leave", "7") == (7, "")


async def test_a_child_nobody_waits_for_any_more_is_ended(world: World) -> None:
    reading, writing = os.pipe()
    assert world.server.pid is not None
    os.kill(world.server.pid, signal.SIGSTOP)
    request = Spawn("stay", "", writing, entry="tests.local.programs:stay")
    asked = asyncio.create_task(world.server.fork(request))
    await asyncio.sleep(0.05)  # the request is sent: nothing tells the asker so
    asked.cancel()
    os.close(writing)
    os.kill(world.server.pid, signal.SIGCONT)
    assert await closed(reading)


async def test_a_module_that_does_not_import_is_named_at_start(folder: Path) -> None:
    with pytest.raises(ForkServerGone, match="no_such_module"):
        await ForkServer.start(
            ROOT, log=folder / "log", environment={}, report=print, preload=["no_such_module"]
        )


async def test_a_file_that_does_not_import_is_told_with_its_line(folder: Path) -> None:
    repository = copied(folder)
    (repository / "db" / "saved.py").write_text("x = 1\nx = no_such_name\n")
    with pytest.raises(ForkServerGone) as gone:
        await ForkServer.start(
            repository, log=folder / "log", environment={}, report=print, preload=["db.saved"]
        )
    assert str(gone.value.breakage) == (
        "db/saved.py:2: NameError: name 'no_such_name' is not defined"
    )


async def test_what_is_only_wanted_may_fail_to_import(folder: Path) -> None:
    repository = copied(folder)
    (repository / "db" / "broken.py").write_text("1 / 0")
    (repository / "db" / "fine.py").write_text("def run(job): return 5")
    server = await ForkServer.start(
        repository,
        log=folder / "log",
        environment={},
        report=print,
        preload=(),
        wanted=("db.broken", "db.fine"),
    )
    try:
        assert "db.fine" in server.modules
        assert "db.broken" not in server.modules
        (repository / "db" / "fine.py").write_text("1 / 0")  # nobody reads it again
        assert await exit_code(server, "db.fine:run") == 5
    finally:
        await server.stop()


async def test_a_generation_ends_after_the_last_process_forked_in_it(folder: Path) -> None:
    repository = copied(folder)
    light = await ForkServer.start(
        repository, log=folder / "log", environment={}, report=print, preload=()
    )
    heavy = await light.fork_server("match", preload=())
    generation = Generation(light, heavy)
    with (folder / "log").open("ab") as log:
        (repository / "db" / "stay.py").write_text(
            "import threading\ndef run(job): threading.Event().wait()\n"
        )
        child = await generation.fork(
            function(image="match"), log=log.fileno(), sockets=(), env={}, entry="db.stay:run"
        )
    retiring = asyncio.create_task(generation.retire())
    pid = light.pid
    assert pid is not None
    assert await exit_code(light, "db.stay:none") == 1  # it still forks
    child.send(signal.SIGKILL)
    await asyncio.wait_for(retiring, 10)
    assert light.pid is None
    assert heavy.pid is None


def copied(folder: Path) -> Path:
    """A repository that holds a copy of what a fork server itself needs."""
    repository = folder / "repository"
    for package in ("learnflow", "eventing", "db"):
        (repository / package).mkdir(parents=True)
        shutil.copy(ROOT / package / "__init__.py", repository / package)
    shutil.copytree(ROOT / "learnflow" / "local", repository / "learnflow" / "local")
    return repository


async def exit_code(server: ForkServer, entry: str) -> int:
    child = await server.fork(Spawn("x", "", 2, entry=entry))
    return await child.wait()


async def test_a_stopped_fork_server_leaves_nothing_and_says_so(folder: Path) -> None:
    server = await ForkServer.start(
        ROOT, log=folder / "log", environment={}, report=print, preload=()
    )
    pid = server.pid
    world = World(server, folder, [])
    _, log = await world.fork("stay")
    await server.stop()
    assert await closed(log)
    assert pid is not None
    assert not Path(f"/proc/{pid}/cmdline").exists()
    with pytest.raises(ForkServerGone, match="stopped"):
        await world.fork("stay")
