"""The runner's parts around a control API, in this process: functions answer from a script."""

import json
from pathlib import Path
from typing import Any

import aiohttp

from learnflow.local.control import Control
from learnflow.local.dispatch import Dispatcher
from learnflow.local.eventlog import EventLog
from learnflow.local.logbook import Logbook
from learnflow.local.pool import Pool
from tests.eventually import eventually
from tests.local.fakes import FakeFunctions, FakeStarter, function, source, system


class World:
    """One source from topic `said` to function `hello`; topics of the whole catalogue."""

    def __init__(self, folder: Path, log: EventLog, functions: FakeFunctions) -> None:
        plain = system(source(), functions=(function(),))
        topics = {**plain.topics, **log.topics}
        self.system = type(plain)(plain.functions, plain.sources, plain.sinks, topics)
        self.path = folder / "runner.sock"
        self.log = log
        self.functions = functions
        self.logbook = Logbook()
        self.stopped = False
        self.dispatcher = Dispatcher(self.system, log, functions, commit_seconds=0.05)
        self.pool = Pool(self.system.functions, FakeStarter(folder, unused))
        self.control = Control(
            self.system, log, self.dispatcher, self.pool, self.logbook,
            urls=lambda: {"gateway": "http://127.0.0.1:8080"}, stop=self.stop,
        )  # fmt: skip

    def stop(self) -> None:
        self.stopped = True


async def unused(_: Any) -> Any:
    raise AssertionError("no function is called here")


async def get(api: aiohttp.ClientSession, path: str) -> Any:
    async with api.get(path) as response:
        assert response.status == 200
        return await response.json()


async def say(api: aiohttp.ClientSession, world: World, *sent: dict[str, Any]) -> None:
    """Publish, and wait until all were heard."""
    before = len(world.functions.heard)
    async with api.post("/publish", json={"messages": sent}) as response:
        assert (await response.json())["results"] == [None] * len(sent)
    await eventually(lambda: len(world.functions.heard) >= before + len(sent))


async def replayed(api: aiohttp.ClientSession, path: str, **wish: Any) -> list[dict[str, Any]]:
    """The lines that a replay of events, or of dead letters, answers."""
    async with api.post(f"/control/{path}/replay", json=wish) as response:
        assert response.status == 200, await response.text()
        return [json.loads(line) for line in (await response.text()).splitlines()]


async def refused(api: aiohttp.ClientSession, path: str, **wish: Any) -> tuple[int, str]:
    """The status and the detail of what is not done."""
    async with api.post(f"/control/{path}", json=wish) as response:
        return response.status, (await response.json())["detail"]


async def letters(api: aiohttp.ClientSession, query: str = "") -> list[dict[str, Any]]:
    """Dead letters as they are listed."""
    found: list[dict[str, Any]] = (await get(api, f"/control/dead-letters{query}"))["dead_letters"]
    return found
