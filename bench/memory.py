"""What is held while nobody asks: proportional set sizes, by process."""

from contextlib import suppress
from pathlib import Path

import psutil

from bench.figures import Bound, Figure
from bench.system import System

GROUP = "idle"
_OURS = ("runner", "relay", "fork-core", "fork-match")


async def measure(system: System, quick: bool) -> list[Figure]:  # noqa: ARG001
    """PSS with every function at zero, each process and the sum that has a target."""
    if not Path("/proc/self/smaps_rollup").exists():
        return []
    await system.to_zero()
    found = {kind: sum(map(_pss, held)) for kind, held in system.processes().items()}
    ours = sum(found.get(kind, 0.0) for kind in _OURS)
    return [
        *(
            Figure(GROUP, kind, megabytes, "MB PSS", None, "")
            for kind, megabytes in sorted(found.items())
        ),
        Figure(GROUP, "runner, relay, fork servers", ours, "MB PSS", Bound(200), "at zero"),
    ]


def _pss(process: psutil.Process) -> float:
    with suppress(OSError):
        for line in Path(f"/proc/{process.pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024 / 1e6
    return 0.0
