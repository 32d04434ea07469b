"""The functions of the embedded mode as they are served: code, instances, attachments, switches."""

import asyncio
import os
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from learnflow.local.attach import Attachment, command
from learnflow.local.code import Code
from learnflow.local.faults import Faults
from learnflow.local.forkserver import ForkServer
from learnflow.local.generation import Generation
from learnflow.local.logbook import Logbook
from learnflow.local.manifest_changes import ManifestChanges
from learnflow.local.paths import Places
from learnflow.local.pool import Pool
from learnflow.local.progress import Tell
from learnflow.local.reload import Reloader
from learnflow.local.sources import Sources
from learnflow.local.starter import Dsn, Forking
from learnflow.manifests import System

_RELEASE_SECONDS: Final = 0.01


class Serving:
    """Every function of `system`: first `prepare`, then `start`, then perhaps `follow`.

    Those in `attach` are left to a debugger; `keeps` says whether saved files will be followed.
    """

    def __init__(
        self,
        places: Places,
        system: System,
        logbook: Logbook,
        dsn: Dsn,
        tell: Tell,
        *,
        attach: Sequence[str] = (),
        keeps: bool = False,
    ) -> None:
        self._root, self._places, self._system = places.root, places, system
        self._logbook, self._dsn, self._tell = logbook, dsn, tell
        self._attach = attach
        self._sources = Sources(self._root / "functions", places.state / "code") if keeps else None
        self._reloader: Reloader | None = None
        self.attached: dict[str, Attachment] = {}

    async def prepare(self) -> None:
        """Start the fork servers. Raises ForkServerGone."""
        self.code = Code(await self._generation(), self._sources)

    @property
    def light(self) -> ForkServer:
        """The fork server for what is no function."""
        return self.code.newest.servers["core"]

    async def start(self) -> Pool:
        """Take requests, from zero."""
        faults = Faults(lambda function, what: self._tell(function, "warn", what))
        starter = Forking(self.code.of, self._places, self._logbook, self._dsn)
        fleets = {name: self._attachment(name) for name in self._attach}
        self.pool = Pool(
            self._system.functions,
            starter,
            tail=self._logbook.tail,
            faults=faults,
            fleets=fleets,
        )
        self.attached = self.pool.attached
        await self.pool.start()
        return self.pool

    async def follow(self, renewed: Callable[[Generation], None], read: System) -> None:
        """Follow saved files; `renewed` hears of new fork servers, `read` is what they said."""
        if self._sources is None:
            return
        manifests = ManifestChanges(self._root, read, self.pool, self._tell, self._attach)
        self._reloader = Reloader(
            self._root,
            self.code,
            self._sources,
            self.pool,
            self._logbook,
            self._tell,
            generation=self._generation,
            renewed=renewed,
            manifests=manifests.saved,
            left=self._attach,
        )
        await self._reloader.start()

    async def release(self) -> None:
        """The end begins: follow no files, let nobody wait for a debugger."""
        if self._reloader is not None:
            await self._reloader.stop()
        for fleet in self.attached.values():
            fleet.release()
        await asyncio.sleep(_RELEASE_SECONDS)  # deliveries that waited now wait for a retry

    async def stop(self) -> None:
        """End the fork servers and with them every process of a function."""
        await self.code.stop()

    async def _generation(self) -> Generation:
        targets: dict[str, list[str]] = {}
        for function in self._system.functions.values():
            targets.setdefault(function.image, []).append(function.target)
        return await Generation.start(
            self._root,
            targets,
            log=self._places.state / "forkserver.log",
            environment=os.environ,
            report=lambda what: self._tell("runner", "warn", what),
            models=self._places.models,
        )

    def _attachment(self, name: str) -> Callable[..., Attachment]:
        path = Path(self._places.sockets / f"{name}.sock")
        path.unlink(missing_ok=True)  # no path leads to nobody
        typed = command(self._system.functions[name], path, self._dsn, self._root)
        return partial(Attachment, path, typed, lambda what: self._tell(name, "warn", what))
