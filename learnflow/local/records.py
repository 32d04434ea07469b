"""What a topic holds: records, as Kafka has them, and where a key goes."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

_FNV_OFFSET: Final = 2166136261
_FNV_PRIME: Final = 16777619


class LogUnavailable(Exception):
    """The event log's database does not answer; nothing is known of the last write."""


class RecordRefused(Exception):
    """The database will never take this record; the message says why."""


def now_ms() -> int:
    """The clock of record timestamps, in milliseconds."""
    return time.time_ns() // 1_000_000


@dataclass(frozen=True, slots=True)
class NewRecord:
    """A record to be appended; `event_id` and `type` are for looking it up, not part of it."""

    topic: str
    key: str | None
    headers: Mapping[str, str]
    value: bytes
    event_id: str | None = None
    type: str | None = None
    timestamp: int = field(default_factory=now_ms)


@dataclass(frozen=True, slots=True)
class Record(NewRecord):
    """A record in its place; `timestamp` in milliseconds."""

    partition: int = 0
    offset: int = 0


def partition_of(key: str | None, partitions: int) -> int:
    """The partition of a key, chosen as Dapr's Kafka client does: FNV-1a, sign dropped."""
    if partitions == 1 or key is None:
        return 0
    value = _FNV_OFFSET
    for byte in key.encode():
        value = ((value ^ byte) * _FNV_PRIME) & 0xFFFFFFFF
    signed = value - 0x1_0000_0000 if value & 0x8000_0000 else value
    return abs(signed) % partitions
