"""What the manifests say, as plain values: functions, sources, sinks and topics.

Times are seconds, paths of files are relative to the root that was read.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

BackoffPolicy = Literal["exponential", "linear"]
Ordering = Literal["ordered", "unordered"]
InitialOffset = Literal["earliest", "latest"]
ContentMode = Literal["binary", "structured"]
Image = Literal["core", "match"]


class ManifestError(Exception):
    """A manifest that cannot be understood: which file and field, what is wrong, what to do."""

    def __init__(self, file: Path, field: str, what: str, fix: str) -> None:
        super().__init__(f"{file}: {field}: {what}. {fix}")
        self.file = file
        self.field = field
        self.what = what
        self.fix = fix


@dataclass(frozen=True, slots=True)
class Route:
    """One REST path of a function; `{name}` stands for one path segment."""

    method: str
    path: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """How often and how long a source tries before an event goes to the dead letters."""

    retry: int
    backoff_policy: BackoffPolicy
    backoff_delay: float
    timeout: float
    dead_letter: str | None

    def wait_before(self, retry: int) -> float:
        """Seconds to wait before the n-th retry, counted from 1."""
        factor = 2.0**retry if self.backoff_policy == "exponential" else float(retry)
        return self.backoff_delay * factor


@dataclass(frozen=True, slots=True)
class Scale:
    """Knative's autoscaling bounds; `max` 0 and `burst_capacity` -1 mean without limit.

    `target` None means containerConcurrency, or 100 where that is 0.
    """

    min: int = 0
    max: int = 0
    initial: int = 1
    target: float | None = None
    utilization: float = 0.7
    window: float = 60.0
    burst_capacity: float = 211.0
    scale_down_delay: float = 0.0
    zero_retention: float = 0.0
    zero_grace: float = 30.0


@dataclass(frozen=True, slots=True)
class Function:
    """A Knative Service: how one function is reached, bounded and scaled.

    `env` holds the plain values; `secret_env` maps the name of each variable that a Secret
    fills on the cluster to "secret/key", so that whoever starts the function can fill it.
    """

    name: str
    target: str
    image: Image
    routes: tuple[Route, ...]
    cluster_local: bool
    concurrency: int
    timeout: float
    response_start_timeout: float | None
    scale: Scale
    service: str
    env: Mapping[str, str]
    file: Path
    secret_env: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Source:
    """A KafkaSource: which topics wake which function, and how they are delivered."""

    name: str
    topics: tuple[str, ...]
    group: str
    sink: str
    consumers: int
    ordering: Ordering
    initial_offset: InitialOffset
    delivery: Delivery
    file: Path


@dataclass(frozen=True, slots=True)
class Sink:
    """A KafkaSink: events sent to it become records of its topic."""

    name: str
    topic: str
    content_mode: ContentMode
    file: Path


@dataclass(frozen=True, slots=True)
class Topic:
    """A KafkaTopic; retention is infinite where Kafka's `retention.ms` is -1."""

    name: str
    partitions: int
    retention_seconds: float
    file: Path


@dataclass(frozen=True, slots=True)
class System:
    """Everything the manifests declare, by name, and what of it runs otherwise here."""

    functions: Mapping[str, Function]
    sources: Mapping[str, Source]
    sinks: Mapping[str, Sink]
    topics: Mapping[str, Topic]
    warnings: tuple[str, ...] = ()

    @property
    def letter_topics(self) -> frozenset[str]:
        """Where dead letters lie."""
        return frozenset(sink.topic for sink in self.sinks.values())
