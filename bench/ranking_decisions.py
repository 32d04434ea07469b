"""One process on one core in which match_student decides: `bench.ranking_decisions DSN RUNS`."""

import asyncio
import gc
import json
import os
import sys
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import Any, Final

import uvloop

from bench.processes import ROOT
from bench.ranking_index import GRADE, HOUR, LANGUAGE, SUBJECT
from db.matching import store
from db.unit_of_work import Database, Unit
from eventing.events import StudentRegistered
from learnflow.ranking import matching
from learnflow.runtime.load import load_function
from learnflow.runtime.transactions import committed

WARM: Final = 20
"""Decisions that do not count: statements are prepared, a model is fetched."""
DECIDE: Final = "hear_student"
SHORTLIST: Final = "shortlist"
WHOLE: Final = "decision"
Taken = defaultdict[str, list[float]]


def timed(owner: Any, name: str, taken: Taken) -> None:
    """Let a function note how long each call takes, and how long this processor works on it."""
    plain: Callable[..., Awaitable[Any]] = getattr(owner, name)

    async def noted(*args: Any) -> Any:
        began, busy = time.perf_counter(), time.process_time()
        result = await plain(*args)
        taken[name].append((time.perf_counter() - began) * 1000)
        taken[f"{name}_busy"].append((time.process_time() - busy) * 1000)
        return result

    setattr(owner, name, noted)


class Decider:
    """match_student without HTTP: as much as one event makes it do, to the commit."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._handler = load_function(ROOT / "functions", "match_student").operation.handler

    async def decision(self, number: int) -> None:
        """A student nobody knows is matched."""
        event = StudentRegistered(
            student_id=f"student-{number}", version=1, grade=GRADE, subject=SUBJECT,
            times=(HOUR, "wed-16", "sat-10"), languages=(LANGUAGE,), budget_band=5,
            goals=("exam",),
        )  # fmt: skip

        async def apply(work: Unit) -> None:
            work.heard("match_student", "bench", f"event-{number}")
            await self._handler(event, work)

        await committed(self._database, "", apply)


async def measure(dsn: str, runs: int) -> Taken:
    """Milliseconds of each whole decision and of its parts, in order."""
    database = Database("matching", dsn)
    taken: Taken = defaultdict(list)
    decider = Decider(database)
    for owner, name in ((matching, SHORTLIST), (store, DECIDE), (decider, WHOLE)):
        timed(owner, name, taken)
    try:
        for number in range(WARM + runs):
            if number == WARM:
                gc.collect()
                gc.freeze()
            await decider.decision(number)
            await asyncio.sleep(0)  # its signals to watchers leave between decisions, not within
    finally:
        await database.close()
    return defaultdict(list, {name: values[WARM:] for name, values in taken.items()})


def main(dsn: str, runs: int) -> None:
    """Print one JSON object."""
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    print(json.dumps(uvloop.run(measure(dsn, runs))))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
