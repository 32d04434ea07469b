"""Cold starts: from the wish for a process to its first answer with a database write, by stage."""

import asyncio
import json
import os
import signal
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import uuid4

import aiohttp

from bench.cold_child import ENTRY, STAGES
from bench.cold_servers import Servers, servers
from bench.connection import STUDENT
from bench.figures import Bound, Figure, Invalid, percentile
from bench.place import Place
from bench.processes import contestant
from bench.ranking_index import GRADE, SUBJECT, champion, fill, promote
from db.roles import database_of
from learnflow.local.forkserver import ForkServer, Spawn
from learnflow.local.paths import listen
from learnflow.settings import variable

GROUP = "cold start"
TUTORS: Final = 60
"""In the index of matching_db."""
_PEER: Final = "framework"
BUSY: Final = "processor"
_LABELS: Final = {**STAGES, "answered": "answer"}


@dataclass(frozen=True)
class Subject:
    """A function to start cold, and where it lives; `table` gets a row from each request.

    `told` is how its figure is named; `cache` gives the folder of model files of its n-th process.
    """

    told: str
    short: str
    table: str
    server: ForkServer
    bound: Bound
    cache: Callable[[int], Path] | None = None

    @property
    def name(self) -> str:
        """The function."""
        return self.told.split(",", maxsplit=1)[0]

    def env(self, place: Place, number: int) -> Mapping[str, str]:
        """Settings of its n-th process."""
        env = {variable(f"{self.short}_database_url"): place.ours(self.short)}
        if self.cache is not None:
            env[variable("model_cache")] = str(self.cache(number))
        return env

    def request(self) -> tuple[Mapping[str, str], bytes]:
        """A request that makes it write a new row."""
        headers = {"content-type": "application/json"}
        if self.short == "students":
            return headers, json.dumps(STUDENT).encode()
        student = {"student_id": uuid4().hex, "version": 1, "grade": GRADE, "subject": SUBJECT}
        event = {"specversion": "1.0", "id": uuid4().hex, "source": "learnflow/students"}
        event["type"] = "org.learnflow.student.registered.v1"
        headers |= {f"ce-{name}": value for name, value in event.items()}
        return headers, json.dumps(student).encode()


async def measure(place: Place, quick: bool) -> list[Figure]:
    """A light function beside a functions-framework process; match_student by rules and model."""
    runs = 5 if quick else 30
    model = await champion(place)
    await fill(place, TUTORS)
    async with servers(place, model) as found:
        light = Subject("register_student", "students", "students", found.light, Bound(40, 25))
        peers = await _peers(place, 2 if quick else 10)
        times = await _many(place, light, runs)
        figures = [_figure(light, times), _beside(times, peers)]
        rules, *learned = _matching(place, found, model)
        figures.append(_figure(rules, await _many(place, rules, runs)))
        await promote(place, model)
        figures += [_figure(one, await _many(place, one, runs)) for one in learned]
    return figures


def _matching(place: Place, found: Servers, model: Path) -> list[Subject]:
    """match_student by rules, and by a model that is known ahead or that only its database has."""
    bound = Bound(80, 40)

    def one(told: str, ranker: str, server: ForkServer, cache: Callable[[int], Path]) -> Subject:
        table = f"matches WHERE ranker = '{ranker}'"  # what proves who decided
        return Subject(f"match_student, {told}", "matching", table, server, bound, cache)

    def fresh(number: int) -> Path:
        return place.folder / f"models-{number}"

    return [
        one("rules", "rules-1", found.heavy, fresh),
        one("model parsed ahead", model.stem, found.warm, lambda _: model.parent),
        one("model without file", model.stem, found.heavy, fresh),
    ]


async def _many(place: Place, subject: Subject, runs: int) -> dict[str, list[float]]:
    """Milliseconds of each stage and of the whole, `runs` times. Raises Invalid on missing rows."""
    database = database_of(subject.short)
    before = await place.count(database, subject.table)
    found: defaultdict[str, list[float]] = defaultdict(list)
    for number in range(runs):
        for stage, milliseconds in (await _once(place, subject, number)).items():
            found[stage].append(milliseconds)
    added = await place.count(database, subject.table) - before
    if added != runs:
        raise Invalid(f"{subject.told}: {added} of {runs} cold starts wrote to {subject.table}")
    return found


async def _once(place: Place, subject: Subject, number: int) -> dict[str, float]:
    listening = listen(path := place.folder / f"cold-{number}.sock")
    reading, writing = os.pipe()
    headers, body = subject.request()
    env = subject.env(place, number)
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
    """How long each stage took; SQL is up to the commit, as is the processor's own time."""
    lines = [line.split()[1:] for line in said.splitlines() if line.startswith("stage ")]
    moments = {stage: float(moment) for stage, moment, _ in lines}
    found = {"whole": (ended - began) * 1000, BUSY: float(lines[-1][2]) * 1000}
    before = began
    for stage, moment in [*moments.items(), ("answered", ended)]:
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


def _figure(subject: Subject, found: Mapping[str, list[float]]) -> Figure:
    whole = found["whole"]
    stages = ", ".join(
        f"{label} {statistics.median(found[label]):.1f}"
        for label in _LABELS.values()
        if label in found
    )
    busy = statistics.median(found[BUSY])
    note = f"{stages}; processor {busy:.1f}; {len(whole)} runs, p95 {percentile(whole, 0.95):.0f}"
    value = statistics.median(whole)
    return Figure(GROUP, f"{subject.told}: fork to answer", value, "ms", subject.bound, note)


def _beside(found: Mapping[str, list[float]], peers: list[float]) -> Figure:
    theirs = statistics.median(peers)
    value = statistics.median(found["whole"]) / theirs
    note = f"spawn to answer there: {theirs:.0f} ms, {len(peers)} runs"
    return Figure(
        GROUP, "register_student / functions-framework + SQLModel", value, "x", Bound(0.1), note
    )
