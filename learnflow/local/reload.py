"""Reload on save: what was saved is tried first; what does not load never reaches a request."""

import asyncio
import logging
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Coroutine, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from learnflow.local.breakage import Breakage
from learnflow.local.changes import WATCHED, Changes, changes_in, module_of
from learnflow.local.checking import check
from learnflow.local.code import Code
from learnflow.local.forkserver import ForkFailed, ForkServerGone
from learnflow.local.generation import Generation
from learnflow.local.logbook import Logbook
from learnflow.local.pool import Pool
from learnflow.local.progress import Tell
from learnflow.local.sources import Sources, forget_bytecode
from learnflow.local.watching import Batch, Watcher
from learnflow.manifests import Function

_AT_ONCE: Final = 2
_FORK_SECONDS: Final = 0.5
_logger = logging.getLogger(__name__)


class Reloader:
    """Follows the files from `start` to `stop`.

    `generation` starts new fork servers; `renewed` hears when one is used; `manifests` hears of
    saved manifests. Functions that are not to be renewed are in `left`.
    """

    def __init__(
        self,
        root: Path,
        code: Code,
        sources: Sources,
        pool: Pool,
        logbook: Logbook,
        say: Tell,
        *,
        generation: Callable[[], Coroutine[Any, Any, Generation]],
        renewed: Callable[[Generation], None],
        manifests: Callable[[], None],
        left: Collection[str] = (),
    ) -> None:
        self._root, self._code, self._sources, self._pool = root, code, sources, pool
        self._logbook, self._say = logbook, say
        self._generation, self._renewed, self._manifests = generation, renewed, manifests
        self._left = left
        self._broken: dict[str, Breakage] = {}
        self._library: str | None = None
        self._restart: set[Path] = set()
        self._batches: asyncio.Queue[Batch] = asyncio.Queue()
        self._watcher = Watcher(root, WATCHED, self._batches.put_nowait)
        self._places = asyncio.Semaphore(_AT_ONCE)
        self._working: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Take every function's files as those that load, then follow what is saved."""
        for function in self._functions().values():
            self._sources.accept(function.target, self._sources.take(function.target))
        if why := await self._watcher.start():
            self._say("runner", "warn", why)
        self._working = [
            asyncio.create_task(self._work(), name="reload on save"),
            asyncio.create_task(self._try_all(), name="first look at the functions"),
        ]

    async def stop(self) -> None:
        """Follow nothing more."""
        await self._watcher.stop()
        for task in self._working:
            task.cancel()
        await asyncio.gather(*self._working, return_exceptions=True)

    async def _work(self) -> None:
        while True:
            batch = await self._batches.get()
            for path in batch.paths:
                forget_bytecode(self._root / path)
            try:
                await self._handle(changes_in(batch.paths), batch.at)
            except Exception as error:
                _logger.exception("a save could not be followed")
                self._say("runner", "warn", f"a save could not be followed: {error!r}; save again")

    async def _try_all(self) -> None:
        """Say which functions do not load as they were found; one by one, for saves go first."""
        for function in list(self._functions().values()):
            with suppress(ForkServerGone, ForkFailed):
                await self._renew_one(function, None)

    async def _handle(self, changes: Changes, at: float) -> None:
        if changes.manifests:
            self._manifests()
        if changes.migrations:
            files = _listed(changes.migrations)
            self._say("runner", "warn", f"{files}: applied to the databases by the next start")
        if news := [file for file in changes.runner if file not in self._restart]:
            self._restart.update(news)  # said once
            what = f"{_listed(news)}: run by the runner too; restart `up` for that"
            self._say("runner", "warn", what)
        functions = self._functions()
        left = {name.replace("-", "_"): name for name in self._left}
        for target in sorted(changes.functions & left.keys()):
            what = "is attached: start your process again for the new code"
            self._say(left[target], "warn", what)
        for target in sorted(changes.functions - functions.keys() - left.keys()):
            if (self._root / "functions" / target / "main.py").is_file():
                name = target.replace("_", "-")
                what = f"functions/{target}: nothing runs it without k8s/base/functions/{name}.yaml"
                self._say("runner", "warn", f"{what}; add that and restart `up`")
        served = [file for file in changes.library if self._is_served(file)]
        if served and await self._renew_all(served, at):
            return
        saved = [functions[target] for target in sorted(changes.functions & functions.keys())]
        await asyncio.gather(*(self._renew_one(function, at) for function in saved))

    def _functions(self) -> Mapping[str, Function]:
        """By folder, those that may be renewed."""
        return {
            revision.function.target: revision.function
            for name, revision in self._pool.revisions.items()
            if name not in self._left
        }

    def _is_served(self, file: Path) -> bool:
        """Whether a fork server or a function could run it: not what is the runner's alone."""
        module = module_of(file)
        return module in self._code.newest.modules or module not in sys.modules

    async def _renew_one(self, function: Function, at: float | None) -> None:
        """Try a function's files, and let them serve if they load; `at` None is the first try."""
        target = function.target
        taken = self._sources.take(target)
        found = await self._check(self._code.newest, function)
        current = self._sources.is_current(target, taken)
        if not current or found is not None or at is None:
            self._sources.drop(taken.copy)
        if not current:  # saved meanwhile: that comes as a batch of its own
            return
        if found is not None:
            self._tell_broken({function.name: found}, first=at is None)
            if at is not None and self._started_since(function, at):
                self._pool.revisions[function.name].renew()
        elif at is not None:
            self._sources.accept(target, taken)
            self._code.catch_up(target)
            self._pool.revisions[function.name].renew()
            again = "loads again: " if self._broken.pop(function.name, None) else ""
            what = f"{again}new code serves {_since(at)} after the save"
            self._say(function.name, "done", what)

    async def _renew_all(self, saved: list[Path], at: float) -> bool:
        """New fork servers, and all functions that load in them; False when there can be none."""
        try:
            generation = await self._generation()
        except (ForkServerGone, ForkFailed, OSError) as error:
            found = getattr(error, "breakage", None)
            what = str(found or str(error).splitlines()[-1])
            if what != self._library:
                self._library = what
                self._say("runner", "warn", f"{what}: everything goes on with the code before")
            return False
        functions = self._functions()
        taken = {target: self._sources.take(target) for target in functions}
        found = await asyncio.gather(*(self._check(generation, one) for one in functions.values()))
        broken = {target: why for target, why in zip(functions, found, strict=True) if why}
        self._code.begin(generation, broken.keys())
        self._renewed(generation)
        for target in functions.keys() - broken.keys():
            self._sources.accept(target, taken[target])
            self._pool.revisions[functions[target].name].renew()
            self._broken.pop(functions[target].name, None)
        again = "load again: " if self._library else ""
        self._library = None
        count = len(functions) - len(broken)
        what = f"{again}fork servers and {count} functions renewed {_since(at)} after the save"
        self._say("runner", "done", f"{_listed(saved)}: {what}")
        self._tell_broken({functions[target].name: why for target, why in broken.items()})
        return True

    def _started_since(self, function: Function, at: float) -> bool:
        """Whether an instance may have read files that were saved while it was forked."""
        live = self._pool.revisions[function.name].fleet.live
        return any(upstream.started_at > at - _FORK_SECONDS for upstream in live)

    async def _check(self, generation: Generation, function: Function) -> Breakage | None:
        async with self._places:
            return await check(generation, function, self._logbook)

    def _tell_broken(self, broken: Mapping[str, Breakage], *, first: bool = False) -> None:
        """One sentence per fault: a library's may be that of many functions."""
        by_fault: defaultdict[Breakage, list[str]] = defaultdict(list)
        for name, found in broken.items():
            if self._broken.get(name) != found:
                self._broken[name] = found
                by_fault[found].append(name)
        for found, names in by_fault.items():
            what = "requests get 503 until it does" if first else "the code before goes on serving"
            if len(names) == 1:
                self._say(names[0], "warn", f"does not load: {found}; {what}")
            else:
                self._say("runner", "warn", f"{', '.join(names)} do not load: {found}; {what}")


def _since(at: float) -> str:
    seconds = time.monotonic() - at
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"


def _listed(files: list[Path], most: int = 3) -> str:
    shown = ", ".join(map(str, files[:most]))
    return shown if len(files) <= most else f"{shown} and {len(files) - most} more"
