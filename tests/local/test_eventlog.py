"""The event log: durable, ordered per partition, shared commits, groups, retention."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import asyncpg
import pytest

from learnflow.local import pubsub
from learnflow.local.eventlog import EventLog
from learnflow.local.records import LogUnavailable, NewRecord, Record, now_ms
from tests.eventually import eventually
from tests.local.fakes import message, system


@pytest.fixture
async def log(log_dsn: str) -> AsyncIterator[EventLog]:
    opened = EventLog(log_dsn, system(partitions=3).topics)
    await opened.open()
    yield opened
    await opened.close()


def new(key: str = "k", value: bytes = b"{}", topic: str = "said") -> NewRecord:
    return NewRecord(topic, key, {"h": "v"}, value, event_id=f"id-{key}", type="said.v1")


async def test_what_was_published_is_there_after_a_restart(log: EventLog, log_dsn: str) -> None:
    (written,) = await log.append([new(value=b"\x00\xff")])
    again = EventLog(log_dsn, log.topics)
    await again.open()
    (read,) = await again.page("said", written.partition, 0, 10)
    await again.close()
    assert read == written
    assert again.end("said", written.partition) == 1


async def test_offsets_have_no_gaps_when_many_publish_at_once(log: EventLog) -> None:
    placed = await asyncio.gather(*(log.append([new(f"k{n}"), new("same")]) for n in range(40)))
    records = [record for records in placed for record in records]
    for partition in range(3):
        offsets = sorted(r.offset for r in records if r.partition == partition)
        assert offsets == list(range(len(offsets)))
    same = [record for record in records if record.key == "same"]
    assert len({record.partition for record in same}) == 1


async def test_publishes_that_meet_share_a_commit(log: EventLog, log_dsn: str) -> None:
    async def commits() -> int:
        count: int = await connection.fetchval("SELECT count(DISTINCT xmin::text) FROM records")
        return count

    connection = await asyncpg.connect(log_dsn)
    await asyncio.gather(*(log.append([new(f"k{n}")]) for n in range(50)))
    assert await commits() <= 3
    await connection.close()


async def test_listeners_hear_records_in_offset_order_after_the_commit(log: EventLog) -> None:
    heard: list[Record] = []
    for partition in range(3):
        log.listen("said", partition, heard.append)
    await asyncio.gather(*(log.append([new(f"k{n}")]) for n in range(30)))
    assert len(heard) == 30
    for partition in range(3):
        offsets = [record.offset for record in heard if record.partition == partition]
        assert offsets == sorted(offsets)


async def test_an_unknown_topic_is_refused_and_the_others_go_on(log: EventLog) -> None:
    results = await pubsub.publish(
        log, [message("a"), {**message("b"), "topic": "nowhere"}, message("c")]
    )
    assert results[0] is results[2] is None
    assert results[1] is not None
    assert "unknown topic 'nowhere'" in results[1]
    assert [record.event_id for _, record in await log.recent()] == ["c", "a"]


@pytest.mark.parametrize(
    "bad",
    [
        7,
        {},
        {**message(), "key": None},
        {**message(), "envelope": "text"},
        {**message(), "key": "a\0b"},
        {**message(), "key": "\ud800"},
        message(subject="\ud800"),
        message("x" * 9000),
    ],
)
async def test_a_message_no_topic_can_hold_never_refuses_the_others(
    log: EventLog, bad: object
) -> None:
    bad_result, good_result = await pubsub.publish(log, [bad, message("good")])
    assert good_result is None
    newest = next(record for _, record in await log.recent())
    assert newest.event_id == "good"
    assert bad_result is not None or isinstance(bad, dict)


async def test_a_group_goes_on_where_it_committed(log: EventLog, log_dsn: str) -> None:
    await log.commit({("g", "said", 0): 5, ("g", "said", 1): 2, ("other", "said", 0): 9})
    await log.commit({("g", "said", 0): 6})
    assert await log.committed("g") == {("said", 0): 6, ("said", 1): 2}


async def test_retention_takes_the_old_and_offsets_go_on(log: EventLog, log_dsn: str) -> None:
    old = replace(new(), timestamp=now_ms() - 4_000_000)
    await log.append([old, old, old])
    assert await log.prune() == 2
    again = EventLog(log_dsn, log.topics)
    await again.open()
    (record,) = await again.append([new()])
    assert record.offset == 3
    assert await again.first("said", record.partition) == 2
    await again.close()


async def test_recent_records_are_found_by_type_key_and_position(log: EventLog) -> None:
    for key in ("a", "b", "c"):
        await log.append([new(key)])
    (newest, record), *_ = await log.recent(type="said.v1", limit=1)
    assert record.key == "c"
    assert [r.key for _, r in await log.recent(key="a")] == ["a"]
    assert await log.recent(after=newest) == []
    assert [r.key for r in await log.by_event("id-b")] == ["b"]


async def test_it_fails_while_its_database_is_away_and_heals_by_itself(
    log: EventLog, log_dsn: str
) -> None:
    await log.append([new()])
    name = log_dsn.partition("?")[0].rpartition("/")[2]
    admin = await asyncpg.connect(log_dsn.replace(f"/{name}?", "/postgres?"))
    await admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
    await admin.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name
    )

    async def fails() -> bool:
        try:
            await log.append([new()])
        except LogUnavailable:
            return True
        return False

    failed: bool = await eventually(fails)
    assert failed
    await admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
    await admin.close()
    (record,) = await log.append([new()])
    page = await log.page("said", record.partition, 0, 100)
    assert [r.offset for r in page] == list(range(record.offset + 1))
