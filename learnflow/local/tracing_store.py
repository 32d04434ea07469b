"""What the three databases know of a trace: outbox rows, which carry it, and notifications."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import asyncpg

from db.connection import translated
from db.roles import SHORT_NAMES
from learnflow.local.starter import Dsn

LONGEST: Final = 500
"""Facts of one trace that are looked at; a tutor who fills up may have more."""
_ID: Final = re.compile(r"[A-Za-z0-9_-]{4,128}")
_FIND: Final = """
SELECT substr(traceparent, 4, 32) AS trace_id, max(created_at) AS at
  FROM outbox
 WHERE traceparent IS NOT NULL
   AND (starts_with(event_id, $1) OR starts_with(key, $1)
        OR starts_with(substr(traceparent, 4, 32), $1) OR strpos(data, '"' || $1) > 0)
 GROUP BY 1 ORDER BY 2 DESC LIMIT $2
"""
_FACTS: Final = """
SELECT event_id, type, topic, key, data, traceparent, created_at, published_at, parked
  FROM outbox WHERE substr(traceparent, 4, 32) = $1 ORDER BY id LIMIT $2
"""
_ALL_FACTS: Final = """
SELECT event_id, type, topic, key, data, traceparent, created_at, published_at, parked
  FROM outbox ORDER BY id
"""
_NOTICES: Final = {
    "students": """
SELECT recipient_id, recipient_id AS student_id, seq, round, kind, created_at
  FROM notifications
 WHERE (recipient_id, round) IN (SELECT * FROM unnest($1::text[], $2::int[])) ORDER BY seq
""",
    "tutors": """
SELECT recipient_id, student_id, seq, round, kind, created_at
  FROM notifications
 WHERE (student_id, round) IN (SELECT * FROM unnest($1::text[], $2::int[])) ORDER BY seq
""",
}


class DatabasesAway(Exception):
    """A database could not be asked; the message says which."""


@dataclass(frozen=True, slots=True)
class Fact:
    """An outbox row; times in milliseconds since 1970.

    `published` is when the relay knew it to be durable in its topic, None as long as it does not.
    """

    database: str
    event_id: str
    type: str
    topic: str
    key: str
    data: str
    traceparent: str | None
    created: float
    published: float | None
    parked: str | None


@dataclass(frozen=True, slots=True)
class Notice:
    """A notification row."""

    database: str
    recipient_id: str
    student_id: str
    seq: int
    round: int
    kind: str
    created: float


async def find(dsn: Dsn, beginning: str, limit: int) -> list[str]:
    """The newest traces whose id, events, students, tutors or matches begin so, newest first."""
    if not _ID.fullmatch(beginning):
        return []
    rows = [row for _, row in await _everywhere(dsn, SHORT_NAMES, _FIND, beginning, limit)]
    newest: dict[str, datetime] = {}
    for row in rows:
        newest[row["trace_id"]] = max(row["at"], newest.get(row["trace_id"], row["at"]))
    return sorted(newest, key=lambda trace: newest[trace], reverse=True)[:limit]


async def facts(dsn: Dsn, trace_id: str) -> list[Fact]:
    """What was said in a trace, of all databases, in the order of its writing."""
    found = await _everywhere(dsn, SHORT_NAMES, _FACTS, trace_id, LONGEST)
    return sorted(_facts(found), key=lambda fact: fact.created)


async def all_facts(dsn: Dsn) -> list[Fact]:
    """Every outbox row that is kept."""
    return sorted(_facts(await _everywhere(dsn, SHORT_NAMES, _ALL_FACTS)), key=lambda f: f.created)


async def notices(dsn: Dsn, rounds: Iterable[tuple[str, int]]) -> list[Notice]:
    """What was told about these (student, round), to students and tutors."""
    pairs = sorted(set(rounds))
    columns = [[student for student, _ in pairs], [number for _, number in pairs]]
    found = [
        (short, row)
        for short, sql in _NOTICES.items()
        for _, row in await _everywhere(dsn, (short,), sql, *columns)
    ]
    return [
        Notice(
            database=short,
            recipient_id=row["recipient_id"],
            student_id=row["student_id"],
            seq=row["seq"],
            round=row["round"],
            kind=row["kind"],
            created=_ms(row["created_at"]),
        )
        for short, row in found
    ]


def _facts(found: Iterable[tuple[str, asyncpg.Record]]) -> list[Fact]:
    return [
        Fact(
            database=short,
            event_id=row["event_id"],
            type=row["type"],
            topic=row["topic"],
            key=row["key"],
            data=row["data"],
            traceparent=row["traceparent"],
            created=_ms(row["created_at"]),
            published=None if row["published_at"] is None else _ms(row["published_at"]),
            parked=row["parked"],
        )
        for short, row in found
    ]


async def _everywhere(
    dsn: Dsn, shorts: Sequence[str], sql: str, *given: Any
) -> list[tuple[str, asyncpg.Record]]:
    found: list[tuple[str, asyncpg.Record]] = []
    for short in shorts:
        try:
            connection = await asyncpg.connect(dsn(short), timeout=5)
            try:
                found += [(short, row) for row in await connection.fetch(sql, *given)]
            finally:
                await connection.close(timeout=1)
        except Exception as error:
            if translated(error) is error and not isinstance(error, asyncpg.PostgresError):
                raise
            raise DatabasesAway(f"{short}_db does not answer: {type(error).__name__}") from error
    return found


def _ms(moment: datetime) -> float:
    return moment.timestamp() * 1000
