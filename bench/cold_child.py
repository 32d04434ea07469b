"""A function's process as the fork server makes it, which notes the moments of its first answer."""

import os
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

from db import unit_of_work
from learnflow.local.child import Job
from learnflow.local.child import serve_function as serve_plain
from learnflow.runtime import load
from learnflow.runtime.operation import Function

ENTRY: Final = "bench.cold_child:serve_function"
STAGES: Final = {"forked": "fork", "loaded": "load", "connected": "connect", "committed": "SQL"}
"""Moments that are noted, and what leads to each."""


def serve_function(job: Job) -> None:
    """Serve as always, with one line on standard error at each stage."""
    _say("forked")
    plain_load = load.load_function

    def load_function(folder: Path, target: str) -> Function:
        loaded = plain_load(folder, target)
        _say("loaded")
        return loaded

    load.load_function = load_function
    _after(unit_of_work.Database, "open", "connected")
    _after(unit_of_work.Unit, "commit", "committed")
    serve_plain(job)


def _after(owner: type, name: str, stage: str) -> None:
    plain: Callable[..., Awaitable[Any]] = getattr(owner, name)

    async def noted(*args: Any) -> Any:
        result = await plain(*args)
        _say(stage)
        return result

    setattr(owner, name, noted)


def _say(stage: str) -> None:
    os.write(sys.stderr.fileno(), f"stage {stage} {time.monotonic()}\n".encode())
