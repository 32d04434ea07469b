"""Which code does each function run? The fork servers it is forked from, and its files."""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from learnflow.local.generation import Generation
from learnflow.local.sources import Sources
from learnflow.manifests import Function


@dataclass(frozen=True, slots=True)
class Build:
    """What a new instance is made of; `functions` None: the repository's own folder."""

    generation: Generation
    functions: Path | None = None


class Code:
    """Every function's code; one that does not load with newer libraries stays with older ones."""

    def __init__(self, generation: Generation, sources: Sources | None = None) -> None:
        self.newest = generation
        self._sources = sources
        self._bound: dict[str, Generation] = {}
        self._retiring: dict[Generation, asyncio.Task[None]] = {}

    def of(self, function: Function) -> Build:
        """What the next instance of a function is made of."""
        generation = self._bound.get(function.target, self.newest)
        folder = self._sources.folder(function.target) if self._sources is not None else None
        return Build(generation, folder)

    def begin(self, generation: Generation, stay: Collection[str]) -> None:
        """New instances come from a newer generation, but for the functions that are to stay."""
        for target in stay:
            self._bound.setdefault(target, self.newest)
        bound = {target: self._bound[target] for target in stay}
        old = {self.newest, *self._bound.values()}
        self.newest, self._bound = generation, bound
        self._retire(old)

    def catch_up(self, target: str) -> None:
        """A function loads with the newest generation again."""
        old = self._bound.pop(target, None)
        if old is not None:
            self._retire({old})

    async def stop(self) -> None:
        """End every fork server."""
        for task in self._retiring.values():
            task.cancel()
        await asyncio.gather(*self._retiring.values(), return_exceptions=True)
        everyone = {self.newest, *self._bound.values(), *self._retiring}
        await asyncio.gather(*(generation.stop() for generation in everyone))

    def _retire(self, old: set[Generation]) -> None:
        for generation in old - {self.newest, *self._bound.values(), *self._retiring}:
            self._retiring[generation] = asyncio.create_task(self._end(generation))

    async def _end(self, generation: Generation) -> None:
        await generation.retire()
        del self._retiring[generation]
