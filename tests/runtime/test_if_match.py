"""A change says which version it means, or it is not made."""

import asyncio
from collections.abc import MutableMapping
from typing import Any

import pytest
from functions_framework.aio import create_asgi_app

from db.unit_of_work import Database
from learnflow.runtime.app import Application, application
from learnflow.runtime.operation import Function
from learnflow.settings import Settings
from tests.runtime import sample
from tests.runtime.calling import JSON, NOWHERE, Answer, app_of, call

GRADE = b'{"grade":8}'


async def move(
    header: str | None, path: str = "/api/pupils/p1/grade", body: bytes = GRADE
) -> Answer:
    headers = JSON if header is None else {**JSON, "if-match": header}
    return await call(app_of(sample.move_pupil), "PUT", path, headers=headers, body=body)


@pytest.mark.parametrize(
    "header",
    ['"v3"', "*", ' "v3" ', '"v2", "v3"', '"v2","v3"', ',"v3",', '"x,y"\t,\t"v3"', 'W/"v3", "v3"'],
)
async def test_a_change_that_names_the_present_version_is_made(header: str) -> None:
    answer = await move(header)

    assert (answer.status, answer.headers["etag"]) == (200, '"v4"')
    assert sample.heard[-1].version.admits(3)


@pytest.mark.parametrize(
    "header",
    [
        *('"v2"', '"v2", "v4"', 'W/"v3"', '"3"', '"v03"', '"V3"', '"v+3"', '"v33"', '"v-3"'),
        *('""', '"v"', '"*"', '"v99999999999"', '"v\xb3"'),
    ],
)
async def test_a_change_that_names_another_version_is_stale(header: str) -> None:
    answer = await move(header)

    assert (answer.status, answer.json["title"]) == (412, "Precondition Failed")
    assert "read it again" in answer.json["detail"]


async def test_a_change_that_names_no_version_is_not_made() -> None:
    before = len(sample.heard)
    answer = await move(None)

    assert (answer.status, answer.json["title"]) == (428, "Precondition Required")
    assert 'If-Match: "v1"' in answer.json["detail"]
    assert len(sample.heard) == before


@pytest.mark.parametrize(
    "header",
    [
        *(
            "",
            " ",
            ",",
            "v3",
            "3",
            '"v3',
            'v3"',
            '*, "v3"',
            '"v3", *',
            "**",
            "'v3'",
            'w/"v3"',
            '"v3 "',
        ),
        *('"v3" "v4"', '"v3";', '"v3\x7f"', "W/", 'W/ "v3"', '"v3",' * 1000, '"' * 4000, "\x00"),
    ],
)
async def test_a_header_that_is_no_if_match_is_refused(header: str) -> None:
    answer = await move(header)

    assert (answer.status, answer.json["title"]) == (400, "Bad Request")
    assert "If-Match is * or entity tags" in answer.json["detail"]


async def test_two_headers_are_one_list() -> None:
    """Several header lines mean their values joined by commas (RFC 9110 §5.2)."""
    scope = {
        "type": "http",
        "method": "PUT",
        "path": "/api/pupils/p1/grade",
        "query_string": b"",
        "headers": [
            (b"content-type", b"application/json"),
            (b"if-match", b'"v2"'),
            (b"if-match", b'"v3"'),
        ],
    }
    sent: list[MutableMapping[str, Any]] = []

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.request", "body": GRADE}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    await app_of(sample.move_pupil)(scope, receive, send)

    assert sent[0]["status"] == 200


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/pupils/p1/grade", b'{"grade":8,"version":"*"}'),
        ("/", b'{"pupil_id":"p1","grade":8,"version":"\\"v3\\""}'),
        ("/api/pupils/p1/grade?version=*", GRADE),
    ],
)
async def test_the_version_comes_from_nowhere_else(path: str, body: bytes) -> None:
    told = await move('"v2"', path, body)
    silent = await move(None, path, body)

    assert (told.status, silent.status) == (422, 428)


async def test_an_unknown_field_is_told_only_what_a_body_may_hold() -> None:
    answer = await move("*", body=b'{"grade":8,"size":1}')

    assert answer.json["errors"][0]["what"] == "unknown field; known are: pupil_id, grade"


@pytest.mark.parametrize("path", ["/api/pupils/p1", "/?pupil_id=p1"])
async def test_a_removal_too_may_say_which_version(path: str) -> None:
    told: list[dict[str, str]] = [{"if-match": '"v3"'}, {"if-match": '"v2"'}, {}]
    app = app_of(sample.remove_pupil)
    answers = [await call(app, "DELETE", path, headers=headers) for headers in told]

    assert [answer.status for answer in answers] == [204, 412, 428]


async def test_a_change_of_a_part_links_to_the_whole() -> None:
    answer = await move("*")

    assert answer.json["links"]["self"] == "/api/pupils/p1"
    assert answer.json["pupil_id"] == "p1"


async def test_an_id_in_the_body_and_a_version_in_the_header_meet_on_the_root() -> None:
    answer = await move('"v3"', "/", b'{"pupil_id":"p1","grade":8}')

    assert (answer.status, answer.json["pupil_id"]) == (200, "p1")


@pytest.mark.parametrize("header", [None, "", '"v2"', '"v3"', "*"])
async def test_the_stock_framework_reads_if_match_too(
    header: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEARNFLOW_STUDENTS_DATABASE_URL", NOWHERE)
    stock = create_asgi_app("move_pupil", sample.__file__, "http")  # type: ignore[no-untyped-call]
    headers = JSON if header is None else {**JSON, "if-match": header}

    theirs = await call(stock, "PUT", "/api/pupils/p1/grade", headers=headers, body=GRADE)
    own = await move(header)

    assert theirs.status == own.status
    assert theirs.headers.get("etag") == own.headers.get("etag")


def hosted(function: Function, database: Database) -> Application:
    return application(function.operation, Settings(), database=database)


async def test_the_version_is_part_of_what_a_key_stands_for(students: Database) -> None:
    app = hosted(sample.move_pupil, students)

    async def keyed(header: str) -> Answer:
        headers = {**JSON, "if-match": header, "idempotency-key": "move"}
        return await call(app, "PUT", "/api/pupils/p1/grade", headers=headers, body=GRADE)

    first = await keyed('"v3"')
    again = await keyed('  "v3", W/"v9"')
    other = await keyed('"v4"')

    assert first.status == 200
    assert again == first
    assert (other.status, other.json["title"]) == (422, "Key reused")


async def test_a_stale_change_leaves_its_key_free(students: Database) -> None:
    app = hosted(sample.move_pupil, students)
    headers = {**JSON, "idempotency-key": "late"}
    answers = [
        await call(
            app, "PUT", "/api/pupils/p1/grade", headers={**headers, "if-match": tag}, body=GRADE
        )
        for tag in ('"v2"', '"v3"')
    ]

    assert [answer.status for answer in answers] == [412, 200]


async def test_many_headers_at_once_stay_apart() -> None:
    tags = [f'"v{number}"' for number in range(6)]
    answers = await asyncio.gather(*map(move, tags))

    assert [answer.status for answer in answers] == [412, 412, 412, 200, 412, 412]
