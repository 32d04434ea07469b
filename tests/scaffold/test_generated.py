"""What `learnflow new` writes passes what `make check` runs, and runs."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.test_add_a_function import serving
from tests.docs.tutorial import Said, run
from tests.ports import free_port
from tests.scaffold.conftest import Generated
from tests.system.clone import PLAIN_ENVIRONMENT

EVERY = (
    *("ask_lesson", "count_waiting", "note_lesson", "watch_lessons"),
    *("place_match", "count_matches", "nudge_matching", "recall_tutor"),
)
KEPT = "test_the_contracts_of_today_are_the_newest_that_are_kept"
CONTRACTS = (
    *("tests/contracts/test_drift.py", f"tests/contracts/test_compatibility.py::{KEPT}"),
    *("tests/contracts/test_answers.py", "tests/manifests/test_wiring.py"),
    *("tests/eventing/test_golden.py", "tests/eventing/test_graph.py"),
    *("tests/eventing/test_examples.py", "tests/db/test_queries.py"),
    *("--deselect", "tests/manifests/test_wiring.py::test_the_base_is_made_of_all_these_folders"),
)


def ran(root: Path, *words: str) -> str:
    """What `python -m` said; fails when it failed."""
    done = subprocess.run(
        [sys.executable, "-m", *words],
        cwd=root,
        env=PLAIN_ENVIRONMENT,
        capture_output=True,
        encoding="utf-8",
        timeout=170,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}{done.stderr}"[-6000:]
    return done.stdout


def test_each_function_gets_its_files(generated: Generated) -> None:
    files = generated.new
    for name in EVERY:
        assert {f"functions/{name}/main.py", f"tests/functions/test_{name}.py"} <= set(files)
    queries = {name for name in files if name.startswith("db/")}
    assert queries == {
        *(f"db/students/{name}.py" for name in ("ask_lesson", "count_waiting")),
        *(f"db/matching/{name}.py" for name in ("note_lesson", "place_match", "count_matches")),
        "db/matching/recall_tutor.py",
    }
    rows = (generated.root / "docs" / "functions.md").read_text("utf-8")
    assert all(f"[{name}](../functions/{name}/main.py)" in rows for name in EVERY)


def test_a_generated_function_is_a_sentence_of_at_most_40_lines(generated: Generated) -> None:
    for name in EVERY:
        text = (generated.root / "functions" / name / "main.py").read_text("utf-8")
        assert len(text.splitlines()) <= 40
        assert re.match(r'"""Hears (.|\n)+ Says (.|\n)+ (Writes|Reads|Streams)', text)


def test_format_lint_and_import_rules_hold(generated: Generated) -> None:
    files = generated.python
    ran(generated.root, "ruff", "format", "--check", "--no-cache", *files)
    ran(generated.root, "ruff", "check", "--no-cache", *files)
    said = ran(generated.root, "learnflow.manifests.lint")
    assert said.strip().endswith(" 0 findings")


def test_types_hold(generated: Generated) -> None:
    assert "no issues found" in ran(generated.root, "mypy", *generated.python)


@pytest.mark.timeout(200)
def test_the_generated_tests_and_those_of_contracts_and_wiring_pass(generated: Generated) -> None:
    own = [f"tests/functions/test_{name}.py" for name in EVERY]
    ran(generated.root, "pytest", "-q", "-x", "-p", "no:cacheprovider", *own, *CONTRACTS)


@pytest.mark.system
@pytest.mark.timeout(120)
def test_a_generated_function_runs_behind_the_port_of_its_service(generated: Generated) -> None:
    ports = generated.root / "learnflow" / "local" / "spec_ports.py"
    text = ports.read_text("utf-8")
    for port in range(3000, 3004):
        text = text.replace(str(port), str(free_port()))
    ports.write_text(text, "utf-8")
    environment = {
        "XDG_STATE_HOME": str(generated.root.parent / "state"),
        "LEARNFLOW_SPEC_PORTS": "1",
    }
    with serving(generated.root, environment):
        services = json.loads(asked("uv run learnflow ps --json", generated.root, environment))
        assert "count-waiting" in {one["function"] for one in services["functions"]}
        found = re.findall(r'(\d+): "([a-z-]+)"', ports.read_text("utf-8"))
        of_service = {name: number for number, name in found}
        url = f"http://127.0.0.1:{of_service['student-api']}/api/waiting"
        assert asked(f"curl -s {url}", generated.root, environment) == '{"waiting":[]}'
        body = "-H 'content-type: application/json' -d '{\"version\": 1}'"
        url = f"http://127.0.0.1:{of_service['tutor-api']}/api/tutors/nobody/nudge"
        assert '"status":404' in asked(f"curl -s {url} {body}", generated.root, environment)


def asked(command: str, root: Path, environment: dict[str, str]) -> str:
    """What a command of the page's kind prints."""
    return run(Said(command, ""), root, environment)[1]
