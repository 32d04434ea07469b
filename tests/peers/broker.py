"""A real Kafka broker of one node, and a real daprd, as processes that end with the test run."""

import asyncio
import base64
import os
import shutil
import signal
import subprocess
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import aiohttp
import yaml
from confluent_kafka import (
    Consumer,
    KafkaException,
    Producer,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from learnflow.local.processes import die_with_parent
from learnflow.local.records import Record
from tests.eventually import eventually
from tests.ports import free_port
from tools.peers import place

PROPERTIES: Final = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
log.dirs={data}
num.partitions=3
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=3
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
"""
JAVA: Final = ("java", "-Xms128m", "-Xmx384m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")
QUIET: Final = "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"


def spawn(command: Sequence[str], log: Path) -> subprocess.Popen[bytes]:
    """Start a program that is killed when this thread ends, its output in `log`."""
    parent = os.getpid()
    with log.open("ab") as output:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            preexec_fn=lambda: die_with_parent(signal.SIGKILL, parent),
        )


class Broker:
    """One broker; what it holds outlives a kill, not `close`."""

    def __init__(self, version: str, folder: Path) -> None:
        self.version, self.folder = version, folder
        self.port = free_port()
        self.address = f"127.0.0.1:{self.port}"
        self._jars = place(f"kafka-{version}")
        self._process: subprocess.Popen[bytes] | None = None
        self._properties = folder / "kafka.properties"
        folder.mkdir(parents=True)
        self._properties.write_text(
            PROPERTIES.format(port=self.port, controller=free_port(), data=folder / "data")
        )
        cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        name = f"--cluster-id={cluster}"  # it may begin with a hyphen
        format_it = ("kafka.tools.StorageTool", "format", name, "-c")
        done = subprocess.run(self._java(*format_it), capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-2000:]

    def _java(self, main: str, *given: str) -> list[str]:
        return [*JAVA, QUIET, "-cp", f"{self._jars}/*", main, *given, str(self._properties)]

    async def start(self) -> None:
        """Start it; returns when it answers."""
        self._process = spawn(self._java("kafka.Kafka"), self.folder / "kafka.log")
        await eventually(self._answers, 60, 0.2, "Kafka does not start")

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, (self.folder / "kafka.log").read_text()[-2000:]
        try:
            return bool(self.admin().list_topics(timeout=1).brokers)
        except KafkaException:
            return False

    def kill(self) -> None:
        """SIGKILL, as a lost machine."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def close(self) -> None:
        """End it, and forget what it held."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def admin(self) -> AdminClient:
        """A client for topics and groups."""
        return AdminClient({"bootstrap.servers": self.address}, logger=_SILENT)

    async def make(self, *topics: str, partitions: int = 3) -> None:
        """Make topics; returns when they can be written."""
        admin = self.admin()
        made = admin.create_topics([NewTopic(name, partitions, 1) for name in topics])
        await asyncio.gather(*(asyncio.wrap_future(future) for future in made.values()))
        await eventually(lambda: self._lead(topics, partitions), 20, 0.1)

    def _lead(self, topics: Sequence[str], partitions: int) -> bool:
        """Whether every partition has a leader that says so itself."""
        asking = Consumer({"bootstrap.servers": self.address, "group.id": "none"}, logger=_SILENT)
        try:
            for topic in topics:
                for number in range(partitions):
                    asking.get_watermark_offsets(TopicPartition(topic, number), 5)
            return True
        except KafkaException:
            return False
        finally:
            asking.close()

    async def wipe(self, topic: str) -> None:
        """Delete a topic with all it holds, and make it anew, empty."""
        admin = self.admin()
        (gone,) = admin.delete_topics([topic]).values()
        await asyncio.wrap_future(gone)
        await eventually(lambda: topic not in admin.list_topics(timeout=2).topics)
        await self.make(topic)

    def write(self, topic: str, value: bytes) -> None:
        """Write what is no event, with no header."""
        producer = Producer({"bootstrap.servers": self.address}, logger=_SILENT)
        producer.produce(topic, value=value)
        assert producer.flush(10) == 0

    def records(self, topic: str) -> list[Record]:
        """Everything a topic holds now, as a plain Kafka consumer reads it, by partition."""
        settings = {"bootstrap.servers": self.address, "group.id": "reader-of-tests"}
        consumer = Consumer(
            {**settings, "enable.auto.commit": False, "fetch.wait.max.ms": 50}, logger=_SILENT
        )
        try:
            parts = consumer.list_topics(topic, timeout=10).topics[topic].partitions
            places = [TopicPartition(topic, number) for number in sorted(parts)]
            spans = [consumer.get_watermark_offsets(place, 10) for place in places]
            ends = {p.partition: high for p, (low, high) in zip(places, spans, strict=True)}
            starts = [low for low, _ in spans]
            left = sum(ends.values()) - sum(starts)
            consumer.assign(
                [
                    TopicPartition(topic, place.partition, low)
                    for place, low in zip(places, starts, strict=True)
                ]
            )
            found: list[Record] = []
            while left > 0:
                for message in consumer.consume(min(500, left), timeout=10):
                    assert message.error() is None, message.error()
                    found.append(record_of(message))
                    left -= 1
            found.sort(key=lambda record: (record.partition, record.offset))
            return found
        finally:
            consumer.close()

    def committed(self, group: str, topic: str) -> dict[int, int]:
        """A consumer group's next offset of each partition that it has one of."""
        asking = Consumer({"bootstrap.servers": self.address, "group.id": group}, logger=_SILENT)
        try:
            parts = asking.list_topics(topic, timeout=10).topics[topic].partitions
            found = asking.committed([TopicPartition(topic, number) for number in parts], 10)
            return {one.partition: one.offset for one in found if one.offset >= 0}
        finally:
            asking.close()

    def ends(self, topic: str) -> dict[int, int]:
        """The next free offset of each partition."""
        found = self.records(topic)
        return {p: 1 + max(r.offset for r in found if r.partition == p) for p in _parts(found)}

    def events(self, topic: str) -> list[str]:
        """The ids of the structured CloudEvents in a topic."""
        return [str(yaml.safe_load(record.value)["id"]) for record in self.records(topic)]


def _parts(records: Sequence[Record]) -> set[int]:
    return {record.partition for record in records}


def record_of(message: Any) -> Record:
    """A message of the Kafka client as a record."""
    return Record(
        topic=message.topic(),
        key=message.key().decode() if message.key() is not None else None,
        headers={name: value.decode() for name, value in message.headers() or ()},
        value=message.value(),
        timestamp=message.timestamp()[1],
        partition=message.partition(),
        offset=message.offset(),
    )


class Sidecar:
    """One daprd with the Kafka component, and what else is given as documents."""

    def __init__(
        self,
        broker: Broker,
        folder: Path,
        *documents: Mapping[str, Any],
        app_id: str = "relay",
        app_port: int | None = None,
    ) -> None:
        self.port, self._grpc, self._metrics = free_port(), free_port(), free_port()
        self._folder, self._app_id, self._app_port = folder, app_id, app_port
        self._internal = free_port()
        folder.mkdir(parents=True)
        metadata = {"brokers": broker.address, "authType": "none", "disableTls": "true"}
        metadata["initialOffset"] = "oldest"
        component = {
            **{"apiVersion": "dapr.io/v1alpha1", "kind": "Component"},
            "metadata": {"name": "kafka-pubsub"},
            "spec": {
                **{"type": "pubsub.kafka", "version": "v1"},
                "metadata": [{"name": name, "value": value} for name, value in metadata.items()],
            },
        }
        resources = folder / "resources"
        resources.mkdir()
        for number, document in enumerate((component, *documents)):  # of several it reads one
            (resources / f"{number}.yaml").write_text(yaml.safe_dump(document), "utf-8")
        self._process: subprocess.Popen[bytes] | None = None

    async def start(self) -> None:
        """Start it; returns when it can be asked (with an app: when that answers it)."""
        ports = {"http": self.port, "grpc": self._grpc, "internal-grpc": self._internal}
        given = [f"--dapr-{name}-port={port}" for name, port in ports.items()]
        if self._app_port is not None:
            given.append(f"--app-port={self._app_port}")
        command = [
            *(str(place("daprd")), "--app-id", self._app_id, "--log-level", "warn"),
            *("--resources-path", str(self._folder / "resources")),
            *("--placement-host-address", "", f"--metrics-port={self._metrics}"),
            *("--dapr-listen-addresses", "127.0.0.1", "--dapr-graceful-shutdown-seconds", "1"),
            *given,
        ]
        self._process = spawn(command, self._folder / "daprd.log")
        await eventually(self._answers, 30, 0.05, "daprd does not start")

    async def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self.log()
        path = "healthz" if self._app_port is not None else "healthz/outbound"
        try:
            async with (
                aiohttp.ClientSession() as session,
                session.get(f"http://127.0.0.1:{self.port}/v1.0/{path}") as answer,
            ):
                return answer.status < 300
        except aiohttp.ClientError:
            return False

    def log(self) -> str:
        """Its last words."""
        return (self._folder / "daprd.log").read_text(errors="replace")[-3000:]

    def close(self) -> None:
        """End it."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(15)


class _Silent:
    """Takes the client's complaints about a broker that a test has killed."""

    def log(self, *_: object, **__: object) -> None:
        return


_SILENT: Final[Any] = _Silent()
