"""Starting and ending what is measured, so that nothing outlives the bench."""

import asyncio
import json
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from learnflow.local.processes import Child, spawn

ROOT = Path(__file__).parents[1]
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}
"""All that a measured process inherits; never PYTHONDONTWRITEBYTECODE, which slows a start."""
END_SECONDS = 5.0


@dataclass(frozen=True)
class Served:
    """A contestant that listens on a port of 127.0.0.1."""

    child: Child
    port: int


@asynccontextmanager
async def running(
    *command: str, log: Path, keep: tuple[int, ...] = (), patience: float = END_SECONDS
) -> AsyncIterator[Child]:
    """A Python process `python -m COMMAND` for the time of the block; SIGTERM ends it."""
    with log.open("ab") as output:
        child = spawn(
            (sys.executable, "-m", *command),
            environment=ENVIRONMENT,
            folder=ROOT,
            output=output.fileno(),
            end_signal=signal.SIGKILL,
            keep=keep,
        )
    try:
        yield child
    finally:
        child.send(signal.SIGTERM)
        if not await child.ended_within(patience):
            child.send(signal.SIGKILL)
            await child.wait()


@asynccontextmanager
async def contestant(name: str, dsn: str, folder: Path) -> AsyncIterator[Served]:
    """A contestant for the time of the block; its socket listens before the process runs."""
    with socket.create_server(("127.0.0.1", 0), backlog=2048) as listening:
        listening.set_inheritable(True)
        port: int = listening.getsockname()[1]
        command = ("bench.contestants", name, dsn, str(listening.fileno()))
        log = folder / f"{name}.log"
        async with running(*command, log=log, keep=(listening.fileno(),)) as child:
            yield Served(child, port)


async def output_of(*command: str, seconds: float) -> str:
    """What a program printed. Raises RuntimeError when it failed or took too long."""
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, cwd=ROOT
    )
    try:
        printed, _ = await asyncio.wait_for(process.communicate(), seconds)
    except TimeoutError:
        process.kill()
        await process.wait()
        raise RuntimeError(f"{command[0]} took more than {seconds:g} s") from None
    if process.returncode:
        raise RuntimeError(f"{command[0]} failed: {printed.decode(errors='replace')[-500:]}")
    return printed.decode()


async def answer_of(*command: str, seconds: float) -> Any:
    """What a program printed as JSON in its last line. Raises RuntimeError as `output_of`."""
    return json.loads((await output_of(*command, seconds=seconds)).strip().splitlines()[-1])
