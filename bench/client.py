"""`python -m bench.client PORT PATH SECONDS CONNECTIONS`: a closed loop, as wrk's with post.lua.

Used where wrk is not installed; it sends what post.lua sends and prints the same JSON line.
"""

import json
import sys
import time
from collections.abc import Iterator

import uvloop

from bench.connection import STUDENT, post, send
from bench.figures import percentile


async def main(port: int, path: str, seconds: float, connections: int) -> None:
    """Run the loops and print the outcome."""
    request = post(path, STUDENT)
    began = time.perf_counter()

    def requests() -> Iterator[bytes]:
        while time.perf_counter() < began + seconds:
            yield request

    outcome = await send(port, requests(), connections)
    document = {
        "requests": len(outcome.seconds),
        "seconds": time.perf_counter() - began,
        "failed": outcome.failed,
        "p50_ms": percentile(outcome.seconds, 0.5) * 1000,
        "p99_ms": percentile(outcome.seconds, 0.99) * 1000,
    }
    print(json.dumps(document))


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), sys.argv[2], float(sys.argv[3]), int(sys.argv[4])))
