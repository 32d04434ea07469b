"""All files are written, or none; what is there stays; a dry run touches nothing."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from learnflow.cli import place
from learnflow.cli.app import app
from learnflow.cli.problem import Problem
from learnflow.scaffold.reading import SpecError, read
from learnflow.scaffold.staging import CannotGenerate, Change, staged
from learnflow.scaffold.writing import write
from tests.docs.tutorial import REPOSITORY
from tests.scaffold.conftest import SPEC

OPTIONS = (
    *("new", "count_waiting", "--kind", "query", "--service", "student-api"),
    *("--summary", "How many students wait, by subject.", "--route", "GET /api/waiting"),
    *("--sql", "SELECT subject FROM students WHERE grade = coalesce(:grade::int, grade)"),
    *("--takes", "grade=Grade?", "--list", "waiting", "--shows", "subject=str"),
)
FILE = """functions:
- name: count_waiting
  kind: query
  service: student-api
  summary: How many students wait, by subject.
  route: GET /api/waiting
  sql: SELECT subject FROM students WHERE grade = coalesce(:grade::int, grade)
  takes: {grade: Grade?}
  list: waiting
  shows: {subject: str}
"""


def tree(root: Path) -> dict[str, bytes | None]:
    return {
        one.relative_to(root).as_posix(): one.read_bytes() if one.is_file() else None
        for one in root.rglob("*")
    }


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[list[Change]]:
    """What would have been written into the repository."""
    found: list[list[Change]] = []
    monkeypatch.setattr(
        "learnflow.scaffold.writing.write", lambda changes, _: found.append(changes)
    )
    return found


def test_options_and_a_file_make_the_same(tmp_path: Path, written: list[list[Change]]) -> None:
    spec = tmp_path / "spec.yaml"
    spec.write_text(FILE, "utf-8")
    runner = CliRunner()
    for words in (("new", "-f", str(spec)), OPTIONS):
        done = runner.invoke(app, list(words))
        assert done.exit_code == 0, done.exception
    own = [[one for one in made if "waiting" in one.path] for made in written]
    assert own[0] == own[1]
    assert len(own[0]) >= 7
    made = {change.path: change.after.decode() for change in written[0]}
    assert "grade: Grade | None = None" in made["functions/count_waiting/main.py"]
    assert "[count_waiting](../functions/count_waiting/main.py)" in made["docs/functions.md"]


def test_a_dry_run_writes_nothing(written: list[list[Change]]) -> None:
    done = CliRunner().invoke(app, [*OPTIONS, "--dry-run", "--json"])
    told = json.loads(done.output)
    assert told["written"] is False
    assert "k8s/base/functions/count-waiting.yaml" in told["new"]
    assert "k8s/base/functions/kustomization.yaml" in told["changed"]
    assert written == []


@pytest.mark.parametrize("words", [["new"], ["new", "count_waiting", "-f", "spec.yaml"]])
def test_a_file_or_a_name_is_needed(words: list[str]) -> None:
    done = CliRunner().invoke(app, words)
    assert isinstance(done.exception, Problem)
    assert done.exception.what == "A file or a name is needed, and not both."


def test_what_is_there_is_never_overwritten() -> None:
    text = SPEC.read_text("utf-8").replace("name: count_matches", "name: list_tutors")
    with pytest.raises(SpecError, match=r"functions/list_tutors/main\.py is there already"):
        staged(read(text.encode(), "spec.yaml"), place.ROOT)


def test_what_the_lint_refuses_is_not_written() -> None:
    text = FILE.replace("/api/waiting", "/api/students")
    with pytest.raises(
        CannotGenerate, match=r"lint would not pass.*GET /api/students already leads to"
    ):
        staged(read(text.encode(), "spec.yaml"), REPOSITORY)


def test_a_failure_leaves_all_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_bytes(b"a\n")
    (tmp_path / "wall").write_bytes(b"no folder")
    before = tree(tmp_path)
    changes = [
        Change("list.txt", b"a\n", b"a\nb\n"),
        Change("new/deep/file.txt", None, b"x"),
        Change("wall", b"no folder", b"y"),
        Change("x" * 251, None, b"z"),  # its temporary file's name is too long
    ]
    with pytest.raises(CannotGenerate, match=r"cannot be written"):
        write(changes, tmp_path)
    assert tree(tmp_path) == before


@pytest.mark.parametrize("change", [Change("a", b"old", b"new"), Change("a", None, b"new")])
def test_what_somebody_changed_meanwhile_is_not_overwritten(tmp_path: Path, change: Change) -> None:
    (tmp_path / "a").write_bytes(b"theirs")
    with pytest.raises(CannotGenerate, match="a was changed meanwhile"):
        write([Change("b", None, b"x"), change], tmp_path)
    assert tree(tmp_path) == {"a": b"theirs"}


def test_all_is_written(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"old")
    write([Change("a", b"old", b"new"), Change("b/c", None, b"x")], tmp_path)
    assert tree(tmp_path) == {"a": b"new", "b": None, "b/c": b"x"}
