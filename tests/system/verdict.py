"""Is it at rest, and is it right? Tables, event log and request log against the promises."""

import random
from typing import Any, Final

import aiohttp
import asyncpg

from db.connection import Unavailable
from db.unit_of_work import Database, Unit
from eventing.events import TutorAvailabilityChanged
from learnflow.runtime.transactions import committed
from tests.eventually import eventually
from tests.flow.audit import audit, overbooked
from tests.protocol.checker import Violation
from tests.system.harness import Embedded
from tests.system.people import People

SHORTS: Final = ("students", "tutors", "matching")
AWAY: Final = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)
PUBLISHABLE: Final = "SELECT count(*) FROM outbox WHERE published_at IS NULL"
RECORDS: Final = "SELECT count(*) FROM records"
CHANGE: Final = """
UPDATE tutors SET capacity = greatest(booked, $2), available = $3, version = version + 1
 WHERE tutor_id = $1 AND NOT withdrawn RETURNING *
"""
"""As change_availability, whatever the version: it must not depend on a gateway that is down."""
SETTLING_SECONDS: Final = 150.0


async def at_rest(system: Embedded, seconds: float = SETTLING_SECONDS) -> None:
    """Wait until nothing is on its way: nothing to deliver, nothing to publish, nobody pending."""
    seen: list[str] = []

    async def look() -> bool:
        seen[:] = [await _unrest(system)]
        return not seen[0]

    try:
        await eventually(look, seconds, every=0.2)
    except AssertionError as error:
        raise AssertionError(f"not at rest: {seen}\n{system.log_end()}") from error


async def _unrest(system: Embedded) -> str:
    """Why it is not at rest. No record may come between the looks at deliveries and outboxes."""
    try:
        before = await _one(system, "eventlog", RECORDS)
        _, ps = await system.control("GET", "/control/ps")
        busy = [one for one in ps["sources"] if one["lag"] or one["in_flight"]]
        if busy:
            return f"to be delivered: {busy}"
        for short in SHORTS:
            if left := await _one(system, short, PUBLISHABLE):
                return f"{left} facts to be published in {short}"
        if await _one(system, "eventlog", RECORDS) != before:
            return "records are being written"
    except (*AWAY, aiohttp.ClientError, ValueError, KeyError) as error:
        return f"{type(error).__name__}: {error}"
    return ""


async def wrongs(system: Embedded, people: People) -> list[Violation | str]:
    """Every broken promise of a system at rest."""
    found: list[Violation | str] = []
    dsns = [system.dsn(short) for short in SHORTS]
    found += await audit(dsns[0], dsns[1], dsns[2], people.registrations())
    found += [f"never answered: {one}" for one in people.unanswered()]
    found += await _tutors(system, people)
    found += await _log(system)
    return found


async def assert_right(system: Embedded, people: People) -> None:
    """At rest, no promise is broken: lost 0, duplicated 0, unexpected 0, over capacity 0."""
    await at_rest(system)
    broken = await wrongs(system, people)
    assert not broken, f"{len(broken)} wrongs, first: {broken[:5]}\n{system.log_end()}"


async def _tutors(system: Embedded, people: People) -> list[str]:
    rows = await _all(system, "tutors", "SELECT tutor_id FROM tutors")
    accepted = {one.id for one in people.registered("tutors")}
    known = {row["tutor_id"] for row in rows}
    wrong = [f"tutor lost: {one}" for one in accepted - known]
    return wrong + [f"tutor unexpected or duplicated: {one}" for one in known - accepted]


async def _log(system: Embedded) -> list[str]:
    """The event log against the outboxes: every fact is there, nothing else is, none died."""
    records = await _all(system, "eventlog", "SELECT topic, event_id FROM records")
    said: set[str] = set()
    for short in SHORTS:
        said |= {row["event_id"] for row in await _all(system, short, "SELECT * FROM outbox")}
    heard = {row["event_id"] for row in records if row["topic"] != "dead.letter"}
    dead = [row["event_id"] for row in records if row["topic"] == "dead.letter"]
    wrong = [f"fact never published: {one}" for one in said - heard]
    wrong += [f"event that nobody said: {one}" for one in heard - said]
    return wrong + [f"dead letter: {await _letter(system, one)}" for one in dead]


async def _letter(system: Embedded, event_id: str) -> Any:
    _, found = await system.control("GET", f"/control/events/{event_id}")
    return [record["value"] for record in found["records"] if record["topic"] == "dead.letter"]


class Watcher:
    """Reads tutors_db again and again: no tutor is over capacity at any read (P7)."""

    def __init__(self, system: Embedded) -> None:
        self.reads, self.over = 0, list[Violation]()
        self._system = system

    async def look(self) -> None:
        """One reading, unless the database is away."""
        try:
            self.over += await overbooked(self._system.dsn("tutors"))
            self.reads += 1
        except AWAY:
            return


async def change_some_tutor(system: Embedded, people: People, seconds: float = 60) -> None:
    """A tutor's capacity and availability change, and the fact is said; tried until it is."""
    known = people.registered("tutors")
    if not known:
        return
    chance: random.Random = people.chance
    wanted = (chance.choice(known).id, chance.randint(1, 8), chance.random() < 0.8)

    async def change(work: Unit) -> None:
        for row in await work.call(CHANGE, *wanted):
            work.say(TutorAvailabilityChanged.model_validate(dict(row)))

    async def done() -> bool:
        database = Database("tutors", system.dsn("tutors"))
        try:
            await committed(database, "", change)
        except Unavailable:
            return False
        finally:
            await database.close()
        return True

    await eventually(done, seconds, every=0.5)


async def _one(system: Embedded, short: str, sql: str) -> Any:
    connection = await asyncpg.connect(system.dsn(short), timeout=5)
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close(timeout=5)


async def _all(system: Embedded, short: str, sql: str) -> list[Any]:
    connection = await asyncpg.connect(system.dsn(short), timeout=5)
    try:
        return list(await connection.fetch(sql))
    finally:
        await connection.close(timeout=5)
