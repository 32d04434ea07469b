"""`cluster status`: functions and replicas, servers, Jobs that are stuck, lag, dead letters."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from learnflow.cluster.client import Cluster, Declined
from learnflow.cluster.readiness import condition, state_of

NAMESPACE: Final = "learnflow"
KAFKA: Final = "kafka"
DEAD_LETTERS: Final = "dead.letter"
EXPORTER: Final = "app.kubernetes.io/name=kafka-exporter"
EXPORTER_PORT: Final = 9404
STUCK: Final = timedelta(minutes=15)
Fields = Mapping[str, Any]
_LINE: Final = re.compile(r"^(\w+)\{([^}]*)\} ([-+.0-9eE]+)$", re.MULTILINE)
_OFFSETS: Final = {
    "kafka_topic_partition_current_offset": 1,
    "kafka_topic_partition_oldest_offset": -1,
}
_LABEL: Final = re.compile(r'(\w+)="([^"]*)"')


@dataclass(frozen=True, slots=True)
class Function:
    """A function as it is now; `replicas` are its ready pods, 0 at rest."""

    name: str
    ready: bool
    why: str
    replicas: int
    url: str


@dataclass(frozen=True, slots=True)
class Server:
    """A Deployment, StatefulSet, Kafka or CloudNativePG cluster."""

    kind: str
    name: str
    ready: bool
    why: str


@dataclass(frozen=True, slots=True)
class Source:
    """A source; `lag` is None where nothing here tells it."""

    name: str
    ready: bool
    why: str
    lag: int | None


@dataclass(frozen=True, slots=True)
class Status:
    """All of it; `unknown` says why lag and dead letters are None."""

    functions: tuple[Function, ...]
    servers: tuple[Server, ...]
    stuck_jobs: tuple[tuple[str, str], ...]
    sources: tuple[Source, ...]
    dead_letters: int | None
    unknown: str

    @property
    def fine(self) -> bool:
        """Whether all is ready and no Job is stuck."""
        parts: tuple[Function | Server | Source, ...]
        parts = (*self.functions, *self.servers, *self.sources)
        return bool(parts) and all(each.ready for each in parts) and not self.stuck_jobs

    def document(self) -> dict[str, Any]:
        """The JSON object of `learnflow cluster status --json`."""
        jobs = [{"name": name, "why": why} for name, why in self.stuck_jobs]
        return {**asdict(self), "stuck_jobs": jobs, "fine": self.fine}


async def status(cluster: Cluster, namespace: str = NAMESPACE) -> Status:
    """Look at the cluster; what is not there is left out."""
    text, unknown = await metrics(cluster)
    lags, letters = lag_of(text) if text else ({}, None)
    pods = await cluster.all("v1", "Pod", namespace, labelSelector="serving.knative.dev/service")
    services = await cluster.all("serving.knative.dev/v1", "Service", namespace)
    sources = await cluster.all("sources.knative.dev/v1", "KafkaSource", namespace)
    jobs = await cluster.all("batch/v1", "Job", namespace)
    now = datetime.now().astimezone()
    return Status(
        functions=tuple(_function(each, pods) for each in services),
        servers=tuple(map(_server, await _servers(cluster, namespace))),
        stuck_jobs=tuple(stuck(jobs, now)),
        sources=tuple(_source(each, lags if text else None) for each in sources),
        dead_letters=letters,
        unknown=unknown,
    )


async def _servers(cluster: Cluster, namespace: str) -> list[Fields]:
    found: list[Fields] = []
    for kind in ("StatefulSet", "Deployment"):
        every = await cluster.all("apps/v1", kind, namespace)
        found += [each for each in every if not _of_a_function(each)]
    found += await cluster.all("postgresql.cnpg.io/v1", "Cluster", namespace)
    return [*found, *await cluster.all("kafka.strimzi.io/v1", "Kafka", KAFKA)]


def _of_a_function(fields: Fields) -> bool:
    return "serving.knative.dev/service" in (fields["metadata"].get("labels") or {})


def _function(fields: Fields, pods: Iterable[Fields]) -> Function:
    name = fields["metadata"]["name"]
    mine = [
        each
        for each in pods
        if each["metadata"]["labels"].get("serving.knative.dev/service") == name
    ]
    replicas = sum((condition(each, "Ready") or {}).get("status") == "True" for each in mine)
    state = state_of(fields)
    url = str((fields.get("status") or {}).get("url", ""))
    return Function(name, state.ready, state.why, replicas, url)


def _server(fields: Fields) -> Server:
    state = state_of(fields)
    return Server(fields["kind"], fields["metadata"]["name"], state.ready, state.why)


def _source(fields: Fields, lags: Mapping[str, int] | None) -> Source:
    state = state_of(fields)
    group = (fields.get("spec") or {}).get("consumerGroup", "")
    lag = None if lags is None else lags.get(group)
    return Source(fields["metadata"]["name"], state.ready, state.why, lag)


def stuck(jobs: Sequence[Fields], now: datetime) -> list[tuple[str, str]]:
    """Jobs that failed, or run for more than a quarter of an hour; why."""
    found = []
    for each in jobs:
        name, state = each["metadata"]["name"], state_of(each)
        began = (each.get("status") or {}).get("startTime")
        if state.is_ == "failed":
            found.append((name, state.why))
        elif not state.ready and began:
            age = now - datetime.fromisoformat(str(began).replace("Z", "+00:00"))
            if age > STUCK:
                found.append((name, f"{state.why}, for {age.total_seconds() / 60:.0f} minutes"))
    return found


async def metrics(cluster: Cluster) -> tuple[str | None, str]:
    """What Kafka's exporter answers, by the API server's proxy; else why there is nothing."""
    pods = await cluster.all("v1", "Pod", KAFKA, labelSelector=EXPORTER)
    if not pods:
        return None, "Kafka's exporter does not run"
    name = pods[0]["metadata"]["name"]
    path = f"/api/v1/namespaces/{KAFKA}/pods/{name}:{EXPORTER_PORT}/proxy/metrics"
    try:
        return await cluster.text(path), ""
    except Declined as declined:
        return None, f"Kafka's exporter does not answer: {declined.said}"


def lag_of(text: str) -> tuple[dict[str, int], int | None]:
    """Lag by consumer group, and how many dead letters there are, from the exporter's metrics."""
    lags: dict[str, int] = {}
    letters: int | None = None
    for name, labels, value in _LINE.findall(text):
        said, number = dict(_LABEL.findall(labels)), int(float(value))
        if name == "kafka_consumergroup_lag":
            group = said.get("consumergroup", "")
            lags[group] = lags.get(group, 0) + max(0, number)
        if said.get("topic") == DEAD_LETTERS and name in _OFFSETS:
            letters = (letters or 0) + _OFFSETS[name] * number
    return lags, letters
