"""Our recognition rules read every record as the library of Knative's data plane does."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest

from eventing.dapr_publish import DaprPubSub
from eventing.envelope import Envelope, structured_json
from eventing.publish import Message
from learnflow.local import pubsub
from learnflow.local.cloudevent import CloudEvent
from learnflow.local.kafka_writer import KafkaWriter
from learnflow.local.records import NewRecord
from tests.peers.awkward import CASES, ONLY_HERE, ONLY_THERE, TRACE
from tests.peers.broker import Broker, Sidecar
from tests.peers.conftest import need
from tests.peers.java_sdk import Reading, compiled, java_readings, our_reading
from tools.peers import CLOUDEVENTS

pytestmark = pytest.mark.parametrize("broker", ["4.1.1"], indirect=True)
AWKWARD, CARRIED = "awkward.records", "carried.by.daprd"
Pair = tuple[Reading, Reading]


@pytest.fixture(scope="module")
def classes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Java program, compiled once."""
    need(CLOUDEVENTS)
    return compiled(tmp_path_factory.mktemp("classes"))


@pytest.fixture(scope="module")
def awkward(broker: Broker, classes: Path) -> dict[str, Pair]:
    """Every awkward record, written by our writer, as the library and we read it."""
    asyncio.run(write_awkward(broker))
    theirs = java_readings(classes, broker, AWKWARD)
    records = broker.records(AWKWARD)
    assert len(theirs) == len(records) == len(CASES)
    return {
        name: (theirs[record.partition, record.offset], our_reading(record))
        for name, record in zip(CASES, records, strict=True)
    }


async def write_awkward(broker: Broker) -> None:
    """In the order of the table, into one partition."""
    await broker.make(AWKWARD, partitions=1)
    writer = KafkaWriter(broker.address)
    try:
        for headers, value in CASES.values():
            await writer.write([(NewRecord(AWKWARD, "k", headers, value), 0)])
    finally:
        await writer.close()


@pytest.mark.parametrize("name", sorted(CASES.keys() - ONLY_HERE - ONLY_THERE))
def test_an_awkward_record_is_the_same_event_or_none_to_both(
    awkward: dict[str, Pair], name: str
) -> None:
    theirs, ours = awkward[name]
    assert (ours.mode, ours.attributes, ours.data) == (theirs.mode, theirs.attributes, theirs.data)


@pytest.mark.parametrize("name", sorted(ONLY_HERE | ONLY_THERE))
def test_the_few_known_differences_are_still_there(awkward: dict[str, Pair], name: str) -> None:
    theirs, ours = awkward[name]
    assert (theirs.mode is not None, ours.mode is not None) == (
        name in ONLY_THERE,
        name in ONLY_HERE,
    )


def envelopes() -> list[Envelope]:
    """What the relay may come to say, and what it never says but daprd would carry."""
    plain = Envelope(
        id="plain",
        source="learnflow/students",
        type="org.learnflow.student.withdrawn.v1",
        subject="s-1",
        time="2026-11-22T14:10:27.120000Z",
        data=b'{"student_id": "s-1", "version": 1}',
        extensions={"partitionkey": "s-1"},
    )
    traced = {"partitionkey": "s-1", "traceparent": TRACE, "tracestate": "a=b"}
    return [
        plain,
        replace(plain, id="traced", extensions=traced),
        replace(plain, id="unicode", subject="Zoë 学生 😀"),
        replace(plain, id="text", data=json.dumps({"名": "é"}).encode()),
    ]


async def test_what_daprd_writes_of_the_relay_s_is_read_alike_field_by_field(
    broker: Broker, sidecar: Sidecar, classes: Path
) -> None:
    await broker.make(CARRIED)
    sent = [Message(CARRIED, one.subject or "", structured_json(one)) for one in envelopes()]
    async with DaprPubSub(sidecar.port) as bus:
        assert await bus.publish(sent) == [None] * len(sent)
    theirs = java_readings(classes, broker, CARRIED)
    records = broker.records(CARRIED)
    ours = {(record.partition, record.offset): our_reading(record) for record in records}
    assert ours == theirs
    assert {reading.mode for reading in theirs.values()} == {"structured"}
    by_id = {reading.attributes["id"]: reading for reading in theirs.values()}
    for one in envelopes():
        read = by_id[one.id]
        assert (read.attributes["subject"], read.data) == (
            one.subject,
            ("json", json.loads(one.data)),
        )
        for name, value in one.extensions.items():
            assert read.attributes[name] == value


@pytest.mark.parametrize("mode", ["structured", "binary"])
async def test_what_our_own_writer_writes_is_read_alike_in_either_mode(
    broker: Broker, classes: Path, mode: str
) -> None:
    topic = f"written.{mode}"
    await broker.make(topic, partitions=1)
    written = [pubsub.record(topic, "s", json.loads(structured_json(one))) for one in envelopes()]
    events = [CloudEvent(_attributes(one), "application/json", one.data) for one in envelopes()]
    writer = KafkaWriter(broker.address)
    try:
        for record, event in zip(written, events, strict=True):
            headers, value = event.kafka(mode)
            letter = NewRecord(topic, "s", {**headers, "learnflow-source": "x"}, value)
            await writer.write([(record, 0), (letter, 0)])
    finally:
        await writer.close()
    theirs = java_readings(classes, broker, topic)
    ours = {(one.partition, one.offset): our_reading(one) for one in broker.records(topic)}
    assert ours == theirs
    assert [theirs[0, 2 * n + 1].mode for n in range(len(events))] == [mode] * len(events)
    assert [theirs[0, 2 * n].attributes["id"] for n in range(len(events))] == [
        one.id for one in envelopes()
    ]


def _attributes(one: Envelope) -> dict[str, str]:
    core = {"specversion": "1.0", "id": one.id, "source": one.source, "type": one.type}
    return core | {"subject": one.subject or "", "time": one.time or ""} | dict(one.extensions)
