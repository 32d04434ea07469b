"""Fork servers for cold starts, and how to see that one is ready."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.cold_child import READY
from bench.figures import Invalid
from bench.place import Place
from bench.processes import ENVIRONMENT, ROOT
from learnflow.local.forkserver import ForkServer, Spawn
from learnflow.local.preload import CORE, HEAVY, WARM

_READY_SECONDS: Final = 60.0


@dataclass(frozen=True)
class Servers:
    """The light one, and heavy ones as embedded systems have without and with a known champion."""

    light: ForkServer
    heavy: ForkServer
    warm: ForkServer


@asynccontextmanager
async def servers(place: Place, model: Path) -> AsyncIterator[Servers]:
    """All of them, with everything imported and `model` parsed ahead by the last."""
    async with AsyncExitStack() as stack:
        light = await ForkServer.start(
            ROOT,
            log=place.folder / "forkserver.log",
            environment=ENVIRONMENT,
            report=lambda _: None,
            preload=(*CORE, "bench.cold_child"),
        )
        stack.push_async_callback(light.stop)
        none = (WARM, str(place.folder / "no-models"))
        heavy = await light.fork_server("match", preload=HEAVY, idle=none)
        stack.push_async_callback(heavy.stop)
        known = (WARM, str(model.parent))
        warm = await light.fork_server("match-warm", preload=HEAVY, idle=known)
        stack.push_async_callback(warm.stop)
        await _ready(warm, model.stem)
        yield Servers(light, heavy, warm)


async def _ready(server: ForkServer, model: str) -> None:
    """Ask processes forked from it whether it has parsed this model.

    It forks none while it does, so few are needed. Raises Invalid when it never is ready.
    """
    try:
        async with asyncio.timeout(_READY_SECONDS):
            while await _code(server, model):
                continue
    except TimeoutError:
        raise Invalid(f"the fork server has not parsed {model}") from None


async def _code(server: ForkServer, model: str) -> int:
    nothing = os.open(os.devnull, os.O_WRONLY)
    try:
        child = await server.fork(Spawn("ready", model, nothing, entry=READY))
    finally:
        os.close(nothing)
    return await child.wait()
