"""What can this machine do at all? Its disk's and its Postgres's limits, to read the rest by."""

import os
import time
from pathlib import Path

from bench.figures import Figure
from bench.place import PEER_TABLE, Place
from bench.processes import output_of
from learnflow.local.postgres_files import PORT, programs

_SECONDS = 1.0
_INSERT = (
    "INSERT INTO students (student_id, name, grade, subject)"
    " VALUES (gen_random_uuid()::text, 'Ada Lovelace', 7, 'mathematics');"
)


async def measure(place: Place, quick: bool) -> list[Figure]:
    """fdatasync per second, and commits per second of C clients."""
    await place.execute("CREATE DATABASE limits")
    await place.execute(PEER_TABLE, "limits")
    seconds = 1 if quick else 2
    note = "to read the rates by"
    return [
        Figure("machine", "fdatasync", _flushes(place.folder / "flush"), "1/s", None, "8 kB"),
        Figure(
            "machine", "pgbench insert, 1", await _commits(place, 1, seconds), "1/s", None, note
        ),
        Figure(
            "machine", "pgbench insert, 16", await _commits(place, 16, seconds), "1/s", None, note
        ),
    ]


def _flushes(file: Path) -> float:
    block = b"x" * 8192
    descriptor = os.open(file, os.O_CREAT | os.O_WRONLY)
    try:
        count, began = 0, time.perf_counter()
        while (taken := time.perf_counter() - began) < _SECONDS:
            os.pwrite(descriptor, block, 0)
            os.fdatasync(descriptor)
            count += 1
        return count / taken
    finally:
        os.close(descriptor)


async def _commits(place: Place, clients: int, seconds: int) -> float:
    script = place.folder / "insert.sql"
    script.write_text(_INSERT)
    host = place.folder / "s" / "pg"
    printed = await output_of(
        *(str(programs() / "bin" / "pgbench"), "-n", "-M", "prepared", "-f", str(script)),
        *("-c", str(clients), "-T", str(seconds)),
        *("-h", str(host), "-p", str(PORT), "-U", "postgres", "limits"),
        seconds=seconds + 10,
    )
    line = next(line for line in printed.splitlines() if line.startswith("tps = "))
    return float(line.split()[2])
