"""Closed-loop load from a process of its own on one core: wrk, or else a lean client of ours."""

import asyncio
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.connection import STUDENT, post, send
from bench.figures import Invalid
from bench.processes import answer_of

CONNECTIONS = 16
_SCRIPT = Path(__file__).with_name("post.lua")
_MARGIN = 10.0
_WARM_SECONDS = 1.0
Command = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Shot:
    """One closed loop's outcome."""

    requests: int
    seconds: float
    failed: int
    p50_ms: float
    p99_ms: float

    @property
    def rate(self) -> float:
        """Requests per second."""
        return self.requests / self.seconds


def generator() -> str:
    """Which load generator is used here."""
    return "wrk" if shutil.which("wrk") else "bench.client"


async def shoot(
    port: int, seconds: float, path: str = "/api/students", connections: int = CONNECTIONS
) -> Shot:
    """Register students as fast as the connections can. Raises Invalid when one was refused."""
    build: Callable[[int, str, float, int], Command] = _wrk if generator() == "wrk" else _client
    command = build(port, path, seconds, connections)
    shot = Shot(**await answer_of(*pinned(), *command, seconds=seconds + _MARGIN))
    if shot.failed or not shot.requests:
        raise Invalid(f"{shot.failed} of {shot.requests} requests failed")
    return shot


async def warm(port: int, path: str = "/api/students") -> None:
    """Wait for a first answer, however long the process takes to come up, then load it a little."""
    await asyncio.wait_for(send(port, iter([post(path, STUDENT)]), 1), _MARGIN)
    await shoot(port, _WARM_SECONDS, path)


def pinned() -> Command:
    """What keeps a load generator on one core: a prefix of its command."""
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    if len(cores) < 2 or not shutil.which("taskset"):
        return ()
    return ("taskset", "-c", str(cores[-1]))


def _wrk(port: int, path: str, seconds: float, connections: int) -> Command:
    length = f"{max(1, round(seconds))}s"
    url = f"http://127.0.0.1:{port}{path}"
    return ("wrk", "-t1", f"-c{connections}", f"-d{length}", "-s", str(_SCRIPT), url)


def _client(port: int, path: str, seconds: float, connections: int) -> Command:
    numbers = (str(seconds), str(connections))
    return (sys.executable, "-m", "bench.client", str(port), path, *numbers)
