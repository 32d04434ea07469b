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
READY: Final = "bench.cold_child:parsed_ahead"
STAGES: Final = {
    "forked": "fork",
    "loaded": "load",
    "connected": "connect",
    "ranked": "ranking",
    "committed": "SQL",
}
"""Moments that are noted, and what leads to each; only match_student ranks."""


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
    if matching := sys.modules.get("learnflow.ranking.matching"):
        _after(matching, "shortlist", "ranked")
    serve_plain(job)


def parsed_ahead(job: Job) -> int:
    """0 where the fork server has parsed the model `job.target`.

    It imports nothing and parses nothing itself.
    """
    champion = sys.modules.get("learnflow.ranking.learned.champion")
    return int(champion is None or champion.parsed(job.target) is None)


def _after(owner: Any, name: str, stage: str) -> None:
    plain: Callable[..., Awaitable[Any]] = getattr(owner, name)

    async def noted(*args: Any) -> Any:
        result = await plain(*args)
        _say(stage)
        return result

    setattr(owner, name, noted)


def _say(stage: str) -> None:
    """The moment, and how long the processor has worked for this process."""
    line = f"stage {stage} {time.monotonic()} {time.process_time()}\n"
    os.write(sys.stderr.fileno(), line.encode())
