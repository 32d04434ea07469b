"""Events as a tool: what replay, tail, send, export and the dead letters ask for and show."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from learnflow.cli.problem import Problem
from tests.cli import fake_runner
from tests.cli.conftest import Command, parsed
from tests.cli.fake_runner import FakeRunner

REPLAY = "POST /control/events/replay"
WITHDRAWN = '{"student_id":"s1","version":1}'


def problem(result: Any) -> Problem:
    assert isinstance(result.exception, Problem), result.output
    return result.exception


def test_a_replay_is_planned_then_done_with_the_same_choice(
    command: Command, runner: FakeRunner
) -> None:
    chosen = ("--type", "student.registered", "--function", "match_student", "--since", "10m")
    shown = command("events", "replay", *chosen).output
    assert "3 delivered: 1 applied, 2 duplicates, 0 dead letters" in shown
    plan, done = (body for *_, body in runner.asked)
    assert plan.pop("dry_run") is True
    assert plan == done
    assert done["type"] == "org.learnflow.student.registered.v1"
    assert done["function"] == "match-student"


def test_a_dry_run_shows_what_would_go_where_and_sends_nothing(
    command: Command, runner: FakeRunner
) -> None:
    shown = command("events", "replay", "e1", "--dry-run").output
    assert all(
        word in shown for word in ("match-student", "student.registered", "Nothing was done")
    )
    assert "the first 1 are shown" in shown
    assert [body["dry_run"] for *_, body in runner.asked] == [True]


def test_a_replay_of_many_is_not_begun_without_a_yes(command: Command, runner: FakeRunner) -> None:
    runner.answers[REPLAY] = lambda asked: (
        (200, {**fake_runner.PLAN, "deliveries": 1001})
        if asked.get("dry_run")
        else (200, [fake_runner.TALLY])
    )
    refused = problem(command("events", "replay", "--since", "1h"))
    assert "1001 deliveries" in refused.what
    assert "--yes" in refused.fix
    assert len(runner.asked) == 1
    assert "1 applied" in command("events", "replay", "--since", "1h", "--yes").output


@pytest.mark.parametrize(
    ("tally", "said"),
    [
        ({**fake_runner.TALLY, "done": 2}, "broke off"),
        ({**fake_runner.TALLY, "delivered": 0, "dead_letters": 1}, "Not everything was taken"),
    ],
)
def test_a_replay_that_did_not_go_well_is_a_failure(
    command: Command, runner: FakeRunner, tally: dict[str, Any], said: str
) -> None:
    runner.answers[REPLAY] = lambda asked: (
        200,
        fake_runner.PLAN if "dry_run" in asked else [tally],
    )
    assert said in problem(command("events", "replay", "e1")).what


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "Nothing was chosen"),
        (("--since", "yesterday"), "no time"),
        (("--since", "1h", "--until", "2h"), "time range is empty"),
        (("--type", "student.registred"), "no event type"),
    ],
)
def test_a_choice_that_cannot_be_meant_is_refused_before_the_runner_is_asked(
    command: Command, runner: FakeRunner, arguments: tuple[str, ...], said: str
) -> None:
    assert said in problem(command("events", "replay", *arguments)).what
    assert runner.asked == []


def test_a_replay_of_nothing_says_so(command: Command, runner: FakeRunner) -> None:
    runner.answers[REPLAY] = (200, {**fake_runner.PLAN, "deliveries": 0})
    assert "No stored event fits" in problem(command("events", "replay", "--key", "s2")).what


def test_tail_shows_events_attempts_and_what_was_missed(
    command: Command, runner: FakeRunner
) -> None:
    arguments = ("--type", "student.registered", "--key", "s1", "--function", "match_student")
    said, tried, missed = command("events", "tail", *arguments).output.splitlines()
    assert "student.registered" in said
    assert "e1" in said
    assert all(w in tried for w in ("match-student", "503", "12.5 ms", "cold start 20 ms", "busy"))
    assert "waiting for retry 1 of 7" in tried
    assert missed.strip().startswith("4 lines")
    asked = {"topic": "student.registered", "key": "s1", "function": "match-student"}
    assert runner.asked[-1][2] == asked


def test_tail_as_json_is_a_line_for_each_item(command: Command, runner: FakeRunner) -> None:
    lines = [json.loads(one) for one in command("events", "tail", "--json").output.splitlines()]
    assert [list(one) for one in lines] == [["event"], ["delivery"], ["missed"]]


def test_events_show_names_the_trace_and_list_who_took_it(
    command: Command, runner: FakeRunner
) -> None:
    assert f"learnflow trace {'a1' * 16}" in command("events", "show", "e1").output
    listed = {"position": 9, **fake_runner.RECORD, "deliveries": [fake_runner.TRAIL]}
    runner.answers["GET /control/events"] = (200, {"events": [listed]})
    assert "match-student 503" in command("events", "list").output


def sent_bodies(runner: FakeRunner) -> list[Any]:
    return [one["data"] for one in runner.asked[-1][3]["events"]]


@pytest.mark.parametrize("where", [("--file",), ()])
def test_a_file_of_json_lines_is_sent_as_many_events(
    command: Command, runner: FakeRunner, tmp_path: Path, where: tuple[str, ...]
) -> None:
    sent = [{"id": "e1", "topic": "student.withdrawn"}, {"id": "e2", "topic": "student.withdrawn"}]
    runner.answers["POST /control/send"] = (202, {"sent": sent})
    file = tmp_path / "many.jsonl"
    file.write_text(f"{WITHDRAWN}\n\n{WITHDRAWN}\n", encoding="utf-8")
    shown = command("send", "student.withdrawn", *where, str(file)).output
    assert "2 events" in shown
    assert sent_bodies(runner) == [json.loads(WITHDRAWN)] * 2


def test_of_many_events_the_refused_are_told(command: Command, runner: FakeRunner) -> None:
    sent = [{"id": "e1", "topic": "t"}, {"id": "e2", "topic": "t", "refused": "a NUL"}]
    runner.answers["POST /control/send"] = (202, {"sent": sent})
    failed = problem(command("send", "student.withdrawn", "--data", f"{WITHDRAWN}\n{WITHDRAWN}"))
    assert ("a NUL" in failed.what, failed.where) == (True, "no. 2")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"{WITHDRAWN}\n{{\n", "Line 2"),
        ("[" * 99_999, "not JSON"),
        ("{}\n" * 10_001, "10001 lines"),
    ],
)
def test_a_file_that_cannot_be_sent_is_refused_whole(
    command: Command, runner: FakeRunner, tmp_path: Path, text: str, said: str
) -> None:
    file = tmp_path / "many.jsonl"
    file.write_text(text, encoding="utf-8")
    assert said in problem(command("send", "student.withdrawn", "--file", str(file))).what
    assert runner.asked == []


def test_one_id_is_not_given_to_many_events(command: Command, runner: FakeRunner) -> None:
    data = f"{WITHDRAWN}\n{WITHDRAWN}"
    result = command("send", "student.withdrawn", "--data", data, "--id", "same")
    assert "One id" in problem(result).what


LETTERS: list[tuple[tuple[str, ...], dict[str, Any]]] = [
    (("0:1", "3"), {"places": ["0:1", "3"]}),
    (("--all",), {"all": True}),
    (("--function", "match_student"), {"function": "match-student"}),
]


@pytest.mark.parametrize(("arguments", "asked"), LETTERS)
def test_letters_are_discarded_with_a_reason_that_is_sent(
    command: Command, runner: FakeRunner, arguments: tuple[str, ...], asked: dict[str, Any]
) -> None:
    shown = command("dead-letters", "discard", *arguments, "--reason", "a test").output
    assert "Discarded: 2 dead letters; 1 had been settled before." in shown
    assert runner.asked[-1][3] == {**asked, "reason": "a test", "dry_run": False}


@pytest.mark.parametrize(("arguments", "asked"), LETTERS)
def test_letters_are_replayed_by_the_same_choices(
    command: Command, runner: FakeRunner, arguments: tuple[str, ...], asked: dict[str, Any]
) -> None:
    assert "2 duplicates" in command("dead-letters", "replay", *arguments).output
    assert runner.asked[-1][3] == asked


@pytest.mark.parametrize("arguments", [(), ("3", "--all"), ("--all", "--key", "s1")])
def test_letters_are_chosen_in_one_way(
    command: Command, runner: FakeRunner, arguments: tuple[str, ...]
) -> None:
    for action in (("replay",), ("discard", "--reason", "x")):
        assert "was chosen" in problem(command("dead-letters", *action, *arguments)).what
    assert runner.asked == []


def test_settled_letters_are_listed_with_what_was_decided(
    command: Command, runner: FakeRunner
) -> None:
    decided = {"state": "discarded", "reason": "a typo", "at": 1_795_000_000_000}
    letters = [{**fake_runner.LETTER, "settled": decided}]
    runner.answers["GET /control/dead-letters"] = (200, {"dead_letters": letters})
    shown = command("dead-letters", "list", "--settled").output
    assert "a typo" in shown
    assert runner.asked[-1][2]["settled"] == "1"


Export = Callable[..., Any]


@pytest.fixture
def exported(runner: FakeRunner) -> list[dict[str, Any]]:
    lines: list[dict[str, Any]] = [
        {"kind": "learnflow-run", "format": 1},
        {"kind": "record", "value": "ü"},
        {"kind": "delivery"},
        {"kind": "delivery"},
    ]
    runner.answers["GET /control/export"] = (200, lines)
    return lines


def test_an_export_is_written_whole_and_counted(
    command: Command, exported: list[dict[str, Any]], tmp_path: Path
) -> None:
    file = tmp_path / "run.jsonl"
    assert "1 record, 2 deliveries" in command("export", str(file)).output
    assert [json.loads(line) for line in file.read_text("utf-8").splitlines()] == exported
    assert [path.name for path in tmp_path.iterdir() if path.suffix != ".sock"] == ["run.jsonl"]


def test_an_export_replaces_no_file_unless_forced(
    command: Command, exported: list[dict[str, Any]], tmp_path: Path
) -> None:
    file = tmp_path / "run.jsonl"
    file.write_text("mine", encoding="utf-8")
    assert "--force" in problem(command("export", str(file))).fix
    assert file.read_text(encoding="utf-8") == "mine"
    assert parsed(command("export", str(file), "--force", "--json"))["record"] == 1


def test_an_export_into_a_folder_that_is_not_there_is_one_sentence(
    command: Command, exported: list[dict[str, Any]], tmp_path: Path
) -> None:
    failed = problem(command("export", str(tmp_path / "no" / "run.jsonl")))
    assert "cannot be written" in failed.what
