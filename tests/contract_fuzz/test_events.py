"""CloudEvents that are none: refused by functions, dead with a reason on the bus, never a fault."""

import asyncio
import io
import json
import socket
from collections import Counter
from contextlib import suppress
from typing import Any, Final

import asyncpg
import pytest

from tests.contract_fuzz.bad_events import CANARY, HttpEvent, envelopes, http_events
from tests.contract_fuzz.limits import Limits
from tests.contract_fuzz.raw_answers import parsed
from tests.contract_fuzz.rest import dead_letters
from tests.eventually import eventually
from tests.system.harness import Embedded
from tests.system.people import People
from tests.system.verdict import at_rest

REACTIONS: Final = (
    "book-tutor",
    "match-student",
    "notify-student",
    "record-outcome",
    "index-tutor",
)
REFUSED: Final = frozenset({400, 413, 415, 422})
ANSWERED: Final = REFUSED | {200, 204}
"""A fault that nobody needs, such as a bad time, does no harm: the event is applied."""
GOOD_ONES: Final = 20
BATCH: Final = 50


@pytest.mark.timeout(300)
async def test_a_function_refuses_what_is_no_event_of_its_own(
    system: Embedded, limits: Limits
) -> None:
    sockets = await woken(system)
    gate, seen = asyncio.Semaphore(16), Counter[int]()

    async def wrong(event: HttpEvent) -> str:
        async with gate:
            received = await post(sockets[event.number % len(sockets)], event.request)
        answers = parsed(received)
        if not answers:
            return "no answer"
        seen[answers[0].status] += 1
        if answers[0].status not in ANSWERED:
            return f"{answers[0]}"
        by_function = answers[0].status >= 400 and answers[0].kind == "application/problem+json"
        if by_function and (CANARY.encode() in received or len(received) > 1500):
            return f"an answer that quotes, or is long: {received[-200:]!r}"
        return ""

    events = list(http_events(limits.requests // 3, limits.seed or 0))
    found = await asyncio.gather(*map(wrong, events))
    failed = sorted(
        (len(one.request), why, one.request[:1500])
        for one, why in zip(events, found, strict=True)
        if why
    )
    assert not failed, f"{len(failed)} of {len(events)} failed; the shortest: {failed[0]}"
    assert sum(seen[status] for status in REFUSED) > len(events) / 2, seen
    assert sorted(await woken(system)) == sorted(sockets), "an instance ended"


@pytest.mark.timeout(300)
async def test_on_the_bus_they_die_with_a_reason_and_hold_up_nobody(
    system: Embedded, limits: Limits
) -> None:
    before = {(one["event_id"], one["source"]) for one in await dead_letters(system)}
    bad = list(envelopes(min(limits.requests // 5, 400), limits.seed or 0))
    async with People(system.url, seed=5) as people:
        for start in range(0, len(bad), BATCH):
            await publish(system, bad[start : start + BATCH])
        good = [people.student(f"among bad events {n}") for n in range(GOOD_ONES)]
        await asyncio.gather(*good)
        assert [one.statuses for one in people.log] == [[201]] * GOOD_ONES
        ids = [one.id for one in people.registered("students")]
        await eventually(lambda: settled(system, ids), seconds=30)
    await at_rest(system)
    letters = await dead_letters(system)
    new = [one for one in letters if (one["event_id"], one["source"]) not in before]
    assert len(new) > len(bad) / 2
    assert [one for one in new if not one.get("reason") or CANARY in one["reason"]] == []
    assert [one for one in new if one["status"] and one["status"] not in REFUSED] == []


async def woken(system: Embedded) -> list[str]:
    """The sockets of an instance of each reaction, started by events that do nothing."""
    facts = ("match.ended", "match.declined", "match.rated", "tutor.matched", "matching.completed")
    nothing = [(topic, {"specversion": "1.0"}) for topic in facts]

    async def sockets() -> list[str]:
        found = [one for name in REACTIONS if (one := socket_of(system, name)) is not None]
        return found if len(found) == len(REACTIONS) else []

    if not await sockets():
        await publish(system, nothing)
    return await eventually(sockets, seconds=30)


def socket_of(system: Embedded, name: str) -> str | None:
    """The Unix socket on which an instance of a function listens."""
    for process in system.instances():
        if process.name() == name[:15]:
            for connection in process.net_connections("unix"):
                if str(connection.laddr).endswith(".sock"):
                    return str(connection.laddr)
    return None


async def post(path: str, request: bytes) -> bytes:
    """Send the bytes to a function as the dispatcher would; all that came back."""
    loop, received = asyncio.get_running_loop(), b""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.setblocking(False)
        async with asyncio.timeout(15):
            await loop.sock_connect(connection, path)
            with suppress(BrokenPipeError):  # refused before it was read whole
                await loop.sock_sendall(connection, request)
            while not parsed(received) and (more := await loop.sock_recv(connection, 65_536)):
                received += more
    return received


async def publish(system: Embedded, events: list[tuple[str, dict[str, Any]]]) -> None:
    """Put them into the event log, as the relay does; what is no message is refused there."""
    messages = [{"topic": topic, "key": "k", "envelope": event} for topic, event in events]
    body = io.BytesIO(json.dumps({"messages": messages}).encode())
    status, answer = await system.control("POST", "/publish", data=body)
    assert status == 200, answer
    assert len(answer["results"]) == len(events)


async def settled(system: Embedded, ids: list[str | None]) -> bool:
    """Whether every one of these students has an outcome."""
    connection = await asyncpg.connect(system.dsn("students"))
    try:
        sql = "SELECT count(*) FROM students WHERE student_id = ANY($1) AND state <> 'pending'"
        return bool(await connection.fetchval(sql, ids) == len(ids))
    finally:
        await connection.close()
