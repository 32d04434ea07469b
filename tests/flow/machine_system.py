"""The functions as their clients meet them, over databases that can fail, and a bus moved by hand.

Ids are drawn from a counter, so that the same steps make the same rows each time.
"""

import json
import random
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from itertools import count
from typing import Any, Final

import asyncpg

from learnflow.runtime.app import application
from learnflow.settings import Settings
from tests.flow.audit import audit
from tests.flow.machine_faults import Died, Fate, MortalDatabase
from tests.flow.storm import contents
from tests.flow.world import Said, World
from tests.lent import EMPTY
from tests.postgres import Databases
from tests.protocol.checker import Violation
from tests.protocol.rows import Registration
from tests.runtime.calling import JSON, Answer, call

PATIENCE: Final = 4
LOADS: Final = """
SELECT t.tutor_id, t.capacity, t.booked, count(b.student_id) AS live
  FROM tutors t
  LEFT JOIN bookings b ON b.tutor_id = t.tutor_id AND b.state IN ('booked', 'accepted')
 GROUP BY t.tutor_id
"""


class Counted:
    """In the place of `os` in db.ids: bytes that look random and repeat with every run."""

    def __init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """Begin the same sequence again."""
        self._numbers = count()

    def urandom(self, size: int) -> bytes:
        """The next bytes."""
        return blake2b(str(next(self._numbers)).encode(), digest_size=size).digest()


@dataclass(frozen=True)
class Request:
    """What a client asks of a function."""

    function: str
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Sent:
    """A request and its answer."""

    request: Request
    answer: Answer


class System:
    """Commands and deliveries, one at a time; `waiting` are the deliveries on their way."""

    def __init__(self, databases: Databases, ids: Counted) -> None:
        self.world, self._ids = World(databases), ids
        self.mortal = {
            short: MortalDatabase(short, databases.dsn(short)) for short in self.world.open
        }
        self.world.open = dict(self.mortal)
        self.apps = {
            name: application(one, Settings(), database=self.mortal[one.database or ""])
            for name, one in self.world.operations.items()
            if one.kind in ("command", "query")
        }
        self._admins: dict[str, asyncpg.Connection] = {}
        self.forget()

    def forget(self) -> None:
        """Nothing was sent, said or registered."""
        self.waiting: list[tuple[str, Said]] = []
        self.registrations: list[Registration] = []
        self._keys = count()
        self._ids.restart()
        self.world.log.clear()
        self.world.dead.clear()
        self.calm()

    async def begin(self) -> None:
        """Empty databases."""
        self.forget()
        for short in self.mortal:
            await (await self.admin(short)).execute(EMPTY)

    async def close(self) -> None:
        """Close every connection."""
        await self.world.close()
        for connection in self._admins.values():
            await connection.close()

    async def admin(self, short: str) -> asyncpg.Connection:
        """A superuser's connection, kept."""
        if short not in self._admins:
            dsn = self.world.databases.superuser(short)
            self._admins[short] = await asyncpg.connect(dsn)
        return self._admins[short]

    async def rows(self, short: str, sql: str, *args: Any) -> list[dict[str, Any]]:
        """Rows as the superuser sees them."""
        return [dict(row) for row in await (await self.admin(short)).fetch(sql, *args)]

    async def send(
        self,
        function: str,
        method: str,
        path: str,
        body: Any = None,
        *,
        headers: Mapping[str, str] | None = None,
        patient: bool = True,
    ) -> Sent | None:
        """Ask until there is an answer, with one key; None when the impatient got none."""
        key = {} if method == "GET" else {"idempotency-key": f"k{next(self._keys)}"}
        given = {**JSON, **key, **(headers or {})}
        request = Request(
            function, method, path, given, b"" if body is None else json.dumps(body).encode()
        )
        answer = await self._ask(request, PATIENCE if patient else 1)
        await self.collect()
        assert answer or not patient, "still no answer"
        return Sent(request, answer) if answer else None

    async def repeat(self, request: Request) -> tuple[Answer | None, list[Said]]:
        """Send the same again; the answer, and what was said because of it."""
        await self.collect()
        return await self._ask(request, PATIENCE), await self.collect()

    async def _ask(self, request: Request, patience: int) -> Answer | None:
        app, asked = self.apps[request.function], (request.method, request.path)
        for _ in range(patience):
            with suppress(Died):
                answer = await call(app, *asked, headers=request.headers, body=request.body)
                if answer.status != 503:
                    return answer
        return None

    async def collect(self) -> list[Said]:
        """Take what was said to the bus, in an order that repeats."""
        fresh = sorted(await self.world.collect(), key=lambda said: said.event_id)
        log = self.world.log
        log[len(log) - len(fresh) :] = fresh
        self.waiting += self.world.deliveries(fresh)
        return fresh

    async def publish_again(self, last: int) -> None:
        """The relay died after publishing its last facts, before it marked them."""
        again = "UPDATE outbox SET published_at = NULL WHERE event_id = ANY($1)"
        lost = [said.event_id for said in self.world.log[-last:]]
        for short in self.mortal:
            await (await self.admin(short)).execute(again, lost)
        await self.collect()

    async def deliver(self, place: int) -> None:
        """Deliver one of those that wait; one that was not done waits again."""
        name, said = self.waiting.pop(place % len(self.waiting))
        try:
            heard = await self.world.hear(name, said)
        except Died:
            heard = "again"
        if heard == "again":
            self.waiting.append((name, said))
        await self.collect()

    async def settle(self) -> None:
        """Deliver until nothing waits."""
        await self.collect()
        while self.waiting:
            await self.deliver(0)

    def doom(self, short: str, fate: Fate) -> None:
        """The next commit in that database meets this fate."""
        self.mortal[short].fate = fate

    def calm(self) -> None:
        """Nobody is doomed any more."""
        for database in self.mortal.values():
            database.fate = None

    async def overbooked(self) -> list[dict[str, Any]]:
        """Tutors with more students than slots, or whose count is wrong."""
        loads = await self.rows("tutors", LOADS)
        return [one for one in loads if not one["live"] == one["booked"] <= one["capacity"]]

    async def broken(self) -> list[Violation]:
        """Promises that the checker finds broken; nothing may be on its way."""
        dsn = self.world.databases.superuser
        return await audit(dsn("students"), dsn("tutors"), dsn("matching"), self.registrations)

    async def changed_by_replay(self, seed: int) -> dict[str, tuple[list[str], list[str]]]:
        """What a shuffled replay of everything to consumers with empty inboxes would change."""
        self.calm()
        before = await contents(self.world)
        await self.empty_inboxes()
        everything = self.world.deliveries(self.world.log)
        random.Random(seed).shuffle(everything)
        for name, said in everything:
            assert await self.world.hear(name, said) in ("done", "duplicate")
        after = await contents(self.world)
        return {
            table: (before[table], after[table])
            for table in before
            if before[table] != after[table]
        }

    async def empty_inboxes(self) -> None:
        """Every consumer forgets what it heard."""
        for short in self.mortal:
            await (await self.admin(short)).execute("DELETE FROM inbox")
