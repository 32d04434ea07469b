"""The embedded mode over a real Kafka: the main job, dead letters, an outage, a wiped topic."""

import asyncio
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from db.relay import republish
from tests.eventually import eventually
from tests.peers.broker import Broker
from tests.peers.conftest import need
from tests.system.harness import Embedded, running
from tests.system.people import People
from tools.peers import place

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]
GROUP = "match-student-on-student-registered"
OUTAGE_SECONDS = 30
STATES = "SELECT student_id, state FROM students"
SAID = "SELECT event_id FROM outbox WHERE topic = $1"
AGO = timedelta(hours=1)


@pytest.fixture(scope="module")
def kafka(ground: Path) -> Iterator[Broker]:
    """One Kafka for the systems here, which come one after another and make its topics."""
    need("kafka-4.1.1")
    broker = Broker("4.1.1", ground / "embedded")
    try:
        asyncio.run(broker.start())
        yield broker
    finally:
        broker.close()


async def rows(system: Embedded, short: str, statement: str, *given: object) -> list[Any]:
    """What a database answers its superuser."""
    connection = await asyncpg.connect(system.dsn(short))
    try:
        return list(await connection.fetch(statement, *given))
    finally:
        await connection.close()


async def matched(system: Embedded, students: int, seconds: float = 60) -> None:
    """Wait until so many students have heard of their tutor."""

    async def look() -> bool:
        return [row["state"] for row in await rows(system, "students", STATES)] == (
            ["matched"] * students
        )

    try:
        await eventually(look, seconds, every=0.2)
    except AssertionError as error:
        raise AssertionError(f"{error}\n{system.log_end()}") from error


async def said(system: Embedded, short: str, topic: str) -> set[str]:
    """The ids of what was said there."""
    return {row["event_id"] for row in await rows(system, short, SAID, topic)}


async def settled(system: Embedded) -> None:
    """Wait until nobody has anything left to hear: matched is told before all is written down."""

    async def nothing_left() -> bool:
        _, ps = await system.control("GET", "/control/ps")
        return not any(one["lag"] for one in ps["sources"])

    await eventually(nothing_left, 30, 0.2)


def through(daprd: bool) -> dict[str, str]:
    """The option that lets facts go through daprd."""
    if daprd:
        need("daprd")
    return {"daprd": str(place("daprd"))} if daprd else {}


@pytest.mark.parametrize("daprd", [False, True], ids=["directly", "through-daprd"])
async def test_the_main_job_is_done_over_kafka_s_topics_and_groups(
    kafka: Broker, daprd: bool
) -> None:
    async with running(kafka=kafka.address, **through(daprd)) as system:
        async with People(system.url) as people:
            await people.tutor("Ada", capacity=3)
            for number in range(3):
                await people.student(f"s{number}")
        await matched(system, 3)
        for short, topic in (("students", "student.registered"), ("tutors", "tutor.matched")):
            facts = await said(system, short, topic)
            assert facts
            assert facts <= set(kafka.events(topic))

        ends = kafka.ends("student.registered")

        def come() -> bool:
            offsets = kafka.committed(GROUP, "student.registered")
            return {part: end for part, end in offsets.items() if end} == ends

        await eventually(come, 10, 0.2, "the group's offsets are not the topic's ends")


async def test_it_goes_on_where_its_groups_are_and_applies_nothing_twice(kafka: Broker) -> None:
    system = Embedded.prepare(kafka=kafka.address)
    try:
        await system.start()
        async with People(system.url) as people:
            await people.tutor("Ada", capacity=5)
            await people.student("one")
            await matched(system, 1)
            await system.stop()
            await system.start()
        async with People(system.url) as people:
            await people.student("two")
            await matched(system, 2)
        _, ps = await system.control("GET", "/control/ps")
        delivered = {one["source"]: one["delivered"] for one in ps["sources"]}
        assert delivered[GROUP] == 1
        await system.stop()
    finally:
        system.discard()


async def test_what_is_refused_lies_in_kafka_s_dead_letters_with_its_reason(kafka: Broker) -> None:
    async with running(kafka=kafka.address, backoff=0.01) as system:
        kafka.write("student.withdrawn", b'{"no": "event"}')
        (letter,) = await eventually(lambda: kafka.records("dead.letter"), 20, 0.2)
        value = json.loads(letter.value)
        assert value["type"] == "dev.knative.kafka.event"
        assert value["knativeerrorcode"] == "400"
        assert letter.headers["learnflow-source"] == "match-student-on-student-withdrawn"

        async def listed() -> list[Any]:
            _, shown = await system.control("GET", "/control/dead-letters")
            return [(one["source"], one["status"]) for one in shown["dead_letters"]]

        assert await eventually(listed) == [("match-student-on-student-withdrawn", 400)]


async def test_half_a_minute_without_kafka_refuses_and_loses_no_registration(
    kafka: Broker,
) -> None:
    async with running(kafka=kafka.address, **through(True)) as system:
        async with People(system.url) as people:
            await people.tutor("Ada", capacity=20)
            await people.student("before")
            await matched(system, 1)
            kafka.kill()
            began = time.monotonic()
            for number in range(15):
                intent = await people.student(f"s{number}")
                assert intent.statuses == [201], "refused while Kafka was away"
                await asyncio.sleep(OUTAGE_SECONDS / 15)
            assert time.monotonic() - began >= OUTAGE_SECONDS
            assert len(await rows(system, "students", STATES)) == 16
            await kafka.start()
        await matched(system, 16)
        assert await said(system, "students", "student.registered") <= set(
            kafka.events("student.registered")
        )


async def test_a_wiped_topic_is_filled_again_from_the_outbox_and_changes_nothing(
    kafka: Broker,
) -> None:
    async with running(kafka=kafka.address) as system:
        async with People(system.url) as people:
            await people.tutor("Ada", capacity=5)
            for number in range(3):
                await people.student(f"s{number}")
            await matched(system, 3)
            await settled(system)
            before = await rows(system, "matching", "SELECT * FROM requests ORDER BY student_id")
            await kafka.wipe("student.registered")
            relays = {
                short: system.dsn(short).replace("user=postgres", f"user={short}_relay")
                for short in ("students", "tutors", "matching")
            }
            since = datetime.now(UTC) - AGO
            assert (await republish(relays, ["student.registered"], since))["students"] == 3
            wanted = await said(system, "students", "student.registered")
            # at least once: an answer that came too late is asked for again
            await eventually(lambda: set(kafka.events("student.registered")) == wanted, 60)
            await people.student("after")
            await matched(system, 4)
        now = await rows(system, "matching", "SELECT * FROM requests ORDER BY student_id")
        kept = {row["student_id"]: row for row in now}
        assert [kept[row["student_id"]] for row in before] == before


async def test_a_wiped_topic_that_nobody_fills_again_brings_what_is_said_from_now_on(
    kafka: Broker,
) -> None:
    async with running(kafka=kafka.address) as system, People(system.url) as people:
        await people.tutor("Ada", capacity=9)
        for number in range(6):
            await people.student(f"s{number}")
        await matched(system, 6)
        await settled(system)
        await kafka.wipe("student.registered")
        noticed = "topic student.registered was made anew"
        await eventually(lambda: noticed in system.log_end(200), 60, 0.2)
        for number in range(3):
            await people.student(f"after-{number}")
        await matched(system, 9, 40)  # the relay would look for stuck stories after a minute
