"""A generation: the light and the heavy fork server that were started from the same files."""

import ast
import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from socket import socket
from typing import Final, Self

from learnflow.local.child import FUNCTION
from learnflow.local.forkserver import ForkServer, Spawn
from learnflow.local.preload import CORE, HEAVY, WARM
from learnflow.local.processes import Child, Report
from learnflow.manifests import Function

LIBRARY: Final = frozenset({"db", "eventing", "learnflow"})
PAUSE_SECONDS: Final = 0.05
Targets = Mapping[str, Iterable[str]]
"""The functions' folders by image."""


class Generation:
    """Forks processes, and knows which of them still run."""

    def __init__(self, light: ForkServer, heavy: ForkServer) -> None:
        self.servers: Mapping[str, ForkServer] = {"core": light, "match": heavy}
        self._children: set[Child] = set()
        self._asked = 0

    @classmethod
    async def start(
        cls,
        root: Path,
        targets: Targets,
        *,
        log: Path,
        environment: Mapping[str, str],
        report: Report,
        models: Path,
    ) -> Self:
        """Start both; `models` is the folder of model files, parsed ahead by the heavy one.

        Raises ForkServerGone, which says which library file does not load.
        """
        used = {image: tuple(imported(root, names)) for image, names in targets.items()}
        light = await ForkServer.start(
            root,
            log=log,
            environment=environment,
            report=report,
            preload=CORE,
            wanted=used.get("core", ()),
        )
        try:
            heavy = await light.fork_server(
                "match",
                preload=HEAVY,
                wanted=used.get("match", ()),
                idle=(WARM, str(models)),
            )
        except BaseException:
            await light.stop()
            raise
        return cls(light, heavy)

    @property
    def modules(self) -> frozenset[str]:
        """The names of the repository's modules that its processes begin with."""
        return frozenset().union(*(server.modules for server in self.servers.values()))

    async def fork(
        self,
        function: Function,
        *,
        log: int,
        sockets: Sequence[socket],
        env: Mapping[str, str],
        entry: str = FUNCTION,
    ) -> Child:
        """Fork a process of a function. Raises ForkServerGone or ForkFailed."""
        request = Spawn(function.name, function.target, log, sockets, env, entry)
        self._asked += 1
        try:
            child = await self.servers[function.image].fork(request)
        finally:
            self._asked -= 1
        self._children.add(child)
        child.exited.add_done_callback(lambda _: self._children.discard(child))
        return child

    async def retire(self) -> None:
        """Stop once the last process forked here has ended; the relay's is not counted."""
        while self._children or self._asked:
            if self._children:
                await asyncio.wait([child.exited for child in self._children])
            else:
                await asyncio.sleep(PAUSE_SECONDS)
        await self.stop()

    async def stop(self) -> None:
        """End both fork servers and all their children."""
        await self.servers["core"].stop()


def imported(root: Path, targets: Iterable[str]) -> Iterator[str]:
    """The modules of db, eventing and learnflow that these functions name in their imports.

    Preloaded, they cost no cold start; and a library file that breaks later does not reach a
    function that was loaded from an earlier one.
    """
    seen: set[str] = set()
    for target in targets:
        for name in _named(root / "functions" / target / "main.py"):
            if name.partition(".")[0] in LIBRARY and name not in seen and _exists(root, name):
                seen.add(name)
                yield name


def _named(file: Path) -> Iterator[str]:
    try:
        tree = ast.parse(file.read_bytes())
    except (OSError, SyntaxError, ValueError):  # said when the function is checked
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _exists(root: Path, name: str) -> bool:
    place = root.joinpath(*name.split("."))
    return place.with_suffix(".py").is_file() or (place / "__init__.py").is_file()
