"""Where facts travel: through the runner's own event log, or a real Kafka, perhaps by daprd."""

import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from learnflow.local.databases import EVENTLOG
from learnflow.local.eventlog import EventLog
from learnflow.local.postgres import EmbeddedPostgres
from learnflow.local.progress import StartError
from learnflow.local.records import LogUnavailable
from learnflow.manifests import Topic


@dataclass(frozen=True, slots=True)
class Bus:
    """`kafka` is HOST:PORT, several with commas; `daprd` the program through which facts go."""

    kafka: str | None = None
    daprd: Path | None = None


async def open_log(
    bus: Bus, postgres: EmbeddedPostgres, topics: Mapping[str, Topic], state: Path
) -> EventLog:
    """The event log over this bus, opened, for the runner whose data is in `state`.

    Raises StartError, or LogUnavailable without a Kafka.
    """
    if bus.kafka is None:
        log = EventLog(postgres.dsn(EVENTLOG), topics)
        await log.open()
        return log
    try:
        from learnflow.local.kafka_lease import GONE_SECONDS, Taken
        from learnflow.local.kafka_log import INDEX, KafkaLog
    except ModuleNotFoundError as missing:
        raise StartError(
            f"A real Kafka needs the package confluent-kafka ({missing.name} is not installed): "
            "uv sync --group peers."
        ) from None
    await postgres.ensure([INDEX], [])
    owner = f"learnflow@{socket.gethostname()}:{state}"
    kafka = KafkaLog(postgres.dsn(INDEX), topics, bus.kafka, owner)
    try:
        await kafka.open()
    except Taken as whose:
        await kafka.close()
        raise StartError(
            f"Another LearnFlow works over the Kafka at {bus.kafka}: {whose}.",
            "end it there, or give this one a Kafka of its own; "
            f"one that was killed is forgotten after {GONE_SECONDS} s",
        ) from None
    except LogUnavailable as why:
        await kafka.close()
        raise StartError(f"There is no Kafka to use at {bus.kafka}: {why}.") from None
    return kafka
