"""Each command asks the runner one thing and shows the answer, for people or as JSON."""

from pathlib import Path

import pytest

from learnflow.cli.control import NotRunning
from learnflow.cli.problem import Problem
from tests.cli import fake_runner
from tests.cli.conftest import Command, parsed
from tests.cli.fake_runner import FakeRunner


def test_ps_shows_instances_and_lag(command: Command, runner: FakeRunner) -> None:
    shown = command("ps").output
    assert "http://127.0.0.1:8080" in shown
    assert all(word in shown for word in ("match-student", "21 ms", "41", "3", "12"))
    assert parsed(command("ps", "--json"))["sources"] == [fake_runner.SOURCE]


def test_events_are_listed_by_short_type(command: Command, runner: FakeRunner) -> None:
    shown = command("events", "list", "--type", "student.registered", "--key", "s1").output
    assert "e1" in shown
    query = {"type": "org.learnflow.student.registered.v1", "key": "s1", "limit": "50"}
    assert runner.asked == [("GET", "/control/events", query, None)]


def test_an_empty_event_log_says_how_to_fill_it(command: Command, runner: FakeRunner) -> None:
    runner.answers["GET /control/events"] = (200, {"events": []})
    assert "learnflow send" in command("events", "list").output


def test_an_event_is_shown_with_every_attempt(command: Command, runner: FakeRunner) -> None:
    shown = command("events", "show", "e1").output
    assert all(word in shown for word in ('"grade": 7', "structured", "503", "20 ms", "busy"))


def test_an_unknown_event_is_said_to_be_unknown(command: Command, runner: FakeRunner) -> None:
    error = command("events", "show", "nothing").exception
    assert isinstance(error, Problem)
    assert error.what == "no record carries this event"


def test_dead_letters_are_listed_shown_and_replayed(command: Command, runner: FakeRunner) -> None:
    assert "unknown student" in command("dead-letters", "list").output
    assert parsed(command("dead-letters", "show", "3", "--json"))["record"]["offset"] == 7
    assert "delivered" in command("dead-letters", "replay", "3").output
    assert runner.asked[-1][:2] == ("POST", "/control/dead-letters/3/replay")


def test_a_replay_that_fails_again_is_a_failure(command: Command, runner: FakeRunner) -> None:
    again = {**fake_runner.TRAIL, "state": "dead letter"}
    runner.answers["POST /control/dead-letters/3/replay"] = (200, again)
    assert isinstance(command("dead-letters", "replay", "3").exception, Problem)


def test_send_takes_data_a_file_or_an_example(
    command: Command, runner: FakeRunner, tmp_path: Path
) -> None:
    file = tmp_path / "data.json"
    file.write_text('{"student_id": "s2"}', encoding="utf-8")
    command("send", "student.withdrawn", "--data", '{"student_id": "s1"}', "--id", "again")
    command("send", "student.withdrawn", "--file", str(file), "--no-check")
    command("send", "org.learnflow.student.withdrawn.v1", "--example")
    bodies = [body for *_, body in runner.asked]
    assert [body["type"] for body in bodies] == ["org.learnflow.student.withdrawn.v1"] * 3
    assert bodies[0]["data"] == {"student_id": "s1"}
    assert (bodies[0]["id"], bodies[0]["check"]) == ("again", True)
    assert (bodies[1]["data"], bodies[1]["check"]) == ({"student_id": "s2"}, False)
    assert set(bodies[2]["data"]) == {"student_id", "version"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("student.withdrawn",), "nothing to send"),
        (("student.withdrawn", "--data", "{}", "--file", "x"), "too much"),
        (("student.withdrawn", "--data", "{"), "not JSON"),
        (("student.withdrawn", "--file", "/no/such/file"), "cannot be read"),
        (("student.withdraw", "--example"), "no event type"),
    ],
)
def test_what_cannot_be_sent_is_said_with_a_remedy(
    command: Command, runner: FakeRunner, arguments: tuple[str, ...], said: str
) -> None:
    error = command("send", *arguments).exception
    assert isinstance(error, Problem)
    assert said in error.what
    assert runner.asked == []


def test_logs_are_of_a_function_that_exists(command: Command, runner: FakeRunner) -> None:
    assert "started" in command("logs", "match_student").output
    assert runner.asked[-1][2] == {"function": "match-student"}
    error = command("logs", "match-studnet").exception
    assert isinstance(error, Problem)
    assert error.fix == "one of: match-student"


@pytest.mark.parametrize("arguments", [("ps",), ("logs",), ("events", "list"), ("send", "x")])
def test_a_runner_that_is_away_is_a_problem_not_a_traceback(
    command: Command, arguments: tuple[str, ...]
) -> None:
    error = command(*arguments).exception
    assert isinstance(error, Problem)
    assert isinstance(error, NotRunning) or arguments[0] == "send"


def test_migrate_without_an_address_names_the_variables(command: Command) -> None:
    error = command("migrate").exception
    assert isinstance(error, Problem)
    assert "LEARNFLOW_STUDENTS_DATABASE_URL" in error.fix


def test_migrate_of_a_server_that_is_away_is_one_sentence(command: Command) -> None:
    url = "postgresql://nobody@/students_db?host=/no/such/folder"
    error = command("migrate", "--students-url", url).exception
    assert isinstance(error, Problem)
    assert error.what.startswith("students_db could not be migrated")
    assert "\n" not in error.what
