"""A trace in the terminal: every step, in its place, at every width."""

import io
from typing import Any, Final

import pytest
from rich.console import Console

from learnflow.cli.problem import Problem
from learnflow.cli.waterfall import show
from tests.cli.conftest import Command, parsed
from tests.cli.fake_runner import FakeRunner

AT: Final = 1_795_000_000_000.0
TOLD: Final = {
    **{"function_ms": 5.0, "sql_ms": 2.25, "statements": 3, "duplicate": False, "span": "s"},
}


def step(kind: str, name: str, offset: float, ms: float | None, **facts: Any) -> dict[str, Any]:
    children = facts.pop("children", [])
    plain = {"kind": kind, "name": name, "at": AT + offset, "offset_ms": offset, "ms": ms}
    return {**plain, **facts, "children": children}


def delivery(offset: float, **facts: Any) -> dict[str, Any]:
    plain: dict[str, Any] = {
        **{"status": 204, "attempt": 1, "of": 1, "state": "delivered", "replay": None},
        **{"cold_start_ms": None, "reason": None, "told": TOLD},
    }
    return step("delivery", "notify-student", offset, 10.0, **(plain | facts))


NOTE: Final = step(
    "notification", "matched", 27.0, None, recipient_id="b2" * 16, database="students", round=1
)
EVENT: Final = step(
    "event",
    "student.registered",
    12.0,
    None,
    created=AT + 12,
    published=AT + 17,
    logged=[AT + 16],
    parked=None,
    children=[
        delivery(20.0, attempt=1, of=2, status=503, state="failed", reason="busy", told=None),
        delivery(25.0, attempt=2, of=2, children=[NOTE]),
    ],
)
REQUEST: Final = step(
    "request",
    "POST /api/students",
    0.0,
    40.0,
    status=201,
    function="register-student",
    cold_start_ms=35.0,
    told=TOLD,
    children=[EVENT],
)
TRACE: Final = {"trace_id": "a1" * 16, "at": AT, "ms": 40.0, "steps": [REQUEST]}


@pytest.fixture
def traced(runner: FakeRunner) -> FakeRunner:
    runner.answers["GET /control/traces/last"] = (200, {"traces": [TRACE]})
    runner.answers["GET /control/traces/e1"] = (200, {"traces": [TRACE]})
    return runner


def printed(trace: dict[str, Any], width: int, encoding: str = "utf-8") -> str:
    file = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    show(trace, Console(file=file, width=width, highlight=False))
    file.flush()
    raw = file.detach()
    assert isinstance(raw, io.BytesIO)
    return raw.getvalue().decode(encoding)


def test_every_stage_is_shown_in_the_order_of_the_story(traced: FakeRunner) -> None:
    shown = printed(TRACE, 80)
    words = ["POST /api/students", "201", "student.registered", "log 16.0, relay 17.0"]
    words += ["503 attempt 1 of 2 busy", "204 attempt 2 of 2", "matched", "to student b2b2b2b2"]
    places = [shown.index(word) for word in words]
    assert places == sorted(places)


def test_the_wait_for_a_cold_start_is_told_apart_from_the_call(traced: FakeRunner) -> None:
    (line,) = (line for line in printed(TRACE, 80).splitlines() if "POST" in line)
    assert line.split()[-5:] == ["40.0", "30", "2.2/3", "201", "register-student"]


@pytest.mark.parametrize("width", [80, 110, 140, 200])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    assert max(map(len, printed(TRACE, width).splitlines())) <= width


def test_a_wide_terminal_gets_bars_at_their_offsets() -> None:
    lines = printed(TRACE, 140).splitlines()
    (request,) = (line for line in lines if "POST" in line)
    (last,) = (line for line in lines if "attempt 2" in line)
    assert request.index("━") < last.index("━")
    assert request.count("━") == 36


def test_a_terminal_without_such_characters_gets_plain_ones() -> None:
    shown = printed(TRACE, 140, "ascii")
    assert "> notify-student" in shown
    assert "=" in shown


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"published": None, "logged": []}, "waits for the relay"),
        ({"parked": "unknown topic"}, "parked: unknown topic"),
        ({"created": None}, "sent by hand"),
        ({"logged": [AT, AT + 1]}, "published 2 times"),
    ],
)
def test_an_event_tells_how_far_it_came(facts: dict[str, Any], said: str) -> None:
    assert said in printed({**TRACE, "steps": [{**EVENT, **facts}]}, 140)


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"told": {**TOLD, "duplicate": True}}, "204 duplicate"),
        ({"status": 422, "state": "dead letter", "reason": '{"title": "No"}'}, "dead letter No"),
        ({"status": None, "reason": "no answer within 30 s"}, "no answer"),
        ({"replay": "r-7"}, "r-7"),
    ],
)
def test_a_delivery_tells_how_it_went(facts: dict[str, Any], said: str) -> None:
    assert said in printed({**TRACE, "steps": [delivery(1.0, **facts)]}, 140)


def test_the_last_trace_or_one_by_an_id_is_asked_for(command: Command, traced: FakeRunner) -> None:
    assert "a1" * 16 in command("trace", "--last").output
    assert parsed(command("trace", "e1", "--json")) == [TRACE]
    assert [path for _, path, *_ in traced.asked] == ["/control/traces/last", "/control/traces/e1"]


@pytest.mark.parametrize("arguments", [(), ("e1", "--last")])
def test_one_trace_is_chosen_in_one_way(
    command: Command, traced: FakeRunner, arguments: tuple[str, ...]
) -> None:
    assert isinstance(command("trace", *arguments).exception, Problem)
    assert traced.asked == []
