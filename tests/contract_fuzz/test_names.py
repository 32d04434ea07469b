"""Names that break software: kept exactly, composed, or refused with the field; never a fault."""

import asyncio
import json
import unicodedata
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from typing import Any

import aiohttp
import pytest

from tests.contract_fuzz.nasty_names import SURROGATES, kept, refused
from tests.system.harness import Embedded

AT_ONCE = 16
JSON = {"content-type": "application/json"}
SUBJECT = "onomastics"
STUDENT = {"grade": 7, "subject": SUBJECT}
TUTOR = {"subjects": [SUBJECT], "available": False}


@pytest.fixture
async def session(system: Embedded) -> AsyncIterator[aiohttp.ClientSession]:
    """A client of the gateway."""
    async with aiohttp.ClientSession(system.url) as session:
        yield session


async def each(names: Iterable[str], look: Callable[[str], Awaitable[str]]) -> list[str]:
    """What `look` found wrong with any of the names, the shortest name first."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(name: str) -> tuple[int, str]:
        async with gate:
            return len(name), await look(name)

    return [wrong for _, wrong in sorted(await asyncio.gather(*map(one, names))) if wrong]


async def register(
    session: aiohttp.ClientSession, path: str, form: dict[str, Any], name: str
) -> tuple[int, Any]:
    """Status and content of a registration."""
    async with session.post(path, json={**form, "name": name}) as answer:
        return answer.status, await answer.json(content_type=None)


def shown(name: str) -> str:
    """As it must be read back."""
    return unicodedata.normalize("NFC", name).strip()


async def test_there_are_300_of_them() -> None:
    assert len({*kept(), *refused(), *SURROGATES}) >= 300


async def test_good_names_are_read_back_as_they_are_in_normal_form(
    session: aiohttp.ClientSession,
) -> None:
    async def wrong(name: str) -> str:
        status, made = await register(session, "/api/students", STUDENT, name)
        if status != 201:
            return f"{name!r}: {status} {made}"
        async with session.get(made["links"]["self"]) as answer:
            found = (await answer.json())["name"]
        return "" if found == shown(name) else f"{name!r} became {found!r}"

    assert await each(kept(), wrong) == []


async def test_good_names_of_tutors_are_all_in_the_list(session: aiohttp.ClientSession) -> None:
    async def wrong(name: str) -> str:
        status, made = await register(session, "/api/tutors", TUTOR, name)
        return "" if status == 201 else f"{name!r}: {status} {made}"

    assert await each(kept(), wrong) == []
    listed: list[str] = []
    query = {"subject": SUBJECT, "limit": "100"}
    while True:
        async with session.get("/api/tutors", params=query) as answer:
            page = await answer.json()
        listed += [tutor["name"] for tutor in page["tutors"]]
        if page["next"] is None:
            break
        query["cursor"] = page["next"]
    assert sorted(listed) == sorted(map(shown, kept()))


@pytest.mark.parametrize(
    ("path", "form"), [("/api/students", STUDENT), ("/api/tutors", TUTOR)], ids=["student", "tutor"]
)
async def test_bad_names_are_refused_with_the_field_and_without_an_echo(
    session: aiohttp.ClientSession, path: str, form: dict[str, Any]
) -> None:
    async def wrong(name: str) -> str:
        status, said = await register(session, path, form, name)
        where = [error["where"] for error in said.get("errors", [])]
        quoted = len(name) > 8 and name in str(said)
        right = (status, where) == (422, ["/name"]) and not quoted
        return "" if right else f"{name!r}: {status} {said}"

    assert await each(refused(), wrong) == []


async def test_lone_surrogates_are_no_json(session: aiohttp.ClientSession) -> None:
    for surrogate in SURROGATES:
        body = json.dumps({**STUDENT, "name": "?"}).replace("?", surrogate)
        async with session.post("/api/students", data=body.encode(), headers=JSON) as answer:
            assert (answer.status, answer.content_type) == (400, "application/problem+json")
