"""`doctor` says what is wrong, and what to do about it."""

import socket
from collections.abc import Iterator

import pytest

from learnflow.cli import checks
from learnflow.cli.checks import Check
from learnflow.cli.problem import Problem
from tests.cli.conftest import Command, parsed


def test_everything_is_fine_here(command: Command) -> None:
    found = parsed(command("doctor", "--json", "--port", "0"))
    names = {one["name"] for one in found["checks"]}
    assert found["ok"]
    assert {"Python", "Postgres", "state", "sockets", "runner", "port", "manifests"} <= names


def test_a_taken_port_is_a_warning_with_its_owner() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        (found,) = checks.port(taken.getsockname()[1])()
    assert found.state == "warn"
    assert "is used by PID" in found.detail
    assert "--port" in found.fix


def test_a_failed_check_fails_the_command_and_names_it(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> Iterator[Check]:
        yield Check("Postgres", "fail", "there is none", "uv sync")

    monkeypatch.setattr(checks, "postgres", broken)
    error = command("doctor").exception
    assert isinstance(error, Problem)
    assert (error.what, error.fix) == ("LearnFlow cannot run here: Postgres.", "uv sync")
