"""The command line as a whole: quick, quiet about tracebacks, the same everywhere."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest
import typer

from learnflow.cli.app import app
from learnflow.cli.problem import Problem

ROOT: Final = Path(__file__).parents[2]
HEAVY: Final = ("aiohttp", "asyncpg", "pydantic", "rich", "psutil", "uvloop", "yaml", "sqlalchemy")
COMMANDS: Final = {
    *("up", "demo", "down", "doctor", "ps", "logs", "send", "migrate", "maintain"),
    *("events", "dead-letters", "trace", "export", "explain", "fault", "evaluate", "ranker"),
    *("new", "cluster", "database", "relay", "web"),
}


def _run(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "learnflow.cli.app", *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=60,
    )


def _commands() -> dict[str, "typer.core.TyperCommand"]:
    group = typer.main.get_command(app)
    found: dict[str, typer.core.TyperCommand] = {}
    for name, command in group.commands.items():  # type: ignore[attr-defined]
        inner = getattr(command, "commands", {"": command})
        found |= {f"{name} {each}".strip(): one for each, one in inner.items()}
    return found


def test_every_command_of_the_readme_is_there() -> None:
    assert {name.partition(" ")[0] for name in _commands()} == COMMANDS


def test_every_option_declares_its_environment_variable() -> None:
    bare = [
        f"{name} {parameter.name}"
        for name, command in _commands().items()
        for parameter in command.params
        if parameter.param_type_name == "option" and parameter.name != "help"
        if not str(parameter.envvar).startswith("LEARNFLOW_")
    ]
    assert bare == []


def test_starting_imports_nothing_heavy() -> None:
    code = (
        f"import sys, learnflow.cli.app; print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_a_problem_is_shown_without_a_traceback_and_fails() -> None:
    done = _run("send", "student.registred", "--example")
    assert done.returncode == 1
    assert done.stderr.startswith("error: There is no event type student.registred.")
    assert "to do:   one of: student.registered" in done.stderr
    assert "Traceback" not in done.stderr


def test_debug_shows_the_traceback() -> None:
    assert "Traceback" in _run("--debug", "send", "student.registred", "--example").stderr


def test_an_environment_variable_sets_an_option() -> None:
    done = _run("doctor", LEARNFLOW_JSON="1")
    assert done.stdout.startswith('{"ok": ')


def test_a_problem_says_what_where_and_what_to_do() -> None:
    assert Problem("It broke.", "mend it", "there").lines() == [
        "error: It broke.",
        "  where:   there",
        "  to do:   mend it",
    ]


@pytest.mark.parametrize("arguments", [("up", "--port", "65536"), ("no-such",), ("send",)])
def test_wrong_usage_ends_with_2(arguments: tuple[str, ...]) -> None:
    done = _run(*arguments, NO_COLOR="1")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
