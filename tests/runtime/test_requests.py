"""Paths, methods, parameters, answers, browsers."""

import json
from typing import Any

import pytest

from tests.runtime import sample
from tests.runtime.calling import JSON, app_of, call

PUPIL = json.dumps({"name": "Bo", "grade": 7, "subject": "Physics"}).encode()


@pytest.mark.parametrize("path", ["/", "/api/pupils"])
async def test_a_created_resource_is_told_with_its_links(path: str) -> None:
    answer = await call(app_of(sample.register_pupil), "POST", path, headers=JSON, body=PUPIL)

    assert answer.status == 201
    assert answer.headers["location"] == "/api/pupils/p1"
    assert answer.headers["etag"] == '"v1"'
    assert answer.json == {
        "pupil_id": "p1",
        "version": 1,
        "links": {"self": "/api/pupils/p1", "events": "/api/pupils/p1/events"},
    }
    assert sample.heard[-1].subject == "physics"


@pytest.mark.parametrize("path", ["/api/pupils/p9", "/?pupil_id=p9"])
async def test_a_changed_resource_is_told_with_its_new_version(path: str) -> None:
    answer = await call(app_of(sample.change_pupil), "PUT", path, headers=JSON, body=b'{"grade":8}')

    assert (answer.status, answer.headers["etag"]) == (200, '"v7"')
    assert answer.json["links"]["self"] == "/api/pupils/p9"
    assert (sample.heard[-1].pupil_id, sample.heard[-1].grade) == ("p9", 8)


async def test_what_is_done_needs_no_words() -> None:
    answer = await call(app_of(sample.withdraw_pupil), "DELETE", "/api/pupils/p1")

    assert (answer.status, answer.body) == (204, b"")


@pytest.mark.parametrize(
    ("pupil", "status", "title"),
    [
        ("unknown", 404, "Not Found"),
        ("busy", 409, "Still booked"),
        ("broken", 500, "Internal Server Error"),
        ("away", 503, "Service Unavailable"),
    ],
)
async def test_refusals_and_faults_are_problems(pupil: str, status: int, title: str) -> None:
    answer = await call(app_of(sample.withdraw_pupil), "DELETE", f"/api/pupils/{pupil}")

    assert (answer.status, answer.json["title"]) == (status, title)
    assert ("retry-after" in answer.headers) is (status == 503)
    assert answer.json.get("booked") == (3 if pupil == "busy" else None)


async def test_a_fault_is_logged_with_its_place_and_without_its_message(
    capsys: pytest.CaptureFixture[str],
) -> None:
    headers = {"traceparent": f"00-{'a' * 32}-{'b' * 16}-01"}
    await call(app_of(sample.withdraw_pupil), "DELETE", "/api/pupils/broken", headers=headers)

    fault, request = map(json.loads, capsys.readouterr().out.splitlines())
    assert fault["errors"] == ["RuntimeError"]
    assert fault["frames"][-1].endswith(" withdraw_pupil")
    assert fault["trace_id"] == request["trace_id"] == "a" * 32
    assert (request["function"], request["status"], request["cold"]) == (
        "withdraw_pupil",
        500,
        True,
    )
    assert "quotes" not in json.dumps(fault)


async def test_a_clash_is_tried_four_times_and_then_unavailable() -> None:
    before = len(sample.heard)
    answer = await call(app_of(sample.withdraw_pupil), "DELETE", "/api/pupils/clash")

    assert (answer.status, len(sample.heard) - before) == (503, 4)


@pytest.mark.parametrize("path", ["/api/pupils/p1", "/api/pupils?pupil_id=p1", "/?pupil_id=p1"])
async def test_a_query_answers_on_every_route(path: str) -> None:
    answer = await call(app_of(sample.find_pupil), "GET", path)

    assert (answer.status, answer.json, answer.headers["etag"]) == (200, {"pupil_id": "p1"}, '"v3"')


@pytest.mark.parametrize(
    ("query", "wish"),
    [
        ("", {"available": None, "grade": None, "limit": 20}),
        ("?available=true&grade=7", {"available": True, "grade": 7, "limit": 20}),
        ("?limit=5&available=false", {"available": False, "grade": None, "limit": 5}),
    ],
)
async def test_parameters_become_what_the_model_says(query: str, wish: dict[str, Any]) -> None:
    answer = await call(app_of(sample.list_pupils), "GET", f"/api/pupils{query}")

    assert answer.json["wish"] == wish


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("?grade=7&grade=8", 400),
        ("?grade=%ff", 400),
        ("?" + "&".join(f"a{number}=1" for number in range(60)), 400),
        ("?grade=Zaphod", 422),
        ("?grade=" + "9" * 5000, 422),
        ("?available=perhaps", 422),
        ("?Zaphod=1", 422),
        ("?grade=", 422),
        ("?grade=%00", 422),
    ],
)
async def test_bad_parameters_are_refused_without_an_echo(query: str, status: int) -> None:
    answer = await call(app_of(sample.list_pupils), "GET", f"/api/pupils{query}")

    assert answer.status == status
    assert b"Zaphod" not in answer.body


@pytest.mark.parametrize("pupil", ["a b", "x" * 65, "\0", "é"])
async def test_an_id_that_cannot_be_one_is_refused(pupil: str) -> None:
    assert (await call(app_of(sample.find_pupil), "GET", f"/api/pupils/{pupil}")).status == 422


@pytest.mark.parametrize("path", ["/robots.txt", "/api/pupils", "/api/pupils/p1/x", "//"])
async def test_a_foreign_path_is_not_found(path: str) -> None:
    assert (await call(app_of(sample.withdraw_pupil), "DELETE", path)).status == 404


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE", "BREW"])
async def test_another_method_is_told_which_are_allowed(method: str) -> None:
    answer = await call(app_of(sample.list_pupils), method, "/api/pupils")

    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD, OPTIONS")


async def test_head_is_get_without_the_body() -> None:
    get = await call(app_of(sample.find_pupil), "GET", "/api/pupils/p1")
    head = await call(app_of(sample.find_pupil), "HEAD", "/api/pupils/p1")

    assert (head.status, head.headers, head.body) == (200, get.headers, b"")


async def test_a_preflight_of_an_allowed_origin_is_answered_and_remembered() -> None:
    answer = await call(
        app_of(sample.register_pupil),
        "OPTIONS",
        "/api/pupils",
        headers={"origin": "http://localhost:3000", "access-control-request-method": "POST"},
    )

    assert (answer.status, answer.headers["access-control-max-age"]) == (204, "7200")
    assert answer.headers["access-control-allow-origin"] == "http://localhost:3000"
    assert "idempotency-key" in answer.headers["access-control-allow-headers"]
    assert answer.headers["access-control-allow-methods"] == "POST, OPTIONS"


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost:3000.evil"])
async def test_other_origins_may_not_read(origin: str) -> None:
    answer = await call(
        app_of(sample.find_pupil), "GET", "/?pupil_id=p1", headers={"origin": origin}
    )

    assert "access-control-allow-origin" not in answer.headers
    assert answer.headers["vary"] == "origin"


async def test_an_allowed_origin_reads_even_a_refusal() -> None:
    answer = await call(
        app_of(sample.find_pupil, cors_origins=("https://learnflow.example",)),
        "GET",
        "/nowhere",
        headers={"origin": "https://learnflow.example"},
    )

    assert answer.status == 404
    assert answer.headers["access-control-allow-origin"] == "https://learnflow.example"
