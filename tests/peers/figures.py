"""Figures of the relay through a real daprd: `python -m tests.peers.figures`, beside daprd alone.

Prints one JSON object; `commit to Kafka` ends when a consumer has the record.
"""

import asyncio
import json
import shutil
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any, Final

import asyncpg
from confluent_kafka import Consumer, TopicPartition

from db import relay
from db.relay import OutboxRelay, RelaySettings
from db.unit_of_work import Database
from eventing.dapr_publish import DaprPubSub
from eventing.events import StudentWithdrawn
from tests import postgres
from tests.peers.broker import Broker, Sidecar
from tests.peers.test_publishing import TOPIC, message

PACED: Final = 300
RATE: Final = 50.0
BULK: Final = 10_000
BATCH: Final = 200


class Arrivals:
    """When each event's record reached a consumer, by the event's id."""

    def __init__(self, broker: Broker) -> None:
        self.at: dict[str, float] = {}
        self._stop = threading.Event()
        self._consumer = Consumer({"bootstrap.servers": broker.address, "group.id": "figures"})
        self._consumer.assign([TopicPartition(TOPIC, number, 0) for number in range(3)])
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        while not self._stop.is_set():
            found = self._consumer.poll(0.05)
            if found is not None and found.error() is None:
                now = time.perf_counter()
                self.at[json.loads(found.value() or b"{}")["id"]] = now
        self._consumer.close()

    def close(self) -> None:
        """Stop reading."""
        self._stop.set()
        self._thread.join()


def quantiles(seconds: list[float]) -> dict[str, float]:
    """p50 and p99 in milliseconds."""
    ordered = sorted(seconds)
    pick = [ordered[int(len(ordered) * share)] for share in (0.5, 0.99)]
    return {"p50_ms": round(pick[0] * 1000, 2), "p99_ms": round(pick[1] * 1000, 2)}


async def alone(bus: DaprPubSub) -> dict[str, Any]:
    """daprd without relay and database: one event at a time, then batches."""
    singles = []
    for number in range(PACED):
        began = time.perf_counter()
        await bus.publish([message(f"a{number}")])
        singles.append(time.perf_counter() - began)
    batches = [[message(f"a{n}") for n in range(BATCH)] for _ in range(BULK // BATCH)]
    began = time.perf_counter()
    for batch in batches:
        await bus.publish(batch)
    rate = BULK / (time.perf_counter() - began)
    return {"one": quantiles(singles), "events_per_s": round(rate)}


async def paced(database: Database, dsn: str, bus: DaprPubSub, seen: Arrivals) -> dict[str, float]:
    """From commit to a Kafka consumer, at a steady rate."""
    stop = asyncio.Event()
    working = asyncio.create_task(relay.run({"students": dsn}, bus, stop, RelaySettings()))
    await asyncio.sleep(0.5)
    committed: dict[str, float] = {}
    for number in range(PACED):
        async with database.unit() as work:
            work.say(StudentWithdrawn(student_id=f"p-{number}", version=1))
            await work.commit()
        committed[f"p-{number}"] = time.perf_counter()
        await asyncio.sleep(1 / RATE)
    await asyncio.sleep(2)
    stop.set()
    await working
    async with database.unit() as work:
        rows = await work.read("SELECT key, event_id FROM outbox")
    spans = [seen.at[row[1]] - committed[row[0]] for row in rows]
    return quantiles(spans)


async def bulk(database: Database, dsn: str, bus: DaprPubSub) -> int:
    """Events a second that the relay takes, publishes and marks."""
    for start in range(0, BULK, 1000):
        async with database.unit() as work:
            for number in range(start, start + 1000):
                work.say(StudentWithdrawn(student_id=f"b-{number}", version=1))
            await work.commit()
    connection = await asyncpg.connect(dsn)
    one = OutboxRelay("students", dsn, bus, RelaySettings())
    began = time.perf_counter()
    done = 0
    while taken := await one.relay_once(connection):
        done += taken
    rate = done / (time.perf_counter() - began)
    await connection.close()
    return round(rate)


async def figures(dsns: postgres.Databases, folder: Path) -> dict[str, Any]:
    """Everything, on a broker and a daprd of its own."""
    broker = Broker("4.1.1", folder / "kafka")
    daprd = Sidecar(broker, folder / "daprd")
    database = Database("students", dsns.dsn("students"))
    seen = None
    try:
        await broker.start()
        await broker.make(TOPIC)
        await daprd.start()
        seen = Arrivals(broker)
        async with DaprPubSub(daprd.port) as bus:
            found: dict[str, Any] = {"daprd alone": await alone(bus)}
            relay_dsn = dsns.dsn("students", "relay")
            found["commit to Kafka"] = await paced(database, relay_dsn, bus, seen)
            found["relay_events_per_s"] = await bulk(database, relay_dsn, bus)
        return found
    finally:
        if seen is not None:
            seen.close()
        await database.close()
        daprd.close()
        broker.close()


def main() -> None:
    """Measure and print."""
    folder = Path(tempfile.mkdtemp(prefix="lfp-", dir="/tmp"))
    folder.chmod(0o711)
    try:
        with postgres.server(folder / "postgres") as templates:
            dsns = asyncio.run(postgres.fresh(templates))
            sys.stdout.write(json.dumps(asyncio.run(figures(dsns, folder)), indent=1) + "\n")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
