"""A real daprd beside the relay: started with the Kafka component, and again whenever it ends."""

import asyncio
import json
import shutil
import signal
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from eventing.dapr_publish import DEFAULT_PORT, PUBSUB
from learnflow.local.logbook import Logbook
from learnflow.local.logpipes import LogPipe
from learnflow.local.ports import bind
from learnflow.local.processes import Child, Report, describe, spawn
from learnflow.local.progress import StartError

_PAUSE: Final = 0.5
_LONGEST_PAUSE: Final = 5.0
_END_SECONDS: Final = 6.0
_APP: Final = "relay"


def find_daprd(home: Path | None) -> Path:
    """The daprd on PATH, else the one that `dapr init` keeps. Raises StartError."""
    found = shutil.which("daprd")
    kept = [home / ".dapr" / "bin" / "daprd"] if home is not None else []
    for one in ([Path(found)] if found else []) + kept:
        if one.is_file():
            return one
    raise StartError("There is no daprd on PATH or in ~/.dapr/bin: dapr init fetches it.")


def component(address: str) -> dict[str, Any]:
    """The Dapr component of a Kafka without TLS; as on the cluster it names no consumer group."""
    metadata = {"brokers": address, "authType": "none", "disableTls": "true"}
    return {
        "apiVersion": "dapr.io/v1alpha1",
        "kind": "Component",
        "metadata": {"name": PUBSUB},
        "spec": {
            "type": "pubsub.kafka",
            "version": "v1",
            "metadata": [{"name": name, "value": value} for name, value in metadata.items()],
        },
    }


class DaprKeeper:
    """Keeps one daprd alive from `start` to `stop`; it ends with this process in any case."""

    def __init__(self, program: Path, address: str, folder: Path, logbook: Logbook) -> None:
        self.port = _free(DEFAULT_PORT)
        self._program, self._folder, self._logbook = program, folder, logbook
        self._resources = folder / "dapr"
        self._document = component(address)
        self._child: Child | None = None
        self._stopping = False

    async def start(self) -> None:
        """Start it; the relay waits until it answers, and until it reaches Kafka."""
        self._resources.mkdir(exist_ok=True)
        file = self._resources / "kafka-pubsub.yaml"  # JSON is YAML
        await asyncio.to_thread(file.write_text, json.dumps(self._document, indent=1), "utf-8")
        pipe = LogPipe(self._logbook, "daprd")
        self._child = None
        try:
            self._child = spawn(
                self._command(),
                environment={},
                folder=self._folder,
                output=pipe.writing,
                end_signal=signal.SIGKILL,
            )
        finally:
            pipe.handed_over(self._child.pid if self._child else None)

    def _command(self) -> list[str]:
        # the others' ports are looked for each time: only ours is told to anybody
        others = {"grpc": 50001, "internal-grpc": 50011}
        ports = {name: _free(port) for name, port in others.items()}
        return [
            *(str(self._program), "--app-id", _APP, "--log-level", "warn"),
            *("--resources-path", str(self._resources), "--placement-host-address", ""),
            *("--dapr-listen-addresses", "127.0.0.1", "--dapr-http-port", str(self.port)),
            *(f"--dapr-{name}-port={port}" for name, port in ports.items()),
            f"--metrics-port={_free(9095)}",
        ]

    async def keep(self, report: Report) -> None:
        """Start it again whenever it ends: it does when it finds no Kafka at its start."""
        pause = _PAUSE
        while self._child is not None:
            began = asyncio.get_running_loop().time()
            code = await self._child.wait()
            if self._stopping:
                return
            report(f"daprd ended ({describe(code)}); starting it again: learnflow logs daprd")
            steady = asyncio.get_running_loop().time() - began > _LONGEST_PAUSE * 2
            pause = _PAUSE if steady else min(pause * 2, _LONGEST_PAUSE)
            await asyncio.sleep(pause)
            await self.start()

    async def stop(self) -> None:
        """End it."""
        self._stopping = True
        if self._child is not None:
            for number in (signal.SIGTERM, signal.SIGKILL):
                self._child.send(number)
                if await self._child.ended_within(_END_SECONDS):
                    break


def _free(port: int) -> int:
    """A port that nobody has at this moment, this one if that can be."""
    bound = bind(port)
    with closing(bound.socket):
        return bound.port
