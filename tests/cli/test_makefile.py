"""make: help by default, paths with spaces, and one line when something is missing."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
needs_make = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The Makefile in a folder whose name has a space."""
    folder = tmp_path / "a clone"
    folder.mkdir()
    shutil.copy(ROOT / "Makefile", folder)
    return folder


def _make(
    folder: Path, *arguments: str, path: str | None = None
) -> "subprocess.CompletedProcess[str]":
    environment = {"PATH": path or os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1"}
    command = ["make", *arguments]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def _program(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    file.chmod(0o755)


@needs_make
def test_make_alone_lists_the_targets(folder: Path) -> None:
    printed = _make(folder).stdout
    targets = [line.split()[0] for line in printed.splitlines()[1:]]
    assert targets == [
        "help",
        "run",
        "test",
        "check",
        "bench",
        "contracts",
        "fuzz",
        "peers",
        "lock",
        "clean",
    ]


@needs_make
def test_without_uv_and_venv_one_line_names_the_package(folder: Path, tmp_path: Path) -> None:
    _program(tmp_path / "bin" / "python3", "exit 1")
    _program(tmp_path / "bin" / "uv", "exit 1")
    done = _make(folder, "run", path=f"{tmp_path / 'bin'}:/usr/bin:/bin")
    assert done.returncode != 0
    said = [line for line in done.stderr.splitlines() if "make:" not in line]
    assert said[-1].startswith("Python cannot make a virtual environment: install the package")
    assert "python3-venv" in said[-1]


@needs_make
@pytest.mark.parametrize(("node", "groups"), [("exit 0", ""), ("exit 1", " --group web")])
def test_uv_from_the_path_installs_and_bytecode_may_be_written(
    folder: Path, tmp_path: Path, node: str, groups: str
) -> None:
    """A Node that does not say that it is new enough is brought by the group `web`."""
    told = tmp_path / "told"
    _program(tmp_path / "a bin" / "node", node)
    _program(tmp_path / "a bin" / "npm", "exit 0")
    _program(tmp_path / "a bin" / "uv", f'echo "$@" >> "{told}"')
    _program(
        folder / ".venv" / "bin" / "python",
        f'echo "$@ ${{PYTHONDONTWRITEBYTECODE-unset}}" >> "{told}"',
    )
    done = _make(folder, "run", path=f"{tmp_path / 'a bin'}:/usr/bin:/bin")
    assert done.returncode == 0, done.stderr
    assert told.read_text(encoding="utf-8").splitlines() == [
        "--version",
        f"sync --inexact --no-dev{groups}",
        "-m learnflow.cli.app demo --stay unset",
    ]
