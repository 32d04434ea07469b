"""How much memory the processes of a system hold, and whether it grows."""

from contextlib import suppress
from typing import Final

import psutil

from tests.system.harness import Embedded

MOST_GROWTH: Final = 0.10
Memory = dict[tuple[int, str], int]
"""Resident bytes by process id and name."""


def memory(system: Embedded) -> Memory:
    """Of the runner (gateway, bus), the relay and every instance of a function."""
    assert system.process is not None
    runner = psutil.Process(system.process.pid)
    found: Memory = {(runner.pid, "runner"): runner.memory_info().rss}
    for process in [*system.named("relay"), *system.instances()]:
        with suppress(psutil.NoSuchProcess):
            found[process.pid, process.name()] = process.memory_info().rss
    return found


def grown(before: Memory, after: Memory) -> list[str]:
    """Processes that hold more than a tenth more than they did."""
    return [
        f"{name} ({pid}): {before[pid, name]:,} to {now:,} bytes"
        for (pid, name), now in after.items()
        if (pid, name) in before and now > before[pid, name] * (1 + MOST_GROWTH)
    ]
