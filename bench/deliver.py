"""`python -m bench.deliver PORT FILE CONNECTIONS`: events delivered to a function, each once.

They are sent as a KafkaSource sends them, over connections that are kept. One JSON line at the end.
"""

import json
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import uvloop

from bench.connection import request, send
from bench.figures import percentile
from bench.load import pinned
from bench.processes import answer_of
from eventing.envelope import Envelope, binary_http
from eventing.events import Event

END: Final = b"\0"
"""Between two requests of a file: none of them holds NUL."""
_SECONDS: Final = 120.0


@dataclass(frozen=True, slots=True)
class Delivered:
    """One run's outcome; a single connection's p50 is the cost of one delivery."""

    events: int
    seconds: float
    p50_ms: float

    @property
    def rate(self) -> float:
        """Deliveries per second."""
        return self.events / self.seconds


def delivery(event: Event, event_id: str) -> bytes:
    """The request that brings this event to a function."""
    envelope = Envelope(
        id=event_id,
        source="learnflow/bench",
        type=event.type,
        subject=event.key,
        time="2026-11-22T12:00:00Z",
        data=event.model_dump_json(exclude_none=True).encode(),
        extensions={
            "partitionkey": event.key,
            "traceparent": f"00-{event_id}-{event_id[:16]}-01",
        },
    )
    headers, body = binary_http(envelope)
    return request("/", headers, body)


def write(file: Path, requests: Iterable[bytes]) -> Path:
    """Keep requests in a file."""
    file.write_bytes(END.join(requests))
    return file


async def deliver(port: int, file: Path, connections: int) -> Delivered:
    """Send what the file holds, from a process of its own. Raises Invalid unless all are 2xx."""
    command = (sys.executable, "-m", "bench.deliver", str(port), str(file), str(connections))
    return Delivered(**await answer_of(*pinned(), *command, seconds=_SECONDS))


async def _main(port: int, requests: Sequence[bytes], connections: int) -> None:
    began = time.perf_counter()
    outcome = await send(port, iter(requests), connections)
    seconds = time.perf_counter() - began
    p50 = percentile(outcome.seconds, 0.5) * 1000
    print(json.dumps(asdict(Delivered(len(outcome.seconds), seconds, p50))))


if __name__ == "__main__":
    uvloop.run(_main(int(sys.argv[1]), Path(sys.argv[2]).read_bytes().split(END), int(sys.argv[3])))
