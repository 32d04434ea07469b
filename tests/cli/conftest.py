"""Fixtures of the command line's tests."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from learnflow.cli import app as cli
from learnflow.cli import place
from learnflow.cli.control import Control
from tests.cli.cluster_api import api_server, cluster, minikube, small  # noqa: F401
from tests.cli.fake_runner import FakeRunner, serving

Command = Callable[..., Result]


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Runs the command line in this process, talking to the fake's socket."""
    monkeypatch.setattr(place, "control", lambda: Control(tmp_path / "runner.sock"))
    return lambda *arguments: CliRunner().invoke(cli.app, arguments)


@pytest.fixture
def runner(tmp_path: Path) -> Iterator[FakeRunner]:
    with serving(tmp_path / "runner.sock") as fake:
        yield fake


def parsed(result: Result) -> Any:
    """The JSON a command printed, which must be all it printed."""
    assert result.exit_code == 0, result.output
    return json.loads(result.output)
