"""Does a function load as its files are now? Tried in a fork of the fork server, never here."""

import asyncio
import json
import signal
import socket
from contextlib import suppress
from dataclasses import asdict
from typing import Any, Final

from learnflow.local.breakage import Breakage, breakage_of, place_of
from learnflow.local.child import Job
from learnflow.local.generation import Generation
from learnflow.local.logbook import Logbook
from learnflow.local.logpipes import LogPipe
from learnflow.local.processes import Child, describe
from learnflow.manifests import Function

LOAD: Final = "learnflow.local.checking:load"
LOAD_SECONDS: Final = 10.0


def load(job: Job) -> None:
    """In the fork: load the function, tell over the socket what went wrong, and end."""
    from learnflow.runtime.load import FunctionNotFound, load_function
    from learnflow.settings import Settings

    folder = Settings.read().functions
    file = folder / job.target / "main.py"
    found: Breakage | None = None
    try:
        load_function(folder, job.target)
    except FunctionNotFound as error:
        found = Breakage(place_of(file), None, str(error).removeprefix(f"{file} "))
    except BaseException as error:
        found = breakage_of(error, file)
    job.sockets[0].sendall(json.dumps(asdict(found) if found else {}).encode())


async def check(generation: Generation, function: Function, logbook: Logbook) -> Breakage | None:
    """Why the function does not load; None when it does. What it prints is in the logbook.

    Raises ForkServerGone or ForkFailed when there is nobody to try it.
    """
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    with ours:
        with theirs:
            child = await _fork(generation, function, logbook, theirs)
        try:
            async with asyncio.timeout(LOAD_SECONDS):
                answer = await _read(ours)
        except TimeoutError:
            return _nameless(function, f"is not loaded after {LOAD_SECONDS:g} s")
        finally:
            child.send(signal.SIGKILL)
    if answer is None:
        code = await child.wait()
        return _nameless(function, f"ended the process while it was loaded ({describe(code)})")
    return Breakage(**answer) if answer else None


async def _fork(
    generation: Generation, function: Function, logbook: Logbook, told: socket.socket
) -> Child:
    pipe = LogPipe(logbook, function.name)
    child: Child | None = None
    try:
        child = await generation.fork(
            function, log=pipe.writing, sockets=[told], env=dict(function.env), entry=LOAD
        )
    finally:
        pipe.handed_over(child.pid if child else None)
    return child


async def _read(told: socket.socket) -> dict[str, Any] | None:
    loop, heard = asyncio.get_running_loop(), b""
    with suppress(ConnectionError):
        while piece := await loop.sock_recv(told, 65536):
            heard += piece
    try:
        found: dict[str, Any] = json.loads(heard)
    except ValueError:
        return None
    return found


def _nameless(function: Function, error: str) -> Breakage:
    return Breakage(f"functions/{function.target}/main.py", None, error)
