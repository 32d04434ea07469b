"""The event log's SQL: every statement it sends, by name."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import asyncpg

from learnflow.local.records import Record

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS records (
    topic      text   NOT NULL,
    partition  int    NOT NULL,
    "offset"   bigint NOT NULL,
    key        text,
    headers    text   NOT NULL,
    value      bytea  NOT NULL,
    timestamp  bigint NOT NULL,
    event_id   text,
    type       text,
    position   bigint GENERATED ALWAYS AS IDENTITY,
    PRIMARY KEY (topic, partition, "offset")
);
CREATE INDEX IF NOT EXISTS records_event_id ON records (event_id);
CREATE UNIQUE INDEX IF NOT EXISTS records_position ON records (position);
CREATE TABLE IF NOT EXISTS groups (
    name       text   NOT NULL,
    topic      text   NOT NULL,
    partition  int    NOT NULL,
    "offset"   bigint NOT NULL,
    PRIMARY KEY (name, topic, partition)
);
CREATE TABLE IF NOT EXISTS letters (
    topic      text   NOT NULL,
    partition  int    NOT NULL,
    "offset"   bigint NOT NULL,
    state      text   NOT NULL,
    reason     text   NOT NULL,
    at         bigint NOT NULL,
    PRIMARY KEY (topic, partition, "offset")
);
"""
"""`groups.offset` is Kafka's: the next one to read. `position` orders records of all topics.
`letters` says of dead letters that were discarded or replayed when, and why."""

_APPEND: Final = """
INSERT INTO records (topic, partition, "offset", key, headers, value, timestamp, event_id, type)
SELECT * FROM unnest($1::text[], $2::int[], $3::bigint[], $4::text[], $5::text[], $6::bytea[],
                     $7::bigint[], $8::text[], $9::text[])
"""
_ENDS: Final = """
SELECT topic, partition, max("offset") AS "offset" FROM (
    SELECT topic, partition, max("offset") + 1 AS "offset" FROM records GROUP BY 1, 2
    UNION ALL
    SELECT topic, partition, max("offset") FROM groups GROUP BY 1, 2
) AS both_sides GROUP BY 1, 2
"""
COLUMNS: Final = 'topic, partition, "offset", key, headers, value, timestamp, event_id, type'
_PAGE: Final = f"""
SELECT {COLUMNS} FROM records
WHERE topic = $1 AND partition = $2 AND "offset" >= $3 ORDER BY "offset" LIMIT $4
"""
_FIRST: Final = 'SELECT min("offset") FROM records WHERE topic = $1 AND partition = $2'
_BY_EVENTS: Final = f"""
SELECT found.* FROM unnest($1::text[]) AS event(id) CROSS JOIN LATERAL (
    SELECT {COLUMNS}, position FROM records WHERE event_id = event.id ORDER BY position LIMIT 20
) AS found ORDER BY position
"""
_LIKE: Final = """
SELECT DISTINCT event_id FROM records
 WHERE event_id >= $1 AND event_id < $1 || '~' AND starts_with(event_id, $1) LIMIT 5
"""
_RECENT: Final = f"""
SELECT {COLUMNS}, position FROM records
WHERE ($1::text IS NULL OR type = $1) AND ($2::text IS NULL OR key = $2)
  AND ($3::text IS NULL OR topic = $3) AND ($4::bigint IS NULL OR position > $4)
ORDER BY position DESC LIMIT $5
"""
_COMMITTED: Final = 'SELECT topic, partition, "offset" FROM groups WHERE name = $1'
_COMMIT: Final = """
INSERT INTO groups (name, topic, partition, "offset")
SELECT * FROM unnest($1::text[], $2::text[], $3::int[], $4::bigint[])
ON CONFLICT (name, topic, partition) DO UPDATE SET "offset" = excluded."offset"
"""
_PRUNE: Final = """
DELETE FROM records AS old USING (
    SELECT partition, max("offset") AS "offset" FROM records WHERE topic = $1 GROUP BY 1
) AS newest
WHERE old.topic = $1 AND old.partition = newest.partition
  AND old."offset" < newest."offset" AND old.timestamp < $2
"""
"""The newest record of a partition stays, so that its offsets go on after a restart."""

Place = tuple[str, int]
GroupPlace = tuple[str, str, int]


def record_of(row: asyncpg.Record) -> Record:
    """A row of `records` as a record."""
    return Record(
        topic=row["topic"],
        partition=row["partition"],
        offset=row["offset"],
        key=row["key"],
        headers=json.loads(row["headers"]),
        value=row["value"],
        timestamp=row["timestamp"],
        event_id=row["event_id"],
        type=row["type"],
    )


async def append(connection: asyncpg.Connection, records: Sequence[Record]) -> None:
    """Write records in one statement, which is one commit."""
    columns = zip(*(_row(record) for record in records), strict=True)
    await connection.execute(_APPEND, *(list(column) for column in columns))


def _row(record: Record) -> tuple[object, ...]:
    return (
        record.topic,
        record.partition,
        record.offset,
        record.key,
        json.dumps(dict(record.headers), ensure_ascii=False),
        record.value,
        record.timestamp,
        record.event_id,
        record.type,
    )


async def ends(connection: asyncpg.Connection) -> dict[Place, int]:
    """The next free offset of every partition that was ever written or read."""
    return {
        (row["topic"], row["partition"]): row["offset"] for row in await connection.fetch(_ENDS)
    }


async def page(
    connection: asyncpg.Connection, topic: str, partition: int, offset: int, limit: int
) -> list[Record]:
    """At most `limit` records of a partition, from `offset` on."""
    return [
        record_of(row) for row in await connection.fetch(_PAGE, topic, partition, offset, limit)
    ]


async def first(connection: asyncpg.Connection, topic: str, partition: int) -> int | None:
    """The oldest offset that retention left, None when there is none."""
    offset: int | None = await connection.fetchval(_FIRST, topic, partition)
    return offset


async def by_event(connection: asyncpg.Connection, event_id: str) -> list[Record]:
    """The records that carry an event, oldest first (a dead letter carries its event's id)."""
    return await by_events(connection, [event_id])


async def by_events(connection: asyncpg.Connection, event_ids: Sequence[str]) -> list[Record]:
    """The same of many events; at most 20 records of each."""
    return [record_of(row) for row in await connection.fetch(_BY_EVENTS, event_ids)]


async def like(connection: asyncpg.Connection, beginning: str) -> list[str]:
    """The ids of events that begin so, five at most."""
    return [row["event_id"] for row in await connection.fetch(_LIKE, beginning)]


async def recent(
    connection: asyncpg.Connection,
    *,
    type: str | None = None,
    key: str | None = None,
    topic: str | None = None,
    after: int | None = None,
    limit: int = 50,
) -> list[tuple[int, Record]]:
    """The newest records first, each with its position; `after` is such a position."""
    rows = await connection.fetch(_RECENT, type, key, topic, after, limit)
    return [(row["position"], record_of(row)) for row in rows]


async def committed(connection: asyncpg.Connection, group: str) -> dict[Place, int]:
    """The offsets a group has committed: the next one to read, per partition."""
    rows = await connection.fetch(_COMMITTED, group)
    return {(row["topic"], row["partition"]): row["offset"] for row in rows}


async def commit(connection: asyncpg.Connection, offsets: Mapping[GroupPlace, int]) -> None:
    """Write groups' offsets."""
    places: Iterable[tuple[object, ...]] = zip(*offsets, strict=True)
    await connection.execute(_COMMIT, *(list(column) for column in places), list(offsets.values()))


async def prune(connection: asyncpg.Connection, topic: str, before: int) -> int:
    """Delete a topic's records older than `before` (ms); returns how many."""
    done: str = await connection.execute(_PRUNE, topic, before)
    return int(done.rsplit(" ", 1)[1])
