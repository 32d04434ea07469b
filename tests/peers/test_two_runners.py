"""Two runners want one Kafka: the second is refused by the first one's name, and gets its turn."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from learnflow.local.kafka_lease import GONE_SECONDS, KafkaLease, Taken
from tests.eventually import eventually
from tests.peers.broker import Broker
from tests.peers.conftest import need
from tests.peers.test_embedded import GROUP, matched, rows
from tests.system.harness import Embedded, running
from tests.system.people import People

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]
TOPIC = "student.registered"
KNOWN = "SELECT student_id FROM requests"


@pytest.fixture(scope="module", params=["4.1.1", "3.9.0"])
def kafka(request: pytest.FixtureRequest, ground: Path) -> Iterator[Broker]:
    """A Kafka that the runners here want."""
    need(f"kafka-{request.param}")
    broker = Broker(request.param, ground / f"two-{request.param}")
    try:
        asyncio.run(broker.start())
        yield broker
    finally:
        broker.close()


async def served(system: Embedded, name: str) -> None:
    """The main job for one student."""
    async with People(system.url) as people:
        await people.tutor("Ada", capacity=1)
        await people.student(name)
    await matched(system, 1)


async def test_the_second_is_refused_until_the_first_ends_and_neither_gets_the_other_s_facts(
    kafka: Broker,
) -> None:
    second = Embedded.prepare(kafka=kafka.address)
    try:
        async with running(kafka=kafka.address) as first:
            await served(first, "of-the-first")
            with pytest.raises(AssertionError, match="Another LearnFlow works over") as refusal:
                await second.start()
            await second.stop()
            assert str(first.state) in str(refusal.value), "whose data it is is not said"
            async with People(first.url) as people:
                await people.tutor("Bob", capacity=1)
                await people.student("still-served")
            await matched(first, 2)
            theirs = {row["student_id"] for row in await rows(first, "matching", KNOWN)}
        await second.start()
        await served(second, "of-the-second")
        (ours,) = [row["student_id"] for row in await rows(second, "matching", KNOWN)]
        assert len(theirs) == 2
        assert ours not in theirs
        assert await deliveries(second) == 1
        await second.stop()
    finally:
        second.discard()


async def deliveries(system: Embedded) -> Any:
    """How many events match_student heard in this life of the runner."""
    _, ps = await system.control("GET", "/control/ps")
    return {one["source"]: one["delivered"] for one in ps["sources"]}[GROUP]


async def test_a_killed_one_comes_back_at_once_and_another_after_a_while(kafka: Broker) -> None:
    first = Embedded.prepare(kafka=kafka.address)
    another = KafkaLease(kafka.address, "another")
    try:
        await first.start()
        await first.kill()
        await first.start()
        await first.kill()
        with pytest.raises(Taken, match=str(first.state)):
            await another.take(TOPIC)

        async def taken() -> bool:
            try:
                await another.take(TOPIC)
            except Taken:
                return False
            return True

        assert await eventually(taken, GONE_SECONDS * 3, 0.5)
    finally:
        await another.release()
        first.discard()


async def test_of_two_at_the_same_moment_one_at_most_has_it(kafka: Broker) -> None:
    await kafka.make("wanted.by.both", partitions=1)
    for _ in range(3):
        both = [KafkaLease(kafka.address, f"runner-{name}") for name in "ab"]
        try:
            ended = await asyncio.gather(
                *(one.take("wanted.by.both") for one in both), return_exceptions=True
            )
            assert [type(one) for one in ended].count(Taken) >= 1
            assert {type(one) for one in ended} <= {Taken, type(None)}
        finally:
            await asyncio.gather(*(one.release() for one in both))
        alone = KafkaLease(kafka.address, "runner-c")
        await alone.take("wanted.by.both")
        await alone.release()
