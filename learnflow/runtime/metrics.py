"""What does an instance count? Counters in memory, told at /metrics in Prometheus's format.

Counting is a dictionary and nothing more; prometheus_client, some 80 ms of imports, is loaded when
somebody asks first, in a thread.
"""

import asyncio
from collections import Counter as Tally
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from learnflow.runtime.exchange import Reply
from learnflow.runtime.replies import length_of

if TYPE_CHECKING:
    from prometheus_client.core import Metric

PATH: Final = "/metrics"
_counters: Final[dict[str, "Counter"]] = {}
_registered: Final[list[object]] = []


class Counter:
    """How often something happened in this process, by the values of one label."""

    def __init__(self, name: str, told: str, label: str) -> None:
        """`name` without the `_total` that Prometheus is told; one of its name in a process."""
        self.name, self.told, self.label = name, told, label
        self._tally: Tally[str] = Tally()
        _counters[name] = self

    def add(self, value: str) -> None:
        """Count one."""
        self._tally[value] += 1

    def of(self, value: str) -> int:
        """How many so far."""
        return self._tally[value]

    def counted(self) -> dict[str, int]:
        """All of it."""
        return dict(self._tally)


class _Ours:
    """The counters as Prometheus's registry collects them."""

    def collect(self) -> Iterator["Metric"]:
        from prometheus_client.core import CounterMetricFamily

        for counter in list(_counters.values()):
            family = CounterMetricFamily(counter.name, counter.told, labels=[counter.label])
            for value, count in counter.counted().items():
                family.add_metric([value], count)
            yield family


async def metrics() -> Reply:
    """The process's registry: what was counted, memory, processor time."""
    body, kind = await asyncio.to_thread(_exposition)
    return Reply(200, ((b"content-type", kind.encode()), length_of(body)), body)


def _exposition() -> tuple[bytes, str]:
    from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, generate_latest

    if not _registered:
        ours = _Ours()
        _registered.append(ours)
        REGISTRY.register(ours)
    return generate_latest(REGISTRY), CONTENT_TYPE_LATEST
