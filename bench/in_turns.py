"""`python -m bench.in_turns FILE PORT…`: each request to every port, one after the other, in turns.

What slows the machine for a moment meets all ports alike: their medians can be compared. One JSON
line at the end: milliseconds, in the order of the ports.
"""

import json
import socket
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from bench.connection import length_of
from bench.deliver import END
from bench.figures import Invalid, percentile
from bench.load import pinned
from bench.processes import answer_of

_SECONDS: Final = 120.0
_READ: Final = 65536


async def in_turns(file: Path, ports: Sequence[int]) -> list[float]:
    """Each port's median in milliseconds. Raises RuntimeError unless every answer is 2xx."""
    command = (sys.executable, "-m", "bench.in_turns", str(file), *map(str, ports))
    medians: list[float] = await answer_of(*pinned(), *command, seconds=_SECONDS)
    return medians


def ask(connection: socket.socket, request: bytes) -> float:
    """Seconds from a request to its whole answer. Raises Invalid unless that is 2xx."""
    began = time.perf_counter()
    connection.sendall(request)
    answer = b""
    while True:
        read = connection.recv(_READ)
        answer += read
        head, end, body = answer.partition(b"\r\n\r\n")
        if not read or (end and len(body) >= length_of(head)):
            break
    seconds = time.perf_counter() - began
    if not answer.startswith(b"HTTP/1.1 2"):
        raise Invalid(f"answered {answer[:40].decode(errors='replace')}")
    return seconds


def main(file: str, *ports: str) -> None:
    """Ask in turns, forwards and backwards, and print the medians."""
    connections = [socket.create_connection(("127.0.0.1", int(port))) for port in ports]
    for connection in connections:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    times: list[list[float]] = [[] for _ in ports]
    for number, request in enumerate(Path(file).read_bytes().split(END)):
        places = range(len(ports)) if number % 2 else range(len(ports) - 1, -1, -1)
        for place in places:
            times[place].append(ask(connections[place], request))
    print(json.dumps([percentile(one, 0.5) * 1000 for one in times]))


if __name__ == "__main__":
    main(*sys.argv[1:])
