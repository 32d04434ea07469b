"""Bad events: refused, or among the dead letters with the reason; good ones never wait for them."""

import asyncio
import base64
import io
import itertools
import json
from typing import Any, Final

import aiohttp
import asyncpg

from db.students import store
from db.unit_of_work import Database, Unit
from eventing.events import StudentRegistered
from learnflow.runtime.transactions import committed
from tests.eventually import eventually
from tests.system.harness import Embedded
from tests.system.people import People
from tests.system.verdict import at_rest

CANARY: Final = "Zaphod"
TYPE: Final = "org.learnflow.student.registered.v1"
TOPIC: Final = "student.registered"
NUMBERS: Final = itertools.count()
GOOD_ONES: Final = 40
COPIES: Final = 3
SURROGATE: Final = base64.b64encode(b'{"student_id":"\\ud800","grade":7}').decode()
OVERFLOW: Final = "1e400"
"""Becomes a number on its way: Python's JSON writes none that overflows."""
HEARER: Final = "match-student-on-student-registered"
PERMANENT: Final = frozenset({400, 413, 415, 422})


def snapshot(**changes: Any) -> dict[str, Any]:
    """A student nobody registered: an event that comes from elsewhere."""
    known = {"student_id": f"ext-{next(NUMBERS)}", "version": 1, "grade": 7, "subject": "physics"}
    return {**known, **changes}


def envelope(data: Any = None, /, **changes: Any) -> dict[str, Any]:
    """A good event but for the changes; None takes an attribute out."""
    whole = {
        "specversion": "1.0",
        "id": f"bad-{next(NUMBERS)}",
        "source": "tests/bad",
        "type": TYPE,
        "datacontenttype": "application/json",
        "data": snapshot() if data is None else data,
        **changes,
    }
    return {name: value for name, value in whole.items() if value is not None}


def deep(levels: int) -> Any:
    """Arrays in arrays."""
    value: Any = CANARY
    for _ in range(levels):
        value = [value]
    return value


def poison() -> dict[str, dict[str, Any]]:
    """Events that no function can apply, freshly numbered."""
    return {
        "an unknown version": envelope(type="org.learnflow.student.registered.v9"),
        "an unknown type": envelope(type=CANARY),
        "a type of another topic": envelope(type="org.learnflow.tutor.registered.v1"),
        "no id": envelope(id=None),
        "no source": envelope(source=None),
        "no type": envelope(type=None),
        "no version of the specification": envelope(specversion=None),
        "an old specification": envelope(specversion="0.3"),
        "no data": {k: v for k, v in envelope().items() if k != "data"},
        "data of a wrong type": envelope(CANARY),
        "data as a list": envelope([snapshot()]),
        "a wrong field": envelope(snapshot(grade="seven")),
        "a missing field": envelope({"student_id": CANARY}),
        "NUL in a text": envelope(snapshot(goals=["ex\0am"])),
        "NaN": envelope(snapshot(grade=float("nan"))),
        "Infinity": envelope(snapshot(version=float("inf"))),
        "a huge integer": envelope(snapshot(version=10**400)),
        "a depth bomb": envelope(snapshot(times=deep(800))),
        "1 MiB": envelope(snapshot(goals=[CANARY * 180_000])),
        "an id with blanks": envelope(id=f"{CANARY} {CANARY}"),
        "an id of 300": envelope(id="z" * 300),
        "an extension of two lines": envelope(extension=f"{CANARY}\r\nx-injected: yes"),
        "an extension with NUL": envelope(extension="a\0b"),
        "another content type": envelope(CANARY, datacontenttype="text/plain"),
        "a surrogate in base64": envelope(data=None, data_base64=SURROGATE),
        "a number that overflows": envelope(snapshot(version=OVERFLOW)),
        "not base64": {**envelope(), "data_base64": "%%%"},
    }


UNWRITABLE: Final = frozenset({"an extension of two lines", "an extension with NUL"})
"""No HTTP request can carry these: they die without an answer, and with a reason."""


async def publish(system: Embedded, messages: list[dict[str, Any]]) -> tuple[int, Any]:
    """Publish to a topic, as the relay does."""
    body = json.dumps({"messages": messages}).replace(f'"{OVERFLOW}"', OVERFLOW).encode()
    return await system.control("POST", "/publish", data=io.BytesIO(body))


def message(event: Any, topic: str = TOPIC, key: str = "k") -> dict[str, Any]:
    """An envelope on its way."""
    return {"topic": topic, "key": key, "envelope": event}


async def letters(system: Embedded) -> list[dict[str, Any]]:
    """The dead letters' summaries."""
    _, found = await system.control("GET", "/control/dead-letters?limit=500")
    return list(found["dead_letters"])


async def test_bad_events_end_with_their_reason_and_good_ones_are_not_held_up(
    system: Embedded,
) -> None:
    bad = {f"{name} {n}": e for n in range(COPIES) for name, e in poison().items()}
    async with People(system.url) as people:
        status, answer = await publish(system, [message(event) for event in bad.values()])
        assert (status, answer["results"]) == (200, [None] * len(bad))
        await asyncio.gather(*(people.student(f"good {n}") for n in range(GOOD_ONES)))
        assert [one.statuses for one in people.log] == [[201]] * GOOD_ONES
        await eventually(lambda: settled(system, people), seconds=30)

    await at_rest(system)
    dead = [one for one in await letters(system) if one["source"] == HEARER]
    assert len(dead) == len(bad)
    assert [one for one in dead if not one.get("reason")] == []
    unanswered = [one for one in dead if one["status"] not in PERMANENT]
    assert len(unanswered) == COPIES * len(UNWRITABLE)
    assert [one for one in dead if CANARY in one["reason"]] == []


async def settled(system: Embedded, people: People) -> bool:
    """Whether every good student has an outcome."""
    connection = await asyncpg.connect(system.dsn("students"))
    try:
        ids = [one.id for one in people.registered("students")]
        sql = "SELECT count(*) FROM students WHERE student_id = ANY($1) AND state <> 'pending'"
        return bool(await connection.fetchval(sql, ids) == len(ids))
    finally:
        await connection.close()


async def test_what_is_no_message_is_refused_alone(system: Embedded) -> None:
    good = envelope()
    strange = [
        message(envelope(snapshot(goals=["\ud800"]))),
        message(envelope(), topic=f"{CANARY}"),
        message(envelope(), key="k\0"),
        message(envelope(), key="\udc00"),
        message([envelope()]),
        message("text"),
        {"topic": TOPIC},
        CANARY,
        message(good, key="fine"),
    ]
    status, answer = await publish(system, strange)  # type: ignore[arg-type]
    assert status == 200
    assert [bool(reason) for reason in answer["results"]] == [True] * 8 + [False]
    await eventually(lambda: delivered(system, good["id"]))


async def delivered(system: Embedded, event_id: str) -> bool:
    """Whether every source that hears the event has delivered it."""
    _, found = await system.control("GET", f"/control/events/{event_id}")
    trails = found.get("deliveries", [])
    return bool(trails) and all(trail["state"] == "delivered" for trail in trails)


async def test_a_publish_that_is_no_json_is_refused(system: Embedded) -> None:
    for body in (
        b"",
        b"{",
        b"[]",
        b"\xff",
        b'{"messages": 1}',
        b"[" * 100_000,
        b'{"messages":"x"}',
    ):
        status, _ = await system.control("POST", "/publish", data=body)
        assert status == 400
    assert (await system.control("GET", "/control/ps"))[0] == 200


async def test_direct_deliveries_of_rubbish_are_refused_briefly(system: Embedded) -> None:
    async with People(system.url) as people:
        await people.student("wakes match-student")
    sock = await eventually(lambda: socket_of(system, "match-student"), seconds=10)
    structured = {"content-type": "application/cloudevents+json"}
    batch = {"content-type": "application/cloudevents-batch+json"}
    binary = {"ce-specversion": "1.0", "ce-id": "1", "ce-source": "x", "ce-type": CANARY}
    one = json.dumps(envelope()).encode()
    cases = [
        (structured, b""), (structured, b"{"), (structured, b"[" * 60_000), (structured, b"NaN"),
        (batch, b"[" + one + b"]"), ({"content-type": "text/plain"}, CANARY.encode()),
        (binary, b"{}"), ({k: v for k, v in binary.items() if k != "ce-id"}, b"{}"),
        ({**binary, "ce-type": TYPE, "content-type": "application/json"}, b"\xff\xfe"),
        (structured, json.dumps(envelope(snapshot(goals=["\ud800"]))).encode()),
    ]  # fmt: skip
    connector = aiohttp.UnixConnector(sock)
    async with aiohttp.ClientSession("http://function", connector=connector) as session:
        for headers, body in cases:
            async with session.post("/", headers=headers, data=body) as answer:
                said = await answer.read()
            assert answer.status in PERMANENT, (headers, body[:40], said)
            assert answer.headers["content-type"] == "application/problem+json"
            assert CANARY.encode() not in said
            assert len(said) <= 1024


def socket_of(system: Embedded, name: str) -> str | None:
    """The Unix socket on which an instance of a function listens."""
    for process in system.instances():
        if process.name() == name[:15]:
            paths = [c.laddr for c in process.net_connections("unix") if c.laddr]
            return next((str(path) for path in paths if str(path).endswith(".sock")), None)
    return None


async def test_a_dead_letter_can_be_replayed_after_repair(system: Embedded) -> None:
    known = snapshot()
    fact = {"student_id": known["student_id"], "round": 1, "match_id": "m1", "tutor_id": "t1"}
    early = envelope(fact, type="org.learnflow.tutor.matched.v1")
    await publish(system, [message(early, "tutor.matched")])

    letter = await eventually(lambda: letter_of(system, early["id"], "notify-student"), seconds=15)
    assert letter["status"] == 422
    assert letter["reason"]

    async def repair(work: Unit) -> None:
        store.add_student(work, StudentRegistered(**known), "Late")

    database = Database("students", system.dsn("students"))
    await committed(database, "", repair)
    await database.close()
    path = f"/control/dead-letters/{letter['offset']}/replay"
    status, trail = await system.control("POST", path)
    assert (status, trail["state"]) == (200, "delivered")
    assert await kinds_told(system, known["student_id"]) == ["matched"]


async def letter_of(system: Embedded, event_id: str, function: str) -> dict[str, Any] | None:
    """The dead letter of an event that one function refused."""
    for one in await letters(system):
        if one["event_id"] == event_id and one["source"].startswith(function):
            return one
    return None


async def kinds_told(system: Embedded, student_id: str) -> list[str]:
    """What a student was told."""
    connection = await asyncpg.connect(system.dsn("students"))
    try:
        sql = "SELECT kind FROM notifications WHERE recipient_id = $1 ORDER BY seq"
        return [row["kind"] for row in await connection.fetch(sql, student_id)]
    finally:
        await connection.close()
