"""One unit of work: what one call remembers and says, committed together or not at all.

Functions read, call, write and say; the runtime opens the unit and commits it. Deferred writes,
the outbox rows and the idempotency row leave in one statement, so that a command which only writes
costs one round trip and one commit; a unit that must look before it writes opens a transaction.
The mark that an event was heard travels with the first call, or with what is deferred.
"""

import asyncio
import re
from collections.abc import Awaitable, Sequence
from functools import lru_cache
from time import perf_counter
from types import TracebackType
from typing import Any, Final, NamedTuple, Self, TypeVar

import asyncpg

from db import inbox, outbox, timing
from db.connection import UNUSABLE, Connections, translated
from db.idempotency import ADD_KEY, CLAIM_KEY, Answered, IdempotencyKey, KeyInFlight, KeyReused
from db.ids import new_id
from db.notifier import NOTIFICATIONS, OUTBOX, Notifier
from eventing.events import Event

_CLAIM_SECONDS: Final = 2.0
_CLAIM_PAUSE: Final = 0.02
_PLACEHOLDER: Final = re.compile(r"\$(\d+)")
T = TypeVar("T")


class Duplicate(Exception):
    """The inbox already holds this event: its work was done before."""


class RolledBack(Exception):
    """A handler went on after a failed statement; the transaction is rolled back, not committed."""


class Heard(NamedTuple):
    """Who heard which event."""

    consumer: str
    source: str
    event_id: str


class Database:
    """One process's way into one database: its connections and its signals."""

    def __init__(self, name: str, dsn: str, size: int = 8) -> None:
        self.name = name
        self.dsn = dsn
        self.connections = Connections(dsn, size)
        self.notifier = Notifier(self.connections)

    async def open(self) -> None:
        """Make the first connection. Raises Unavailable."""
        async with self.connections.lease():
            pass

    async def close(self) -> None:
        """Let signals leave, then close the connections."""
        await self.notifier.close()
        await self.connections.close()

    def unit(self, traceparent: str | None = None) -> "Unit":
        """A unit of work for one `async with`, rolled back unless it was committed."""
        return Unit(self, traceparent)


class Unit:
    """Rows and facts of one call, in one transaction."""

    def __init__(self, database: Database, traceparent: str | None = None) -> None:
        self.traceparent = traceparent
        self._database = database
        self._connection: asyncpg.Connection | None = None
        self._begun = False
        self._unmarked: Heard | None = None
        self._writes: list[tuple[str, tuple[Any, ...]]] = []
        self._events: list[Event] = []
        self._recipients: set[str] = set()
        self._spent = timing.current()

    async def __aenter__(self) -> Self:
        """Nothing is done yet: a unit that is not used never meets the database."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Roll back what was not committed; a driver's error leaves as ours (see `translated`)."""
        await self.abandon(unusable=isinstance(error, UNUSABLE))
        if error is not None and (other := translated(error)) is not error:
            raise other from error

    @property
    def database(self) -> Database:
        """Where this unit works: what is kept for a database hangs on it."""
        return self._database

    def heard(self, consumer: str, source: str, event_id: str) -> None:
        """This unit answers that event; its first call or commit raises Duplicate if it did before.

        Call it before anything else.
        """
        self._unmarked = Heard(consumer, source, event_id)

    async def claim(self, key: IdempotencyKey) -> Answered | None:
        """The answer first given to this key, or None and the key is ours until the commit.

        Raises KeyReused for another payload, KeyInFlight when another call holds it for 2 s.
        """
        deadline = asyncio.get_running_loop().time() + _CLAIM_SECONDS
        while True:
            row = (await self.call(CLAIM_KEY, key.hash, key.route, key.principal, key.key))[0]
            if row["ours"]:
                break
            if asyncio.get_running_loop().time() > deadline:
                raise KeyInFlight
            await asyncio.sleep(_CLAIM_PAUSE)
        if row["payload_hash"] is None:
            return None
        if row["payload_hash"] != key.payload_hash:
            raise KeyReused
        return Answered(row["status"], row["resource_id"], row["etag"])

    def answer(self, key: IdempotencyKey, answered: Answered) -> None:
        """Remember the answer to a claimed key, in this unit's transaction."""
        self.write(
            ADD_KEY,
            *(key.route, key.principal, key.key, key.payload_hash),
            *(answered.status, answered.resource_id, answered.etag),
        )

    async def read(self, sql: str, *args: Any) -> list[asyncpg.Record]:
        """Rows as they are now: before any `call` outside a transaction, after it inside."""
        connection = await self._leased()
        rows: list[asyncpg.Record] = await self._timed(connection.fetch(sql, *args))
        return rows

    async def look(self, sql: str, *args: Any) -> list[asyncpg.Record]:
        """What `read` gives before any `call`; Duplicate when this unit's event was applied before.

        A repeat then costs one look, not the work whose mark would be refused in the end.
        """
        if (heard := self._unmarked) is None:
            return await self.read(sql, *args)
        rows = await self.read(unheard(sql), *heard, *args)
        if not rows and await self.read(inbox.FIND, *heard):
            raise Duplicate
        return rows

    async def call(self, sql: str, *args: Any) -> list[asyncpg.Record]:
        """Run a statement in the transaction, begun now if it was not."""
        connection = await self._leased()
        if not self._begun:
            await self._timed(connection.execute("BEGIN"))
            self._begun = True
        heard, self._unmarked = self._unmarked, None
        if heard is None:
            return await self.read(sql, *args)
        return await self._marking(marking(sql), *heard, *args)

    def write(self, sql: str, *args: Any) -> None:
        """Defer a statement to the commit: an INSERT, UPDATE or DELETE that nothing waits for."""
        self._writes.append((sql, args))

    def say(self, event: Event) -> None:
        """Put a fact into the outbox, in this transaction."""
        self._events.append(event)

    def tell(self, recipient_id: str) -> None:
        """Signal watchers of this recipient once the transaction is committed."""
        self._recipients.add(recipient_id)

    async def commit(self) -> None:
        """All of it, durable. Raises Duplicate, Conflict, Unavailable (also when unsure)."""
        heard, self._unmarked = self._unmarked, None
        if heard is not None:
            self._writes.insert(0, (inbox.MARK, heard))
        if self._writes or self._events:
            await self._flush()
        if self._begun:
            done = await self._timed((await self._leased()).execute("COMMIT"))
            self._begun = False
            if done != "COMMIT":  # a fault was swallowed: Postgres rolled back and said so
                raise RolledBack
        if self._events:
            self._database.notifier.signal(OUTBOX)
        for recipient in self._recipients:
            self._database.notifier.signal(NOTIFICATIONS, recipient)

    async def abandon(self, *, unusable: bool = False) -> None:
        """Roll back what is open and give the connection back."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        try:
            if unusable:
                connection.terminate()
            elif self._begun and not connection.is_closed():
                await connection.execute("ROLLBACK", timeout=1)
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
            connection.terminate()
        finally:
            self._database.connections.release(connection)

    async def _leased(self) -> asyncpg.Connection:
        if self._connection is None:
            self._connection = await self._database.connections.acquire()
        return self._connection

    async def _timed(self, statement: Awaitable[T]) -> T:
        began = perf_counter()
        try:
            return await statement
        finally:
            self._spent.add(perf_counter() - began)

    async def _marking(self, sql: str, *args: Any) -> list[asyncpg.Record]:
        """Run a statement that may hold the mark of an event."""
        try:
            return await self.read(sql, *args)
        except asyncpg.UniqueViolationError as error:
            if error.as_dict().get("constraint_name") == inbox.KEY:
                raise Duplicate from None
            raise

    async def _flush(self) -> None:
        """Everything deferred, as one statement."""
        sql = one_statement(
            tuple(write for write, _ in self._writes),
            tuple(len(args) for _, args in self._writes),
            len(self._events),
        )
        values: list[Any] = [value for _, args in self._writes for value in args]
        for event in self._events:
            values += (new_id(), event.type, event.topic, event.key)
            values += (event.model_dump_json(exclude_none=True), self.traceparent)
        await self._marking(sql, *values)


@lru_cache(maxsize=256)
def one_statement(writes: Sequence[str], widths: Sequence[int], events: int) -> str:
    """The writes and `events` outbox rows folded into one statement with renumbered parameters."""
    parts: list[str] = []
    offset = 0
    for number, (write, width) in enumerate(zip(writes, widths, strict=True)):
        parts.append(f"w{number} AS ({_shifted(write, offset)})")
        offset += width
    if events:
        rows = ", ".join(
            _shifted(outbox.ROW, offset + number * outbox.WIDTH) for number in range(events)
        )
        parts.append(f"o AS ({outbox.ADD} {rows})")
    return f"WITH {', '.join(parts)} SELECT"


@lru_cache(maxsize=256)
def marking(sql: str) -> str:
    """The statement with the mark of an event, whose parameters come first."""
    rest = _shifted(sql.strip(), inbox.WIDTH)
    more = f", {rest[5:]}" if rest[:5].upper() == "WITH " else f" {rest}"
    return f"WITH heard AS ({inbox.MARK}){more}"


@lru_cache(maxsize=256)
def unheard(sql: str) -> str:
    """The query, without rows once the event that its first parameters name was applied."""
    rest = _shifted(sql.strip(), inbox.WIDTH)
    return f"SELECT found.* FROM ({rest}) AS found WHERE NOT EXISTS ({inbox.FIND})"


def _shifted(sql: str, offset: int) -> str:
    return _PLACEHOLDER.sub(lambda match: f"${int(match.group(1)) + offset}", sql)
