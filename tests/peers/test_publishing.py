"""What the relay says through a real daprd is in a real Kafka as KafkaSource will read it."""

import json
from uuid import uuid4

import asyncpg
import pytest

from db.relay import OutboxRelay, RelaySettings
from db.unit_of_work import Database
from eventing.dapr_publish import DaprPubSub
from eventing.envelope import Envelope, structured_json
from eventing.events import StudentWithdrawn
from eventing.publish import Message, PubSubUnavailable
from learnflow.local import pubsub
from learnflow.local.recognition import recognise
from learnflow.local.records import Record, partition_of
from tests.peers.broker import Broker, Sidecar
from tests.ports import free_port
from tests.postgres import Databases

TOPIC = "student.withdrawn"
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def message(key: str, topic: str = TOPIC, trace: str | None = None, pad: int = 0) -> Message:
    """A message of its own about `key`."""
    event = Envelope(
        id=uuid4().hex,
        source="learnflow/students",
        type="org.learnflow.student.withdrawn.v1",
        subject=key,
        time="2026-11-22T14:10:27Z",
        data=json.dumps({"student_id": key, "version": 1, "pad": "x" * pad}).encode(),
        extensions={"partitionkey": key} | ({"traceparent": trace} if trace else {}),
    )
    return Message(topic, key, structured_json(event))


def with_id(broker: Broker, sent: Message) -> Record:
    """The one record that carries the event."""
    wanted = json.loads(sent.envelope)["id"]
    (found,) = [r for r in broker.records(sent.topic) if json.loads(r.value)["id"] == wanted]
    return found


async def test_a_record_is_what_the_embedded_mode_says_that_daprd_writes(
    broker: Broker, sidecar: Sidecar
) -> None:
    sent = message("s-é-1", trace=TRACE)
    async with DaprPubSub(sidecar.port) as bus:
        assert await bus.publish([sent]) == [None]
    written = with_id(broker, sent)
    ours = pubsub.record(sent.topic, sent.key, json.loads(sent.envelope))
    assert (written.key, dict(written.headers)) == (ours.key, dict(ours.headers))
    assert json.loads(written.value) == json.loads(ours.value)


async def test_kafka_source_s_rules_recognise_it_with_all_that_was_said(
    broker: Broker, sidecar: Sidecar
) -> None:
    sent = message("s2", trace=TRACE)
    async with DaprPubSub(sidecar.port) as bus:
        await bus.publish([sent])
    seen = recognise(with_id(broker, sent), "match-student-on-student-withdrawn", "learnflow")
    said = json.loads(sent.envelope)
    assert (seen.mode, seen.reason) == ("structured", None)
    for name in ("id", "source", "type", "subject", "time", "partitionkey", "traceparent"):
        assert seen.event.attributes[name] == said[name]
    assert json.loads(seen.event.data or b"") == said["data"]


async def test_each_entry_of_a_bulk_keeps_its_own_key_and_partition(
    broker: Broker, sidecar: Sidecar
) -> None:
    sent = [message(key) for key in ("one-key", "another", "third", "fourth")]
    async with DaprPubSub(sidecar.port) as bus:
        assert await bus.publish(sent) == [None] * 4
    found = [with_id(broker, one) for one in sent]
    assert [record.key for record in found] == ["one-key", "another", "third", "fourth"]
    assert [record.headers["partitionKey"] for record in found] == [r.key for r in found]
    places = [record.partition for record in found]
    assert places == [partition_of(one.key, 3) for one in sent]
    assert len(set(places)) > 1


async def test_an_event_without_a_trace_is_not_given_one(broker: Broker, sidecar: Sidecar) -> None:
    sent = message("s4")
    async with DaprPubSub(sidecar.port) as bus:
        await bus.publish([sent])
    value = json.loads(with_id(broker, sent).value)
    assert (value["traceid"], value["traceparent"], value["tracestate"]) == ("", "", "")


async def test_an_unknown_topic_is_refused_by_name_and_the_others_arrive(
    broker: Broker, sidecar: Sidecar
) -> None:
    good, bad = message("s5"), message("s5", "no.such.topic")
    async with DaprPubSub(sidecar.port) as bus:
        answers = await bus.publish([good, bad])
    assert answers[0] is None
    assert "does not exist" in (answers[1] or "")
    assert with_id(broker, good)


async def test_what_kafka_calls_too_large_is_refused_and_its_neighbour_arrives(
    broker: Broker, sidecar: Sidecar
) -> None:
    large, small = message("s6", pad=1_200_000), message("s6")
    async with DaprPubSub(sidecar.port) as bus:
        answers = await bus.publish([large, small])
    assert answers[0]
    assert answers[1] is None
    assert with_id(broker, small)


async def test_a_batch_beyond_daprd_s_largest_body_is_sent_in_parts(
    broker: Broker, sidecar: Sidecar
) -> None:
    sent = [message(f"s{number}", pad=700_000) for number in range(8)]
    async with DaprPubSub(sidecar.port) as bus:
        assert await bus.publish(sent) == [None] * 8
    assert all(with_id(broker, one) for one in sent[:1] + sent[-1:])


async def test_nothing_to_publish_asks_nobody() -> None:
    async with DaprPubSub(free_port()) as bus:
        assert await bus.publish([]) == []


async def test_an_absent_daprd_is_unavailable() -> None:
    async with DaprPubSub(free_port()) as bus:
        assert not await bus.ready()
        with pytest.raises(PubSubUnavailable, match="daprd is away"):
            await bus.publish([message("s7")])


async def test_the_relay_marks_published_what_lies_in_kafka(
    broker: Broker, sidecar: Sidecar, databases: Databases, students: Database
) -> None:
    async with students.unit(TRACE) as work:
        for number in range(50):
            work.say(StudentWithdrawn(student_id=f"r-{number}", version=1))
        await work.commit()
    async with students.unit() as work:
        said = {row[0] for row in await work.read("SELECT event_id FROM outbox")}
    connection = await asyncpg.connect(databases.dsn("students", "relay"))
    async with DaprPubSub(sidecar.port) as bus:
        relay = OutboxRelay("students", "", bus, RelaySettings())
        assert await relay.relay_once(connection) == 50
    await connection.close()
    assert said <= set(broker.events(TOPIC))
    async with students.unit() as work:
        rows = await work.read("SELECT count(*) FROM outbox WHERE published_at IS NULL")
    assert rows[0][0] == 0
