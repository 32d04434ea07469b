"""Our own application: start-up, health, overload, the end."""

import asyncio
import json
from typing import Any

import pytest

from db.unit_of_work import Database
from learnflow.runtime.app import Application, application
from learnflow.runtime.operation import Operation, Route
from learnflow.runtime.queries import perform
from learnflow.settings import Settings, SettingsError
from tests.eventually import eventually
from tests.runtime.calling import NOWHERE, app_of, call
from tests.runtime.sample import SomePupils, find_pupil, hear_pupil, register_pupil

PATHS = ["/healthz", "/health", "/readyz"]


@pytest.mark.parametrize("path", PATHS)
async def test_health_is_told_from_memory_and_not_logged(
    path: str, capsys: pytest.CaptureFixture[str]
) -> None:
    app = app_of(find_pupil)
    app.instance._connected = True
    answer = await call(app, "GET", path)

    assert (answer.status, capsys.readouterr().out) == (200, "")


async def test_readiness_waits_for_the_first_connection_three_seconds_at_most() -> None:
    app = app_of(find_pupil)
    early = await call(app, "GET", "/readyz")
    app.instance._ready_at -= 3
    late = await call(app, "GET", "/readyz")

    assert (early.status, late.status) == (503, 200)


async def test_an_instance_that_stops_is_alive_but_not_ready() -> None:
    app = app_of(find_pupil)
    app.instance._connected = True
    app.instance.stop_streams()

    assert (await call(app, "GET", "/readyz")).status == 503
    assert (await call(app, "GET", "/healthz")).status == 200


async def test_lifespan_starts_and_ends_without_a_database_in_reach() -> None:
    app = app_of(find_pupil)
    asked: asyncio.Queue[dict[str, str]] = asyncio.Queue()
    told: list[str] = []

    async def send(message: Any) -> None:
        told.append(message["type"])

    running = asyncio.create_task(app({"type": "lifespan"}, asked.get, send))
    asked.put_nowait({"type": "lifespan.startup"})
    await eventually(lambda: told == ["lifespan.startup.complete"], seconds=5)
    asked.put_nowait({"type": "lifespan.shutdown"})
    await asyncio.wait_for(running, 5)

    assert told[-1] == "lifespan.shutdown.complete"
    assert app.instance.stopping


async def test_a_socket_that_speaks_websocket_is_closed() -> None:
    told: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        told.append(message)

    await app_of(find_pupil)({"type": "websocket"}, None, send)  # type: ignore[arg-type]

    assert told[0]["type"] == "websocket.close"


def slow(release: asyncio.Event) -> Application:
    async def wait(wish: object, work: object) -> object:
        await release.wait()
        raise AssertionError

    operation = Operation(
        name="slow",
        kind="query",
        routes=(Route.parse("GET /"),),
        handler=wait,
        perform=perform,
        model=SomePupils,
        database="students",
    )
    settings = Settings(concurrency=1, overload_factor=2)
    return application(operation, settings, database=Database("students", NOWHERE))


async def test_an_instance_that_is_full_sheds_early() -> None:
    release = asyncio.Event()
    app = slow(release)
    waiting = [asyncio.create_task(call(app)) for _ in range(2)]
    await eventually(lambda: app.instance.in_flight == 2, seconds=5)
    shed = await call(app)
    release.set()
    await asyncio.gather(*waiting)

    assert (shed.status, shed.headers["retry-after"]) == (503, "1")
    assert app.instance.in_flight == 0


async def test_a_reaction_is_never_shed() -> None:
    app = app_of(hear_pupil)
    app.instance.in_flight = 10_000

    assert (await call(app, "POST")).status == 400


def test_an_operation_whose_database_is_not_named_does_not_start() -> None:
    with pytest.raises(SettingsError, match="LEARNFLOW_STUDENTS_DATABASE_URL is not set"):
        application(register_pupil.operation, Settings())


async def test_a_client_that_leaves_midway_gets_nothing_and_harms_nothing() -> None:
    app = app_of(register_pupil)
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/",
        "query_string": b"",
        "headers": [(b"content-type", b"application/json")],
    }
    await app(scope, receive, send)

    assert (sent, app.instance.in_flight) == ([], 0)


async def test_only_the_first_answer_is_cold(capsys: pytest.CaptureFixture[str]) -> None:
    app = app_of(find_pupil)
    await call(app, "GET", "/?pupil_id=p1")
    await call(app, "GET", "/?pupil_id=p1")

    lines = [json.loads(text) for text in capsys.readouterr().out.splitlines()]
    assert [text.get("cold") for text in lines] == [True, None]
    assert lines[0].keys() == {
        *("time", "level", "message", "function", "status", "ms", "trace_id", "cold")
    }
