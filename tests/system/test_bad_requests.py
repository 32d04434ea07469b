"""Bad requests at the gateway: refused with a problem document, never a 5xx, never an echo."""

import asyncio
import io
import json
import re
from contextlib import suppress
from typing import Any, Final

import aiohttp
from yarl import URL

from tests.runtime.test_bad_input import BAD
from tests.system.harness import Embedded
from tests.system.people import People
from tests.system.verdict import at_rest

CANARY: Final = "Zaphod"
JSON: Final = {"content-type": "application/json"}
GOOD: Final = {"name": "Good", "grade": 7, "subject": "physics"}
GOOD_ONES: Final = 30
TUTOR: Final[dict[str, Any]] = {"name": CANARY, "subjects": ["physics"]}
BODIES: Final = {
    **{name: sent for name, (sent, _) in BAD.items()},
    "1 MiB": json.dumps({**GOOD, "name": CANARY * 180_000}).encode(),
    "a field of 1 MiB": json.dumps({**GOOD, "goals": ["exam"] * 150_000}).encode(),
}
TUTORS: Final[dict[str, dict[str, Any]]] = {
    "no subjects": {"subjects": []},
    "too many subjects": {"subjects": [f"s{n}" for n in range(21)]},
    "grades the wrong way round": {"grade_min": 9, "grade_max": 2},
    "no capacity": {"capacity": 0},
    "capacity as text": {"capacity": "3"},
    "availability as a number": {"available": 1},
    "NUL in a subject": {"subjects": ["phy\0sics"]},
    "a surrogate in a language": {"languages": ["\ud800"]},
    "a nested name": {"name": {"first": CANARY}},
}
HEADERS: Final[dict[str, dict[str, str]]] = {
    "no content type": {"content-type": ""},
    "text": {"content-type": f"text/{CANARY}"},
    "another charset": {"content-type": "application/json; charset=utf-16"},
    "compressed": {**JSON, "content-encoding": "gzip"},
    "a key with a blank": {**JSON, "idempotency-key": f"{CANARY} {CANARY}"},
    "a key of 256": {**JSON, "idempotency-key": "k" * 256},
    "an empty key": {**JSON, "idempotency-key": ""},
}
PATHS: Final = (
    ("GET", f"/api/students/{CANARY}%00"),
    ("GET", f"/api/students/{CANARY}%FF%FE"),
    ("GET", f"/api/students/{CANARY}%ED%A0%80"),
    ("GET", f"/api/students/{CANARY * 2000}"),
    ("GET", f"/api/students/{CANARY}"),
    ("GET", f"/api/students/..%2F..%2F{CANARY}"),
    ("GET", f"/api/students?student_id={CANARY}&student_id=x"),
    ("GET", "/api/students?student_id="),
    ("GET", "/api/students"),
    ("GET", f"/api/tutors?available={CANARY}"),
    ("GET", "/api/tutors?limit=-1"),
    ("GET", "/api/tutors?limit=99999999999999999999"),
    ("GET", "/api/tutors?limit=1e3"),
    ("GET", "/api/tutors?grade=NaN"),
    ("GET", f"/api/tutors?cursor={CANARY}"),
    ("GET", "/api/tutors?cursor=%00"),
    ("GET", f"/api/tutors?subject={CANARY}%00"),
    ("GET", f"/api/tutors?{CANARY}=1"),
    ("GET", f"/api/students/{CANARY}/events"),
    ("DELETE", f"/api/students/{CANARY}"),
    ("DELETE", f"/api/tutors/{CANARY}%00"),
    ("PATCH", f"/api/students/{CANARY}"),
    ("POST", "/match-student"),
    ("POST", f"/{CANARY}"),
)


async def refused(session: aiohttp.ClientSession, method: str, url: str | URL, **given: Any) -> str:
    """Empty when it was refused as promised, else what was wrong."""
    given |= {"allow_redirects": False, "timeout": aiohttp.ClientTimeout(total=30)}
    try:
        async with session.request(method, url, **given) as answer:
            body = await answer.text(errors="replace")
            kind = answer.headers.get("content-type", "")
    except TimeoutError:
        return f"{method} {str(url)[-60:]}: no answer to {str(given)[:200]}"
    right = 400 <= answer.status < 500 and kind == "application/problem+json"
    if right and CANARY.lower() not in body.lower():
        return ""
    return f"{method} {str(url)[-60:]}: {answer.status} {kind} {body[:200]}"


async def test_bad_requests_are_refused_and_good_ones_among_them_served(system: Embedded) -> None:
    students, tutors = f"{system.url}/api/students", f"{system.url}/api/tutors"
    good = json.dumps({**GOOD, "name": CANARY}).encode()
    async with aiohttp.ClientSession() as session, People(system.url) as people:
        bad = [
            *(
                refused(session, "POST", students, data=io.BytesIO(sent), headers=JSON)
                for sent in BODIES.values()
            ),
            *(refused(session, "POST", tutors, json={**TUTOR, **t}) for t in TUTORS.values()),
            *(refused(session, "POST", students, data=good, headers=h) for h in HEADERS.values()),
        ]
        fine = [people.student(f"Good {n}") for n in range(GOOD_ONES)]
        wrong, _ = await asyncio.gather(asyncio.gather(*bad), asyncio.gather(*fine))
        assert [one for one in wrong if one] == [], system.log_end()
        assert [one.statuses for one in people.log] == [[201]] * GOOD_ONES
    await at_rest(system)


async def test_bad_paths_and_queries_are_refused(system: Embedded) -> None:
    async with aiohttp.ClientSession() as session:
        urls = ((method, URL(system.url + path, encoded=True)) for method, path in PATHS)
        wrong = [await refused(session, method, url) for method, url in urls]
    assert [one for one in wrong if one] == [], system.log_end()


async def test_a_body_beyond_every_limit_is_cut_off(system: Embedded) -> None:
    async def endless() -> Any:
        for _ in range(200):
            yield b"z" * 65_536

    async with aiohttp.ClientSession() as session:
        url = f"{system.url}/api/students"
        with suppress(aiohttp.ClientConnectionError):  # refused while we were still sending
            assert await refused(session, "POST", url, data=endless(), headers=JSON) == ""
    assert await status_of(system, b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n") == 200


async def status_of(system: Embedded, sent: bytes) -> int | None:
    """The status of the answer to these bytes; None when the connection just ended."""
    port = int(system.url.rsplit(":", 1)[1])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(sent)
        async with asyncio.timeout(20):
            first = await reader.readline()
    except ConnectionError:
        return None
    finally:
        writer.close()
    found = re.match(rb"HTTP/1\.[01] (\d{3})", first)
    return int(found[1]) if found else None
