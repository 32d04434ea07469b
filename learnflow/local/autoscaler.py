"""How many instances a function should have: Knative's pod autoscaler (KPA), its arithmetic."""

import math
from collections import deque
from dataclasses import dataclass
from typing import Final

from learnflow.manifests import Function

TICK_SECONDS: Final = 2.0
PANIC_FRACTION: Final = 0.1
PANIC_THRESHOLD: Final = 2.0
MAX_SCALE_UP_RATE: Final = 1000.0
MAX_SCALE_DOWN_RATE: Final = 2.0
_DEFAULT_TARGET: Final = 100.0


class Gauge:
    """Concurrency over time: how many requests there are, and their average since last asked."""

    def __init__(self, now: float) -> None:
        self.value = 0
        self.idle_since = now
        self._area = 0.0
        self._asked = self._changed = now

    def change(self, by: int, now: float) -> None:
        """A request came (+1) or is gone (-1)."""
        self._area += self.value * (now - self._changed)
        self._changed = now
        self.value += by
        if by < 0 and self.value == 0:
            self.idle_since = now

    def idle_seconds(self, now: float) -> float:
        """For how long there has been no request."""
        return now - self.idle_since if self.value == 0 else 0.0

    def average(self, now: float) -> tuple[float, float]:
        """The span in seconds since the last call and the average in it; begins a new span."""
        self.change(0, now)
        span = now - self._asked
        average = self._area / span if span > 0 else float(self.value)
        self._area, self._asked = 0.0, now
        return span, average


@dataclass(frozen=True, slots=True)
class _Sample:
    at: float
    span: float
    average: float


class Autoscaler:
    """Decides by the average concurrency of a stable and of a panic window, as the KPA does."""

    def __init__(self, function: Function) -> None:
        self.scale = function.scale
        limit = function.concurrency
        target = self.scale.target or float(limit) or _DEFAULT_TARGET
        self.target = max(0.01, (min(target, limit) if limit else target) * self.scale.utilization)
        self._samples: deque[_Sample] = deque()
        self._panic_since: float | None = None
        self._panic_most = 0
        self._wanted: deque[tuple[float, int]] = deque()

    @property
    def panics(self) -> bool:
        """Whether the panic window decides at present."""
        return self._panic_since is not None

    def seconds_to_zero(self, idle_seconds: float) -> float | None:
        """When the last instance goes if nothing is asked until then; None where one stays."""
        if self.scale.min:
            return None
        delayed = self.scale.window + self.scale.scale_down_delay
        return max(0.0, max(self._idle_to_zero(), delayed) - idle_seconds)

    def forget(self) -> None:
        """Start over: a function woken from zero is measured from its first request on."""
        self._samples.clear()
        self._wanted.clear()
        self._panic_since, self._panic_most = None, 0

    def record(self, now: float, span: float, average: float) -> None:
        """Add the average concurrency of the `span` seconds that end now."""
        self._samples.append(_Sample(now, span, average))
        while self._samples and self._samples[0].at <= now - self.scale.window:
            self._samples.popleft()

    def desired(self, now: float, ready: int, idle_seconds: float) -> int:
        """The number of instances to have, given `ready` ones and how long nothing was asked."""
        stable = self._needed(now, self.scale.window)
        panic = self._needed(now, self.scale.window * PANIC_FRACTION)
        pods = max(1, ready)
        self._update_panic(now, panic / pods >= PANIC_THRESHOLD)
        bounded = self._rate_limited(stable, pods)
        if self.panics:
            self._panic_most = max(self._panic_most, bounded, self._rate_limited(panic, pods))
            bounded = self._panic_most
        bounded = self._delayed(now, bounded)
        if bounded == 0 and ready and idle_seconds < self._idle_to_zero():
            bounded = 1
        bounded = max(bounded, self.scale.min)
        return min(bounded, self.scale.max) if self.scale.max else bounded

    def _needed(self, now: float, window: float) -> int:
        samples = [sample for sample in self._samples if sample.at > now - window]
        span = sum(sample.span for sample in samples)
        if not samples:
            return 0
        if span == 0:
            return math.ceil(samples[-1].average / self.target)
        area = sum(sample.span * sample.average for sample in samples)
        return math.ceil(area / span / self.target)

    def _rate_limited(self, wanted: int, pods: int) -> int:
        least = math.floor(pods / MAX_SCALE_DOWN_RATE)
        return min(max(wanted, least), math.ceil(pods * MAX_SCALE_UP_RATE))

    def _update_panic(self, now: float, over: bool) -> None:
        if over:
            self._panic_since = now
        elif self._panic_since is not None and self._panic_since + self.scale.window < now:
            self._panic_since, self._panic_most = None, 0

    def _delayed(self, now: float, wanted: int) -> int:
        self._wanted.append((now, wanted))
        while self._wanted[0][0] < now - self.scale.scale_down_delay:
            self._wanted.popleft()
        return max(number for _, number in self._wanted)

    def _idle_to_zero(self) -> float:
        return self.scale.window + max(self.scale.zero_grace, self.scale.zero_retention)
