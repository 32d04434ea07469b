"""The relay of the embedded mode: one process, started again whenever it ends."""

import asyncio
import signal
import time
from collections.abc import Mapping
from typing import Final

from learnflow.local.forkserver import ForkFailed, ForkServer, ForkServerGone, Spawn
from learnflow.local.logbook import Logbook
from learnflow.local.logpipes import LogPipe
from learnflow.local.processes import Child, Report, describe
from learnflow.local.relay_process import RELAY

_PAUSE: Final = 0.2
_LONGEST_PAUSE: Final = 5.0
_STEADY_SECONDS: Final = 10.0


class RelayKeeper:
    """Keeps one relay process alive from `start` to `stop`."""

    def __init__(
        self, server: ForkServer, runner_socket: str, env: Mapping[str, str], logbook: Logbook
    ) -> None:
        self.child: Child | None = None
        self._server, self._socket, self._env, self._logbook = server, runner_socket, env, logbook
        self._stopping = False
        self._renewed: Child | None = None

    async def start(self) -> None:
        """Fork the relay."""
        pipe = LogPipe(self._logbook, "relay")
        child = None
        try:
            child = await self._server.fork(
                Spawn("relay", self._socket, pipe.writing, env=self._env, entry=RELAY)
            )
        finally:
            pipe.handed_over(child.pid if child else None)
        self.child = child

    def renew(self, server: ForkServer) -> None:
        """Let a process of newer code take over; the present one publishes what it has begun."""
        self._server = server
        if self.child is not None:
            self._renewed = self.child
            self.child.send(signal.SIGTERM)

    async def keep(self, report: Report) -> None:
        """Start it again whenever it ends, sooner when it had run steadily."""
        pause = _PAUSE
        while True:
            if self.child is not None:
                code = await self.child.wait()
            if self._stopping:
                return
            if self.child is not None and self.child is self._renewed:
                self.child = None
                pause = _PAUSE
            elif self.child is not None:
                report(f"The relay ended ({describe(code)}); starting it again.")
                steady = time.monotonic() - self.child.started_at > _STEADY_SECONDS
                pause = _PAUSE if steady else min(pause * 2, _LONGEST_PAUSE)
                self.child = None
            try:
                await self.start()
            except (ForkServerGone, ForkFailed):
                await asyncio.sleep(pause)
            else:
                await asyncio.sleep(pause)

    async def stop(self) -> None:
        """Let it publish what is committed, then end it."""
        self._stopping = True
        if self.child is not None:
            for number in (signal.SIGTERM, signal.SIGKILL):
                self.child.send(number)
                if await self.child.ended_within(6):
                    break
