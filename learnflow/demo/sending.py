"""The sender as a process: started, listened to, ended with us."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncGenerator, AsyncIterator
from pathlib import Path
from typing import Final

from learnflow.demo.examples import Batch
from learnflow.demo.sender import Sent
from learnflow.local.processes import spawn

ROOT: Final = Path(__file__).parents[2]


class SenderFailed(Exception):
    """The sending process wrote something that is no answer; the text says what."""


async def send(url: str, batch: Batch, run: str) -> AsyncGenerator[Sent, None]:
    """Send a batch from another process and yield each final answer as it comes."""
    reading, writing = os.pipe()
    command = [
        *(sys.executable, "-m", "learnflow.demo.sender", "--url", url, "--run", run),
        *("--path", batch.path, "--file", str(batch.file), "--rate", str(batch.rate)),
    ]
    try:
        child = spawn(
            command,
            environment=_environment(),
            folder=ROOT,
            output=writing,
            end_signal=signal.SIGKILL,
        )
    finally:
        os.close(writing)
    try:
        async for line in _lines(reading):
            yield _answer(line)
    except BaseException:  # also when nobody listens any more
        child.send(signal.SIGKILL)
        raise
    finally:
        await child.wait()


def _environment() -> dict[str, str]:
    """Ours, with .pyc files allowed and this code before any other of the same name."""
    mine = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**mine, "PYTHONPATH": os.pathsep.join((str(ROOT), mine.get("PYTHONPATH", "")))}


async def _lines(descriptor: int) -> AsyncIterator[bytes]:
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    transport, _ = await loop.connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(descriptor, "rb")
    )
    try:
        async for line in reader:
            yield line
    finally:
        transport.close()


def _answer(line: bytes) -> Sent:
    try:
        return Sent(**json.loads(line))
    except (ValueError, TypeError) as error:
        text = line.decode(errors="replace").strip()
        raise SenderFailed(f"the sending process said: {text}") from error
