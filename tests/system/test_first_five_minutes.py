"""What people meet in the first five minutes: any user, any path, any locale, ports, kills."""

import json
import os
import re
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import httpx
import psutil
import pytest

from tests.eventually import eventually
from tests.system.clone import Clone, alive, cloned, end, family

pytestmark = pytest.mark.timeout(300)
NOBODY: Final = 65534
LONG: Final = 150
EXPECTED: Final = {
    **{"students": 256, "tutors": 73, "matched": 250, "waiting": 6, "notified": 256},
    **{"lost": 0, "duplicated": 0, "over_capacity": 0, "mismatched": 0, "refused": 0},
}
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be root, or become another")


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that every user may pass through, which pytest's own is not."""
    with tempfile.TemporaryDirectory(prefix="lf5-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture
def port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number: int = free.getsockname()[1]
        return number


@pytest.fixture
def here(folder: Path) -> Iterator[Clone]:
    """A clone of the user who runs the tests, with state in the folder unless that is root."""
    with cloned(folder / "learnflow", {"XDG_STATE_HOME": str(folder / "state")}) as clone:
        yield clone


def _counts(result: dict[str, Any]) -> dict[str, Any]:
    return {name: result[name] for name in EXPECTED}


def _starting(clone: Clone, port: int) -> "tuple[subprocess.Popen[str], dict[str, Any], str]":
    """`up --json` running: the process, where it serves, and what it printed before."""
    process = clone.start("up", "--json", "--port", str(port))
    assert process.stdout is not None
    printed = ""
    for line in process.stdout:
        if line.startswith("{"):
            found: dict[str, Any] = json.loads(line)
            return process, found, printed
        printed += line
    raise AssertionError(f"up ended: {printed}")


def _tutors(url: str) -> list[str]:
    answer = httpx.get(f"{url}/api/tutors", timeout=30).raise_for_status()
    return [one["name"] for one in answer.json()["tutors"]]


def _register_tutor(url: str, name: str) -> None:
    body = {"name": name, "subjects": ["mathematics"]}
    httpx.post(f"{url}/api/tutors", json=body, timeout=30).raise_for_status()


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/healthz").status_code == 200
    except httpx.HTTPError:
        return False


@as_root
def test_root_sees_every_student_matched_or_waiting(folder: Path, port: int) -> None:
    with cloned(folder / "learnflow", {"HOME": "/root"}) as clone:
        result = clone.demo(port)
        assert _counts(result) == EXPECTED
        assert {"register-student", "match-student", "book-tutor"} <= set(result["cold_start_ms"])
        assert 0 < result["registered_to_notified_ms"]["p50"] <= result["seconds"] * 1000


def test_a_second_run_starts_over_and_ends_the_same(here: Clone, port: int) -> None:
    here.demo(port)
    assert _counts(here.demo(port)) == EXPECTED


@as_root
def test_a_plain_user_needs_neither_home_nor_a_runtime_folder(folder: Path, port: int) -> None:
    with ExitStack() as stack:
        try:
            clone = stack.enter_context(cloned(folder / "learnflow", {}, uid=NOBODY))
        except LookupError as reason:
            pytest.skip(str(reason))
        assert not {"HOME", "XDG_RUNTIME_DIR", "XDG_STATE_HOME"} & set(clone.environment)
        assert _counts(clone.demo(port)) == EXPECTED


def test_a_long_path_with_a_space_and_an_unknown_locale_change_nothing(
    folder: Path, port: int
) -> None:
    above = folder / "a folder"
    root = above / ("x" * (LONG - len(str(above)) - 1))
    environment = {"XDG_STATE_HOME": str(folder / "state"), "LANG": "xx_XX.UTF-8"}
    with cloned(root, environment) as clone:
        assert len(str(clone.root)) == LONG
        assert _counts(clone.demo(port)) == EXPECTED


def test_an_ascii_terminal_gets_the_table_too(here: Clone, port: int) -> None:
    here.environment |= {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    here.environment |= {"PYTHONIOENCODING": "ascii", "NO_COLOR": "1"}
    code, printed = here.run("demo", "--exit", "--port", str(port))
    assert code == 0, printed
    assert printed.isascii()
    assert "250 matched, 6 waiting" in printed
    assert "\x1b[" not in printed


def test_a_taken_port_is_named_with_its_owner_and_the_next_is_used(here: Clone) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        process, found, printed = _starting(here, port)
        try:
            owner = rf"Port {port} is used by PID {os.getpid()} \(.+\); using \d+\."
            assert re.search(owner, printed), printed
            assert found["gateway"] != f"http://127.0.0.1:{port}"
            assert _answers(found["gateway"])
        finally:
            end(process)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_a_signal_ends_everything_in_order(
    here: Clone, port: int, number: signal.Signals
) -> None:
    process, found, _ = _starting(here, port)
    assert _tutors(found["gateway"]) == []
    started = family(process)
    assert len(started) > 4
    process.send_signal(number)
    printed, _ = process.communicate(timeout=30)
    assert process.returncode == 0, printed
    assert alive(started) == []
    assert not _answers(found["gateway"])


async def test_a_killed_terminal_leaves_no_process_and_no_port(here: Clone, port: int) -> None:
    process, found, _ = _starting(here, port)
    assert _tutors(found["gateway"]) == []
    started = family(process)
    end(process)
    await eventually(lambda: not alive(started), seconds=10, message=str(alive(started)))
    with socket.socket() as again:
        again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        again.bind(("127.0.0.1", port))


async def test_after_a_kill_up_heals_and_keeps_what_was_registered(here: Clone, port: int) -> None:
    process, found, _ = _starting(here, port)
    _register_tutor(found["gateway"], "Ada")
    end(process)
    process, found, _ = _starting(here, port)
    try:
        assert _tutors(found["gateway"]) == ["Ada"]
    finally:
        end(process)


def test_down_ends_what_another_terminal_started(here: Clone, port: int) -> None:
    process, _, _ = _starting(here, port)
    started = family(process)
    code, printed = here.run("down", "--json")
    assert (code, json.loads(printed.splitlines()[-1])["stopped"]) == (0, process.pid)
    process.communicate(timeout=10)
    assert alive(started) == []


def test_a_second_up_names_the_first_and_what_to_do(here: Clone, port: int) -> None:
    process, _, _ = _starting(here, port)
    try:
        code, printed = here.run("up", "--port", "0")
        assert code == 1
        assert f"PID {process.pid}" in printed
        assert "learnflow down" in printed
        assert "Traceback" not in printed
        assert psutil.pid_exists(process.pid)
    finally:
        end(process)
