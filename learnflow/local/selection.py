"""Which records somebody means: event, type, key, source, span of time; and their SQL."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import asyncpg

from learnflow.local.deadletter import SOURCE_HEADER
from learnflow.local.eventlog import EventLog
from learnflow.local.eventlog_store import COLUMNS, record_of
from learnflow.local.records import Record
from learnflow.manifests import Source

_TEXTS: Final = ("event", "type", "key", "source", "function")
_TIMES: Final = ("since", "until")


class Unselectable(Exception):
    """A selection that cannot be read, or that names what is not there; the message says which."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What is None does not matter; times in milliseconds, both ends included.

    `event` is an event's id, or the beginning of it.
    """

    event: str | None = None
    type: str | None = None
    key: str | None = None
    source: str | None = None
    function: str | None = None
    since: int | None = None
    until: int | None = None

    @classmethod
    def read(cls, wish: Mapping[str, Any]) -> "Selection":
        """From the fields of a JSON object, the others ignored. Raises Unselectable."""
        given = {name: wish[name] for name in (*_TEXTS, *_TIMES) if wish.get(name) is not None}
        for name, value in given.items():
            if not isinstance(value, int if name in _TIMES else str) or value is True:
                raise Unselectable(f"{name} is {'a number' if name in _TIMES else 'text'}")
        return cls(**given)

    def sources(self, all_sources: Mapping[str, Source]) -> list[Source]:
        """The sources that are meant. Raises Unselectable for a name that none has."""
        if self.source is not None and self.source not in all_sources:
            raise Unselectable(f"there is no source {self.source}: learnflow ps lists them")
        functions = {source.sink for source in all_sources.values()}
        if self.function is not None and self.function not in functions:
            raise Unselectable(f"no source delivers to a function {self.function}")
        return [
            source
            for source in all_sources.values()
            if self.source in (None, source.name) and self.function in (None, source.sink)
        ]


Found = tuple[int, Record, dict[str, Any] | None]
"""A record's position, the record, and what was decided about it as a dead letter."""

_WHERE: Final = """
  FROM records r LEFT JOIN letters l USING (topic, partition, "offset")
 WHERE topic = ANY($1) AND position > $2 AND position <= $3
   AND ($4::text IS NULL OR starts_with(event_id, $4)) AND ($5::text IS NULL OR type = $5)
   AND ($6::text IS NULL OR key = $6)
   AND ($7::bigint IS NULL OR timestamp >= $7) AND ($8::bigint IS NULL OR timestamp <= $8)
   AND ($9 OR l.state IS NULL) AND ($10::text[] IS NULL OR headers::json ->> $11 = ANY($10))
"""
_SELECT: Final = f"SELECT {COLUMNS}, position, l.state, l.reason, l.at {_WHERE}"
_FORWARDS: Final = f"{_SELECT} ORDER BY position LIMIT $12"
_BACKWARDS: Final = f"{_SELECT} ORDER BY position DESC LIMIT $12"
_COUNT: Final = f"SELECT topic, count(*) AS records {_WHERE} GROUP BY topic"
_END: Final = "SELECT coalesce(max(position), 0) FROM records"
_SETTLE: Final = """
INSERT INTO letters (topic, partition, "offset", state, reason, at)
SELECT topic, partition, "offset", $4, $5, $6
  FROM unnest($1::text[], $2::int[], $3::bigint[]) AS chosen(topic, partition, "offset")
ON CONFLICT (topic, partition, "offset") DO NOTHING
"""


async def page(
    connection: asyncpg.Connection,
    chosen: Selection,
    topics: Sequence[str],
    *,
    after: int = 0,
    upto: int = 2**62,
    limit: int = 200,
    newest: bool = False,
    settled: bool = True,
    letters_of: Sequence[str] | None = None,
) -> list[Found]:
    """Records of these topics, in the order they were written, or the newest first.

    `settled` False leaves out dead letters that were discarded or replayed; `letters_of` asks for
    those of these sources only.
    """
    sql = _BACKWARDS if newest else _FORWARDS
    given = _given(chosen, topics, after, upto, settled, letters_of)
    return [_found(row) for row in await connection.fetch(sql, *given, limit)]


async def every(
    log: EventLog, chosen: Selection, topics: Sequence[str], *, upto: int = 2**62
) -> AsyncIterator[Found]:
    """All of them, page by page."""
    after = 0
    while found := await log.ask(page, chosen, topics, after=after, upto=upto):
        for one in found:
            after = one[0]
            yield one


async def count(
    connection: asyncpg.Connection,
    chosen: Selection,
    topics: Sequence[str],
    upto: int,
) -> dict[str, int]:
    """How many records each topic has of those."""
    given = _given(chosen, topics, 0, upto)
    return {row["topic"]: row["records"] for row in await connection.fetch(_COUNT, *given)}


async def end(connection: asyncpg.Connection) -> int:
    """The position of the newest record."""
    position: int = await connection.fetchval(_END)
    return position


async def settle(
    connection: asyncpg.Connection, letters: Sequence[Record], state: str, reason: str, at: int
) -> int:
    """Note what was decided about dead letters; how many of them it was not said of before."""
    columns = zip(*((one.topic, one.partition, one.offset) for one in letters), strict=True)
    done: str = await connection.execute(
        _SETTLE, *(list(column) for column in columns), state, reason, at
    )
    return int(done.rsplit(" ", 1)[1])


def _given(
    chosen: Selection,
    topics: Sequence[str],
    after: int,
    upto: int,
    settled: bool = True,
    letters_of: Sequence[str] | None = None,
) -> tuple[Any, ...]:
    what = (chosen.event, chosen.type, chosen.key, chosen.since, chosen.until)
    return (list(topics), after, upto, *what, settled, letters_of, SOURCE_HEADER)


def _found(row: asyncpg.Record) -> Found:
    decided = {"state": row["state"], "reason": row["reason"], "at": row["at"]}
    return row["position"], record_of(row), decided if row["state"] else None
