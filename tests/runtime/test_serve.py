"""An instance as a process: it serves what waits, drains on SIGTERM, and says what is wrong."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.runtime.calling import NOWHERE

SLOW = """
import asyncio
from learnflow.runtime import Found, Wish, query

class Ask(Wish):
    seconds: float = 0

@query("GET /slow", Ask, database="students")
async def answer_slowly(wish, work):
    await asyncio.sleep(wish.seconds)
    return Found({"waited": wish.seconds})
"""
ENDLESS = """
from learnflow.runtime import Feed, Rows, Wish, stream

class Watch(Wish):
    seconds: float = 0

async def nothing(work, recipient_id, after, limit):
    return []

@stream("GET /slow", Watch, database="students")
async def answer_slowly(wish, feed):
    return feed.rows("somebody", nothing)
"""
ON_A_SOCKET = """
import socket, sys
from learnflow.runtime.load import load_function
from learnflow.runtime.serve import serve
from learnflow.settings import Settings

settings = Settings.read()
operation = load_function(settings.functions, settings.function_target).operation
serve(operation, settings, socket.socket(fileno=int(sys.argv[1])))
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "answer_slowly").mkdir()
    (tmp_path / "answer_slowly" / "main.py").write_text(SLOW)
    return tmp_path


@contextmanager
def process(
    folder: Path, arguments: Sequence[str], pass_fds: Sequence[int] = ()
) -> Iterator[subprocess.Popen[bytes]]:
    inherited = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    environment = {
        **inherited,
        "FUNCTION_TARGET": "answer_slowly",
        "PORT": "0",
        "LEARNFLOW_FUNCTIONS": str(folder),
        "LEARNFLOW_STUDENTS_DATABASE_URL": NOWHERE,
    }
    started = subprocess.Popen(
        [sys.executable, *arguments],
        env=environment,
        pass_fds=pass_fds,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        yield started
    finally:
        started.kill()
        started.communicate()


@contextmanager
def asked(path: str, query: str) -> Iterator[socket.socket]:
    """A connection over a Unix socket with one request already sent."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(15)
        connection.connect(path)
        connection.sendall(f"GET /slow?{query} HTTP/1.1\r\nHost: f\r\n\r\n".encode())
        yield connection


def body(connection: socket.socket, until: bytes = b"}") -> bytes:
    """What is received up to `until`, or to the end of the connection."""
    received = b""
    while until not in received:
        piece = connection.recv(4096)
        if not piece:
            break
        received += piece
    return received.partition(b"\r\n\r\n")[2]


def test_what_waits_on_the_socket_is_served_and_what_is_in_flight_ends_after_sigterm(
    folder: Path,
) -> None:
    with tempfile.TemporaryDirectory() as short, socket.socket(socket.AF_UNIX) as listener:
        path = f"{short}/s"
        listener.bind(path)
        listener.listen(16)
        with asked(path, "seconds=0.5") as slow, asked(path, "seconds=0") as quick:
            number = str(listener.fileno())
            with process(folder, ["-c", ON_A_SOCKET, number], [listener.fileno()]) as instance:
                assert body(quick) == b'{"waited":0.0}'  # the slow one, sent before, is in by now
                instance.send_signal(signal.SIGTERM)

                assert body(slow) == b'{"waited":0.5}'
                assert instance.wait(10) == 0


def test_a_stream_ends_at_sigterm_and_does_not_hold_the_instance(folder: Path) -> None:
    (folder / "answer_slowly" / "main.py").write_text(ENDLESS)
    with tempfile.TemporaryDirectory() as short, socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"{short}/s")
        listener.listen(16)
        number = str(listener.fileno())
        with (
            asked(f"{short}/s", "") as watcher,
            process(folder, ["-c", ON_A_SOCKET, number], [listener.fileno()]) as instance,
        ):
            assert b"retry: 2000" in body(watcher, until=b"retry: 2000\n\n")
            instance.send_signal(signal.SIGTERM)

            assert instance.wait(10) == 0
            assert watcher.recv(100).endswith(b"0\r\n\r\n")  # the last chunk: a clean end


def test_a_missing_function_is_one_line_that_names_the_others(folder: Path) -> None:
    (folder / "answer_slowly").rename(folder / "answer_late")
    with process(folder, ["-m", "learnflow.runtime.host"]) as instance:
        _, said = instance.communicate(timeout=15)

    assert instance.returncode == 1
    assert said.decode().strip().endswith("found: answer_late")
    assert len(said.splitlines()) == 1


def test_the_container_serves_on_its_port_and_ends_with_zero(folder: Path) -> None:
    with process(folder, ["-m", "learnflow.runtime.host"]) as instance:
        assert instance.stdout is not None
        first = instance.stdout.readline()
        instance.send_signal(signal.SIGTERM)

        assert b"database away at start-up" in first
        assert instance.wait(10) == 0
