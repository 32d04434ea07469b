"""A running system whose files may be saved: a root of its own, and somebody who saves."""

import asyncio
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import aiohttp

from tests.eventually import eventually
from tests.system.harness import REPOSITORY, Embedded

COPIED: Final = ("db", "eventing", "functions", "k8s", "learnflow")
VERSION: Final = "find_student"
"""The function that is saved: it answers a status that each save changes."""


class Saved:
    """A system that follows its files; `root` is where they are."""

    def __init__(self, system: Embedded) -> None:
        self.system, self.root = system, Path(system.options.root)

    @property
    def main(self) -> Path:
        """The file that most tests save."""
        return self.root / "functions" / VERSION / "main.py"

    def save(self, file: Path, text: str) -> None:
        """As most editors do: another file takes the name."""
        beside = file.with_name(f".{file.name}.saving")
        beside.write_text(text, encoding="utf-8")
        os.replace(beside, file)

    def logged(self) -> list[str]:
        """What the console said."""
        return (self.system.folder / "runner.log").read_text(errors="replace").splitlines()

    async def says(self, *words: str, seconds: float = 20) -> str:
        """The line of the console that holds all these words, once it is there."""

        def found() -> str | None:
            lines = self.logged()
            return next((line for line in lines if all(word in line for word in words)), None)

        return await eventually(found, seconds, message=f"nobody said {words}")

    async def lines_of(self, function: str) -> list[str]:
        """What `learnflow logs FUNCTION` shows."""
        connector = aiohttp.UnixConnector(str(self.system.places.sockets / "runner.sock"))
        async with (
            aiohttp.ClientSession("http://runner", connector=connector) as session,
            session.get(f"/control/logs?function={function}") as response,
        ):
            return (await response.text()).splitlines()

    async def instances(self, function: str) -> int:
        """How many instances a function has."""
        _, found = await self.system.control("GET", "/control/ps")
        return next(
            len(one["instances"]) for one in found["functions"] if one["function"] == function
        )

    async def at_zero(self, function: str) -> bool:
        """Whether it has no instance."""
        return await self.instances(function) == 0


@contextmanager
def saved(**options: Any) -> Iterator[Saved]:
    """A running system with copies of its files, for the block."""
    system = Embedded.prepare(reload=True, **options)
    try:
        for part in COPIED:
            link = Path(system.options.root) / part
            link.unlink()
            ignored = shutil.ignore_patterns("__pycache__", ".*")
            shutil.copytree(REPOSITORY / part, link, ignore=ignored)
        asyncio.run(system.start())
        yield Saved(system)
        asyncio.run(system.stop())
    finally:
        system.discard()


async def steadily(
    ask: Callable[[], Any], per_second: float, until: asyncio.Event
) -> list[tuple[float, Any]]:
    """Ask at a steady rate, whatever the answers take; each with when it was asked."""
    asked: list[tuple[float, asyncio.Task[Any]]] = []
    began = time.monotonic()
    while not until.is_set():
        asked.append((time.monotonic(), asyncio.ensure_future(ask())))
        await asyncio.sleep(max(0.0, began + len(asked) / per_second - time.monotonic()))
    return [(at, await task) for at, task in asked]
