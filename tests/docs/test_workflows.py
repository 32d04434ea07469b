"""The workflows: actions are pinned to commits, and what they run is there."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from learnflow.cli.app import app
from tests.docs.test_commands import ROOT

FILES = sorted((ROOT / ".github" / "workflows").glob("*.yaml"))
PINNED = re.compile(r"^\s*- uses: [\w.-]+/[\w.-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$")


def _steps(file: Path) -> list[dict[str, Any]]:
    workflow = yaml.safe_load(file.read_text())
    return [step for job in workflow["jobs"].values() for step in job["steps"]]


def test_there_are_workflows() -> None:
    assert [file.stem for file in FILES] == ["ci", "nightly"]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_action_is_pinned_to_a_commit_and_says_which_release(file: Path) -> None:
    used = [line for line in file.read_text().splitlines() if "uses:" in line]
    assert [line for line in used if not PINNED.match(line)] == []


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_nothing_is_granted_but_reading_to_all_jobs_and_each_ends_by_itself(file: Path) -> None:
    workflow = yaml.safe_load(file.read_text())
    assert workflow["permissions"] == {"contents": "read"}
    assert [name for name, job in workflow["jobs"].items() if "timeout-minutes" not in job] == []


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_scripts_and_commands_that_they_run_exist(file: Path) -> None:
    said = "\n".join(step.get("run", "") for step in _steps(file))
    scripts = re.findall(r"bash (\S+)", said)
    assert [name for name in scripts if not (ROOT / name).is_file()] == []
    groups = {group.name for group in app.registered_groups}
    commands = {command.name for command in app.registered_commands} | groups
    assert set(re.findall(r"learnflow (\w+) \w+", said)) <= commands


def test_the_images_are_the_dockerfiles_targets() -> None:
    (images,) = [
        job["strategy"]["matrix"]["target"]
        for file in FILES
        for job in yaml.safe_load(file.read_text())["jobs"].values()
        if "strategy" in job
    ]
    stages = re.findall(r"^FROM \S+ AS (\S+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert set(images) <= set(stages)
