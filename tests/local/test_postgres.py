"""The embedded Postgres survives what happens to it, and ends when it should."""

import asyncio
import json
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import asyncpg
import psutil
import pytest

from learnflow.local.paths import PlaceError
from learnflow.local.postgres import SERVER_UID, EmbeddedPostgres, PostgresFailed
from tests.eventually import eventually

ROOT = os.geteuid() == 0


def fresh_folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="lf pg-", dir="/tmp"))  # a space, on purpose
    folder.chmod(0o711)  # as root, Postgres runs under another uid
    return folder


@pytest.fixture
def folder() -> Iterator[Path]:
    made = fresh_folder()
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture(scope="module")
def used() -> Iterator[Path]:
    """A folder whose cluster is made once for the tests of this module."""
    made = fresh_folder()
    yield made
    shutil.rmtree(made, ignore_errors=True)


def postgres_in(folder: Path) -> EmbeddedPostgres:
    return EmbeddedPostgres(folder / "state", folder / "sockets")


@asynccontextmanager
async def started(folder: Path) -> AsyncIterator[EmbeddedPostgres]:
    postgres = postgres_in(folder)
    await postgres.start()
    try:
        yield postgres
    finally:
        await postgres.stop()


async def ask(postgres: EmbeddedPostgres, sql: str, database: str = "postgres") -> object:
    connection = await asyncpg.connect(postgres.dsn(database))
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


async def test_it_is_durable_speaks_utf8_and_sorts_by_bytes(used: Path) -> None:
    async with started(used) as postgres:
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            assert await ask(postgres, f"show {setting}") == "on"
        assert await ask(postgres, "show listen_addresses") == ""
        assert (
            await ask(postgres, "select pg_encoding_to_char(encoding) from pg_database") == "UTF8"
        )
        assert await ask(postgres, "select datcollate from pg_database limit 1") == "C"


async def test_it_takes_nothing_from_an_odd_environment(
    used: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LANG", "LC_ALL", "LC_MESSAGES"):
        monkeypatch.setenv(name, "xx_XX.UTF-8")
    monkeypatch.setenv("PGDATA", "/nowhere")
    async with started(used) as postgres:
        environment = psutil.Process(postgres.pid).environ()
        assert environment["LC_ALL"] == "C"
        assert not {"LANG", "LC_MESSAGES"} & set(environment)
        assert await ask(postgres, "select 1") == 1


async def test_roles_and_databases_are_ensured_again_and_again(used: Path) -> None:
    async with started(used) as postgres:
        for _ in range(2):
            await postgres.ensure({"pupils db": "pupils_owner"}, ["pupils_owner", 'odd"role'])
        connection = await asyncpg.connect(postgres.dsn("pupils db", "pupils_owner"))
        await connection.execute("create table if not exists pupils (id int)")
        await connection.close()
        assert await ask(postgres, "select 1", "pupils db") == 1


async def test_what_was_committed_is_there_after_the_postmaster_was_killed(used: Path) -> None:
    async with started(used) as postgres:
        said: list[str] = []
        supervision = asyncio.create_task(postgres.supervise(said.append))
        await ask(postgres, "create table if not exists kept (n int)")
        for number in (1, 2):
            await ask(postgres, f"insert into kept values ({number})")
            assert postgres.pid is not None
            os.kill(postgres.pid, signal.SIGKILL)
            await eventually(lambda: any("serves again" in sentence for sentence in said), 5)
            assert await ask(postgres, "select max(n) from kept") == number
            said.clear()
    await supervision


async def test_it_comes_up_however_often_it_is_killed_while_it_does(used: Path) -> None:
    async with started(used) as postgres:
        supervision = asyncio.create_task(postgres.supervise(lambda _: None))
        for moment in range(12):
            pid = await eventually(lambda: postgres.pid, every=0.001)
            await asyncio.sleep(moment * 0.005)  # at another moment of its start each time
            with suppress(ProcessLookupError):
                os.kill(pid or 0, signal.SIGKILL)
        await eventually(lambda: answers(postgres), 10)
        assert not supervision.done()
    await supervision


async def answers(postgres: EmbeddedPostgres) -> bool:
    try:
        return await ask(postgres, "select 1") == 1
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError):
        return False


async def test_a_stop_is_no_death_to_supervision(used: Path) -> None:
    said: list[str] = []
    async with started(used) as postgres:
        supervision = asyncio.create_task(postgres.supervise(said.append))
    await asyncio.wait_for(supervision, 5)
    assert said == []
    assert postgres.pid is None


async def test_a_cluster_left_half_made_is_made_again(folder: Path) -> None:
    home = folder / "state" / "postgres"
    for left in ("data", "data.new-1"):
        (home / left / "base").mkdir(parents=True)
    (home / "data" / "PG_VERSION").write_text("16\n")
    async with started(folder) as postgres:
        assert await ask(postgres, "select 1") == 1
    assert sorted(each.name for each in home.iterdir()) == ["data", "data.unusable-1"]


async def test_another_major_version_is_named_and_left_alone(folder: Path) -> None:
    data = folder / "state" / "postgres" / "data"
    (data / "global").mkdir(parents=True)
    (data / "PG_VERSION").write_text("18\n")
    (data / "global" / "pg_control").touch()
    with pytest.raises(PostgresFailed, match="belongs to Postgres 18"):
        await postgres_in(folder).start()
    assert (data / "PG_VERSION").read_text() == "18\n"


async def test_a_pid_file_that_names_somebody_else_is_stale(used: Path) -> None:
    async with started(used) as postgres:
        pid_file = postgres.data / "postmaster.pid"
        text = pid_file.read_text()
        assert postgres.pid is not None
        os.kill(postgres.pid, signal.SIGKILL)
        await eventually(lambda: postgres.pid is None)
    sleep = await asyncio.create_subprocess_exec(  # Postgres refuses a live pid of its own user
        "sleep", "60", cwd="/", user=SERVER_UID if ROOT else None
    )
    pid_file.write_text(text.replace(text.split()[0], str(sleep.pid), 1))
    async with started(used) as postgres:
        assert await ask(postgres, "select 1") == 1
    sleep.terminate()  # which fails if it was taken for an old server and ended
    await sleep.wait()


async def test_a_server_left_behind_is_ended_before_a_new_one_starts(used: Path) -> None:
    async with started(used) as left:
        old = left.pid
        async with started(used) as postgres:
            assert left.pid is None
            assert postgres.pid != old
            assert await ask(postgres, "select 1") == 1


async def test_a_setting_it_cannot_have_fails_at_once_with_the_log(used: Path) -> None:
    async with started(used):
        pass
    configuration = used / "state" / "postgres" / "data" / "postgresql.conf"
    text = configuration.read_text()
    configuration.write_text(text + "\nno_such_setting = 1\n")
    try:
        with pytest.raises(PostgresFailed, match="no_such_setting"):
            await asyncio.wait_for(postgres_in(used).start(), 5)
    finally:
        configuration.write_text(text)


async def test_the_log_does_not_repeat_the_values_of_a_row(used: Path) -> None:
    async with started(used) as postgres:
        await ask(postgres, "create table if not exists names (name text primary key)")
        await ask(postgres, "insert into names values ('Ada') on conflict do nothing")
        with pytest.raises(asyncpg.UniqueViolationError):
            await ask(postgres, "insert into names values ('Ada')")
        log = postgres.log.read_text()
    assert "names_pkey" in log
    assert "Ada" not in log


@pytest.mark.skipif(not ROOT, reason="only root changes the user")
async def test_as_root_it_runs_under_an_unprivileged_user(used: Path) -> None:
    async with started(used) as postgres:
        server = psutil.Process(postgres.pid)
        assert set(server.uids()) == {SERVER_UID}
        assert set(server.gids()) == {SERVER_UID}
        assert Path(server.exe()).is_relative_to(used)


@pytest.mark.skipif(not ROOT, reason="only root changes the user")
async def test_as_root_a_closed_folder_above_is_named(folder: Path) -> None:
    folder.chmod(0o700)
    with pytest.raises(PlaceError, match="is closed to uid 65534"):
        await postgres_in(folder).start()


async def test_nothing_outlives_a_killed_runner(used: Path) -> None:
    command = (sys.executable, "-m", "tests.local.programs", str(used))
    runner = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert runner.stdout is not None
    pids = json.loads(await runner.stdout.readline())
    processes = [psutil.Process(pid) for pid in pids]
    processes += processes[0].children()
    runner.kill()
    await runner.wait()
    assert len(processes) > len(pids)
    await eventually(lambda: [each for each in processes if alive(each)] == [], 5)
    async with started(used) as postgres:
        assert await ask(postgres, "select 1") == 1


def alive(process: psutil.Process) -> bool:
    """Running, and no zombie that init has not fetched yet."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
