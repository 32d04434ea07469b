"""What runs in a process that a fork server just forked: from a copy of it to one function."""

import _thread
import gc
import importlib
import os
import random
import select
import signal
import socket
import sys
import traceback
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from learnflow.local.processes import show_as

FUNCTION: Final = "learnflow.local.child:serve_function"
LINGERING_EXIT: Final = 70


@dataclass(frozen=True)
class Job:
    """What the process is to do; its settings are already in the environment."""

    name: str
    target: str
    sockets: tuple[socket.socket, ...]


Entry = Callable[[Job], int | None]
"""Runs the job to its end; returns the exit code, None for 0."""


def main(request: dict[str, Any], descriptors: list[int], lifelines: tuple[int, ...]) -> NoReturn:
    """Become the process that the request describes, run it, and end with its exit code."""
    log, *listening = descriptors
    os.dup2(log, 1)
    os.dup2(log, 2)
    leave_parent(keep=(1, 2, *listening, *lifelines))
    show_as(request["name"])
    _thread.start_new_thread(_end_with, (lifelines,))
    os.environ.update(request["env"])
    _reseed()
    gc.enable()
    sockets = tuple(socket.socket(fileno=descriptor) for descriptor in listening)
    code = _run(request["entry"], Job(request["name"], request["target"], sockets))
    _flush()
    os._exit(code)  # the parent's exit handlers are not ours to run


def serve_function(job: Job) -> None:
    """Serve the function `job.target` on the one socket, as the container's entry point does."""
    from learnflow.runtime.load import load_function
    from learnflow.runtime.serve import serve
    from learnflow.settings import Settings

    settings = Settings.read()
    serve(load_function(settings.functions, job.target).operation, settings, job.sockets[0])


def leave_parent(keep: Collection[int]) -> None:
    """Take an own session, default signals and only the descriptors that are ours."""
    if os.getsid(0) != os.getpid():
        os.setsid()
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for descriptor in _open_descriptors():
        if descriptor > 2 and descriptor not in keep:
            _close(descriptor)


def _open_descriptors() -> list[int]:
    return [int(name) for name in os.listdir("/dev/fd")]


def _close(descriptor: int) -> None:
    try:
        os.close(descriptor)
    except OSError:  # the listing's own, already closed
        return


def _end_with(lifelines: tuple[int, ...]) -> None:
    """End at once when one of the processes above has; a thread, as the loop may be busy."""
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    poller = select.poll()
    for lifeline in lifelines:
        poller.register(lifeline, select.POLLIN)
    poller.poll()
    os._exit(LINGERING_EXIT)


def _reseed() -> None:
    """Give this process its own random numbers; numpy's would be the same in every child."""
    random.seed()
    if numpy_random := sys.modules.get("numpy.random"):
        numpy_random.seed()


def _run(entry: str, job: Job) -> int:
    try:
        module, _, function = entry.partition(":")
        run: Entry = getattr(importlib.import_module(module), function)
        return run(job) or 0
    except SystemExit as leaving:
        if leaving.code is None or isinstance(leaving.code, int):
            return leaving.code or 0
        sys.stderr.write(f"{leaving.code}\n")
        return 1
    except BaseException:
        traceback.print_exc()
        return 1


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:  # nobody reads the log any more
            continue
