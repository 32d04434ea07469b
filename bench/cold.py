"""Cold starts: from the wish for a process to its first answer with a database write, by stage."""

import asyncio
import json
import os
import signal
import statistics
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import uuid4

import aiohttp

from bench.cold_child import ENTRY, STAGES
from bench.connection import STUDENT
from bench.figures import Bound, Figure, Invalid, percentile
from bench.place import Place
from bench.processes import ENVIRONMENT, ROOT, contestant
from db.roles import database_of
from learnflow.local.forkserver import ForkServer, Spawn
from learnflow.local.paths import listen
from learnflow.local.preload import CORE, HEAVY
from learnflow.settings import variable

GROUP = "cold start"
_PEER: Final = "framework"
_LABELS: Final = {**STAGES, "answered": "answer"}


@dataclass(frozen=True)
class Subject:
    """A function to start cold: where it lives, its request, and what must be written by it."""

    name: str
    short: str
    table: str
    server: ForkServer
    bound: Bound

    def request(self) -> tuple[Mapping[str, str], bytes]:
        """A request that makes it write a new row."""
        headers = {"content-type": "application/json"}
        if self.short == "students":
            return headers, json.dumps(STUDENT).encode()
        student = {"student_id": uuid4().hex, "version": 1, "grade": 7, "subject": "mathematics"}
        event = {"specversion": "1.0", "id": uuid4().hex, "source": "learnflow/students"}
        event["type"] = "org.learnflow.student.registered.v1"
        headers |= {f"ce-{name}": value for name, value in event.items()}
        return headers, json.dumps(student).encode()


async def measure(place: Place, quick: bool) -> list[Figure]:
    """A light function, match_student, and a functions-framework process beside them."""
    runs = 5 if quick else 30
    figures: list[Figure] = []
    async with _fork_servers(place) as (light, heavy):
        light_one = Subject("register_student", "students", "students", light, Bound(40, 25))
        heavy_one = Subject("match_student", "matching", "requests", heavy, Bound(80, 40))
        peers = await _peers(place, 2 if quick else 10)
        for subject in (light_one, heavy_one):
            found = await _many(place, subject, runs)
            figures += _figures(subject, found)
            if subject is light_one:
                figures.append(_beside(found, peers))
    return figures


@asynccontextmanager
async def _fork_servers(place: Place) -> AsyncIterator[tuple[ForkServer, ForkServer]]:
    async with AsyncExitStack() as stack:
        log = place.folder / "forkserver.log"
        light = await ForkServer.start(
            ROOT,
            log=log,
            environment=ENVIRONMENT,
            report=lambda _: None,
            preload=(*CORE, "bench.cold_child"),
        )
        stack.push_async_callback(light.stop)
        heavy = await light.fork_server("match", preload=HEAVY)
        stack.push_async_callback(heavy.stop)
        yield light, heavy


async def _many(place: Place, subject: Subject, runs: int) -> dict[str, list[float]]:
    """Milliseconds of each stage and of the whole, `runs` times. Raises Invalid on missing rows."""
    database = database_of(subject.short)
    before = await place.count(database, subject.table)
    found: defaultdict[str, list[float]] = defaultdict(list)
    for number in range(runs):
        stages = await _once(place, subject, place.folder / f"cold-{number}.sock")
        for stage, milliseconds in stages.items():
            found[stage].append(milliseconds)
    if await place.count(database, subject.table) != before + runs:
        raise Invalid(f"{subject.name}: not every cold start wrote its row")
    return found


async def _once(place: Place, subject: Subject, path: Path) -> dict[str, float]:
    listening = listen(path)
    reading, writing = os.pipe()
    headers, body = subject.request()
    env = {variable(f"{subject.short}_database_url"): place.ours(subject.short)}
    began = time.monotonic()
    try:
        child = await subject.server.fork(
            Spawn(subject.name, subject.name, writing, [listening], env, ENTRY)
        )
    finally:
        os.close(writing)
        listening.close()
    async with (
        aiohttp.ClientSession(connector=aiohttp.UnixConnector(str(path))) as session,
        session.post("http://function/", data=body, headers=headers) as response,
    ):
        await response.read()
        ended = time.monotonic()
        if response.status not in (201, 204):
            raise Invalid(f"{subject.name} answered {response.status}")
    child.send(signal.SIGTERM)
    await child.wait()
    with os.fdopen(reading) as log:
        said = await asyncio.to_thread(log.read)
    return _durations(began, said, ended)


def _durations(began: float, said: str, ended: float) -> dict[str, float]:
    """How long each stage took; SQL is from the connection to the commit."""
    lines = (line.split() for line in said.splitlines() if line.startswith("stage "))
    moments = {stage: float(moment) for _, stage, moment in lines}
    found: dict[str, float] = {"whole": (ended - began) * 1000}
    before = began
    for stage in _LABELS:
        moment = moments.get(stage, ended)
        found[_LABELS[stage]] = (moment - before) * 1000
        before = moment
    return found


async def _peers(place: Place, runs: int) -> list[float]:
    """Milliseconds from spawning a functions-framework process to its first answer."""
    times: list[float] = []
    await place.add_peer(f"cold_{_PEER}")
    dsn = place.peers(f"cold_{_PEER}")
    for _ in range(runs + 1):  # the first writes the .pyc files
        began = time.monotonic()
        async with contestant(_PEER, dsn, place.folder) as served, aiohttp.ClientSession() as http:
            url = f"http://127.0.0.1:{served.port}/api/students"
            async with http.post(url, json=STUDENT) as response:
                if response.status != 201:
                    raise Invalid(f"{_PEER} answered {response.status}")
                await response.read()
                times.append((time.monotonic() - began) * 1000)
    return times[1:]


def _figures(subject: Subject, found: Mapping[str, list[float]]) -> list[Figure]:
    whole = found["whole"]
    stages = ", ".join(
        f"{label} {statistics.median(found[label]):.1f}" for label in _LABELS.values()
    )
    note = f"{stages}; {len(whole)} runs, p95 {percentile(whole, 0.95):.0f}"
    value = statistics.median(whole)
    return [Figure(GROUP, f"{subject.name}, fork to answer", value, "ms", subject.bound, note)]


def _beside(found: Mapping[str, list[float]], peers: list[float]) -> Figure:
    theirs = statistics.median(peers)
    value = statistics.median(found["whole"]) / theirs
    note = f"spawn to answer there: {theirs:.0f} ms, {len(peers)} runs"
    return Figure(
        GROUP, "register_student / functions-framework + SQLModel", value, "x", Bound(0.1), note
    )
