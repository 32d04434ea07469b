"""Stages are plain lines in a pipe, and ASCII where the terminal is."""

import io
import sys

import pytest

from learnflow.cli.stages import Stages
from learnflow.local.progress import Progress


def test_a_pipe_gets_a_line_for_what_is_done_and_what_needs_attention(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with Stages() as stages:
        stages(Progress("Postgres", "done", "0.8 s"))
        stages(Progress("port", "warn", "Port 8080 is used by PID 1 (nginx); using 8081."))
    printed = capsys.readouterr().out.splitlines()
    assert [line.split(maxsplit=2) for line in printed] == [
        ["✓", "Postgres", "0.8 s"],
        ["!", "port", "Port 8080 is used by PID 1 (nginx); using 8081."],
    ]


def test_an_ascii_stream_gets_ascii(monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding="ascii"))
    with Stages() as stages:
        stages(Progress("Postgres", "done", "0.8 s"))
    sys.stdout.flush()
    assert written.getvalue().split() == [b"ok", b"Postgres", b"0.8", b"s"]


def test_what_changes_often_is_not_printed_each_time(capsys: pytest.CaptureFixture[str]) -> None:
    with Stages() as stages:
        for number in range(100):
            stages.now(f"{number} registered")
    assert capsys.readouterr().out.splitlines() == ["  0 registered"]
