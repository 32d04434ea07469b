"""`learnflow fault` and what `ps` shows of switches and attachments."""

from typing import Any

import pytest

from learnflow.cli.problem import Problem
from tests.cli import fake_runner
from tests.cli.conftest import Command, parsed
from tests.cli.fake_runner import FakeRunner

ON = {
    **{"function": "match-student", "kind": "fail", "fault": "fail 503", "rate": 0.5},
    **{"count_left": 3, "seconds_left": 60.0, "acted": 2},
}


@pytest.fixture
def answers(runner: FakeRunner) -> dict[str, Any]:
    runner.answers["POST /control/faults"] = (201, ON)
    runner.answers["POST /control/faults/clear"] = (200, {"cleared": [ON]})
    runner.answers["GET /control/faults"] = (200, {"faults": [ON]})
    return runner.answers


@pytest.mark.parametrize(
    ("arguments", "wish"),
    [
        (("slow", "match_student", "--seconds", "3"), {"kind": "slow", "seconds": 3.0}),
        (("fail", "match-student", "--status", "422"), {"kind": "fail", "status": 422}),
        (("duplicate", "match-student", "--rate", "0.5"), {"kind": "duplicate", "rate": 0.5}),
        (("drop", "match-student", "--count", "2"), {"kind": "drop", "count": 2}),
        (("drop", "match-student", "--for", "5m"), {"kind": "drop", "lasts": 300.0}),
    ],
)
def test_a_switch_is_asked_for(
    command: Command,
    runner: FakeRunner,
    answers: Any,
    arguments: tuple[str, ...],
    wish: dict[str, Any],
) -> None:
    shown = command("fault", *arguments).output
    asked = runner.asked[-1]
    assert asked[:2] == ("POST", "/control/faults")
    assert wish.items() <= asked[3].items()
    assert asked[3]["function"] == "match-student"
    assert "match-student: fail 503 is on (rate 0.5, 3 times, for 60 s)." in shown
    assert "learnflow fault clear match-student" in shown


def test_switches_are_listed_and_cleared(
    command: Command, runner: FakeRunner, answers: dict[str, Any]
) -> None:
    assert "fail 503" in command("fault", "list").output
    assert parsed(command("fault", "list", "--json")) == [ON]
    assert "1 fault switches are off." in command("fault", "clear").output
    assert runner.asked[-1][3] == {"function": None}
    command("fault", "clear", "match-student")
    assert runner.asked[-1][3] == {"function": "match-student"}
    answers["GET /control/faults"] = (200, {"faults": []})
    answers["POST /control/faults/clear"] = (200, {"cleared": []})
    assert "No fault switch is on." in command("fault", "list").output
    assert "No fault switch was on." in command("fault", "clear").output


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (("slow", "match-studnet"), "no function match-studnet"),
        (("drop", "match-student", "--for", "soon"), "'soon' is no time"),
        (("drop", "match-student", "--for", "48h"), "is no time"),
    ],
)
def test_what_cannot_be_switched_is_said(
    command: Command, runner: FakeRunner, answers: Any, arguments: tuple[str, ...], what: str
) -> None:
    error = command("fault", *arguments).exception
    assert isinstance(error, Problem)
    assert what in error.what
    assert error.fix


def test_ps_shows_switches_and_functions_that_are_left_to_a_debugger(
    command: Command, runner: FakeRunner
) -> None:
    attached = {"there": False, "command": "env X=1 python -m …", "socket": "s"}
    one = {**fake_runner.FUNCTION, "faults": [ON], "attached": attached}
    runner.answers["GET /control/ps"] = (200, {"functions": [one], "sources": []})
    shown = command("ps").output
    assert "fault switch on: match-student: fail 503 (acted 2 times" in shown
    assert "env X=1 python -m …" in shown
    attached["there"] = True
    assert "your process gets its requests" in command("ps").output
