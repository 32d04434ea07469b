"""Processes the runner starts: in their own session, ended with it, waited for without a thread."""

import asyncio
import ctypes
import functools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

PR_SET_PDEATHSIG = 1
PR_SET_NAME = 15
POLL_SECONDS = 0.02

Report = Callable[[str], None]
"""Hears one sentence for people when something ended, or serves again."""


@dataclass(frozen=True, eq=False)
class Child:
    """A running process. `exited` is its exit code, or minus the signal that ended it."""

    pid: int
    exited: asyncio.Future[int]
    started_at: float = field(default_factory=time.monotonic)

    async def wait(self) -> int:
        """Return the exit code; cancelling the wait leaves `exited` intact."""
        return await asyncio.shield(self.exited)

    def send(self, number: signal.Signals) -> None:
        """Send a signal, unless the process is known to have ended."""
        if not self.exited.done():
            try:
                os.kill(self.pid, number)
            except ProcessLookupError:
                return

    async def ended_within(self, seconds: float) -> bool:
        """Wait at most so long for the end; True when it came."""
        done, _ = await asyncio.wait([self.exited], timeout=seconds)
        return bool(done)


def describe(code: int) -> str:
    """Say an exit code in words: `exit code 1`, `SIGKILL`."""
    if code >= 0:
        return f"exit code {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"


@functools.cache
def _prctl() -> Callable[..., int] | None:
    if sys.platform != "linux":
        return None
    found: Callable[..., int] = ctypes.CDLL(None, use_errno=True).prctl
    return found


def die_with_parent(number: signal.Signals, parent: int) -> None:
    """Ask the kernel for a signal when the parent thread ends; end at once if it already has."""
    prctl = _prctl()
    if prctl is not None:
        prctl(PR_SET_PDEATHSIG, int(number))
        if os.getppid() != parent:
            os._exit(1)


def show_as(name: str) -> None:
    """Name this process for `ps` and `top` (15 bytes are kept)."""
    prctl = _prctl()
    if prctl is not None:
        prctl(PR_SET_NAME, name.encode()[:15])


def spawn(
    command: Sequence[str],
    *,
    environment: Mapping[str, str],
    folder: Path,
    output: int,
    end_signal: signal.Signals,
    uid: int | None = None,
    keep: Sequence[int] = (),
) -> Child:
    """Start a program in its own session, with only the given environment and descriptors.

    It gets `end_signal` when the thread calling this ends, so call it from the loop's thread.
    """
    _prctl()  # resolved before the fork: in the child, loading a library could deadlock
    parent = os.getpid()
    process = subprocess.Popen(
        command,
        env=dict(environment),
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        pass_fds=keep,
        start_new_session=True,
        user=uid,
        group=uid,
        extra_groups=None if uid is None else [],
        preexec_fn=lambda: die_with_parent(end_signal, parent),  # after setuid, which clears it
    )
    return Child(process.pid, _exit_of(process))


def _exit_of(process: subprocess.Popen[bytes]) -> asyncio.Future[int]:
    loop = asyncio.get_running_loop()
    exited: asyncio.Future[int] = loop.create_future()

    def look() -> None:
        code = process.poll()
        if code is None:
            loop.call_later(POLL_SECONDS, look)
        elif not exited.done():
            exited.set_result(code)

    watched = _pidfd(process.pid)
    if watched is None:
        look()
        return exited

    def ended() -> None:
        loop.remove_reader(watched)
        os.close(watched)
        look()

    loop.add_reader(watched, ended)
    return exited


def _pidfd(pid: int) -> int | None:
    if sys.platform != "linux":
        return None
    try:
        return os.pidfd_open(pid)
    except OSError:  # a kernel or sandbox without it
        return None
