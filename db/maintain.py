"""Upkeep of all databases: partitions made ahead and dropped when old, old rows pruned.

The one mechanism for it, run hourly by the embedded runner and daily by a CronJob, as the role
`*_maintainer`, which can do nothing else. What is kept how long is said here; the schema's upkeep
functions refuse less than what replays need.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Final, Literal

import asyncpg

from db.connection import translated

DUE: Final = "SELECT act, partition, 0 AS moved FROM upkeep_due($1, $2, $3)"
PARTITIONS: Final = "SELECT * FROM upkeep_partitions($1, $2, $3)"
PRUNE: Final = "SELECT * FROM upkeep_prune($1, $2, $3, $4, $5)"
BLOCKS: Final = 256
"""Pages of a table looked at in one transaction: 2 MB, some tens of thousands of rows."""
FAULTS: Final = (
    OSError,
    TimeoutError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)
"""What a database that is away, locked, of an older schema or not ours raises."""
Act = Literal["made", "dropped", "kept", "moved", "pruned"]
_ACTS: Final[Mapping[str, Act]] = {"make": "made", "drop": "dropped", "kept": "kept"}


@dataclass(frozen=True, slots=True)
class Keep:
    """How long things are kept: partitions in their units, rows in days.

    The outbox outlives the topics (7 days) and dead letters (14), the inbox outlives the outbox
    (protocol R5). A client that repeats a request with its key does so within days. What people
    were told is shown for half a year, each one's last word for ever. Matches stay for two school
    years, and their keys a little longer, so that a month is dropped before what leads to it.
    """

    partitions: Mapping[str, int] = field(default_factory=lambda: {"outbox": 14, "matches": 25})
    rows: Mapping[str, int] = field(
        default_factory=lambda: {
            "inbox": 30,
            "idempotency": 7,
            "notifications": 183,
            "past_matches": 800,
            "match_keys": 800,
        }
    )


@dataclass(frozen=True, slots=True)
class Step:
    """One thing done: to a partition or a table, and how many rows it was about.

    `moved` is a finding: these rows had fallen into a default partition, which is to stay empty.
    """

    database: str
    act: Act
    what: str
    rows: int = 0


@dataclass(frozen=True, slots=True)
class Upkeep:
    """What was done (in a dry run: what is due), and which databases could not be maintained."""

    steps: tuple[Step, ...]
    failed: Mapping[str, str]

    @property
    def findings(self) -> tuple[Step, ...]:
        """What should not have been: rows outside their partition."""
        return tuple(step for step in self.steps if step.act == "moved")


async def maintain(
    dsns: Mapping[str, str],
    *,
    keep: Keep = Keep(),
    today: date | None = None,
    dry_run: bool = False,
    blocks: int = BLOCKS,
) -> Upkeep:
    """Maintain these databases (`*_maintainer` addresses by short name), one after the other.

    `today` is by UTC. A database that is away or locked is `failed`; the others are maintained all
    the same, and what was done stays done.
    """
    day = today or datetime.now(UTC).date()
    steps: list[Step] = []
    failed: dict[str, str] = {}
    for short, dsn in dsns.items():
        try:
            await _database(short, dsn, keep, day, dry_run, blocks, steps)
        except FAULTS as error:
            failed[short] = _reason(error)
    return Upkeep(tuple(steps), failed)


async def _database(
    short: str, dsn: str, keep: Keep, day: date, dry_run: bool, blocks: int, steps: list[Step]
) -> None:
    connection = await asyncpg.connect(dsn, timeout=5)
    try:
        for table, kept in keep.partitions.items():
            for row in await connection.fetch(DUE if dry_run else PARTITIONS, table, kept, day):
                steps.append(Step(short, _ACTS[row["act"]], row["partition"]))
                if row["moved"]:
                    steps.append(Step(short, "moved", f"{table}_default", row["moved"]))
        for table, days in keep.rows.items():
            old = await _prune(connection, table, days, dry_run, blocks)
            if old:
                steps.append(Step(short, "pruned", table, old))
    finally:
        connection.terminate()


async def _prune(
    connection: asyncpg.Connection, table: str, days: int, dry_run: bool, blocks: int
) -> int:
    """One pass over a table in short transactions; 0 where the database has no such table."""
    old = 0
    block: int | None = 0
    while block is not None:
        rows = await connection.fetch(PRUNE, table, days, block, blocks, dry_run)
        old += sum(row["old"] for row in rows)
        block = rows[0]["next_block"] if rows else None
    return old


def _reason(error: BaseException) -> str:
    known = translated(error)
    return f"{type(error).__name__}: {error}" if known is error else type(error).__name__
