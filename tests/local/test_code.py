"""Which code a function runs: what loaded last, whatever lies in its folder now."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from learnflow.local.breakage import Breakage, breakage_of
from learnflow.local.changes import changes_in
from learnflow.local.code import Code
from learnflow.local.generation import imported
from learnflow.local.sources import Sources, forget_bytecode
from tests.eventually import eventually
from tests.local.fakes import function


class Generation:
    """Fork servers that note their end."""

    def __init__(self) -> None:
        self.ended = 0

    async def retire(self) -> None:
        self.ended += 1

    async def stop(self) -> None:
        self.ended += 1


def _forked() -> Any:
    return Generation()


async def test_functions_that_do_not_load_stay_with_the_generation_before() -> None:
    first, second, third = (_forked() for _ in range(3))
    found = Code(first)
    found.begin(second, stay={"hello"})
    assert found.of(function("hello")).generation == first
    assert found.of(function("other")).generation == second
    found.begin(third, stay={"hello", "other"})
    assert found.of(function("hello")).generation == first
    assert found.of(function("other")).generation == second
    assert (first.ended, second.ended) == (0, 0)
    found.catch_up("hello")
    await eventually(lambda: first.ended)
    assert found.of(function("hello")).generation == third
    assert (second.ended, third.ended) == (0, 0)
    await found.stop()
    assert (first.ended, second.ended, third.ended) == (1, 1, 1)


@pytest.fixture
def main(tmp_path: Path) -> Path:
    file = tmp_path / "functions" / "hello" / "main.py"
    file.parent.mkdir(parents=True)
    file.write_text("good = 1")
    return file


@pytest.fixture
def sources(tmp_path: Path, main: Path) -> Sources:
    made = Sources(tmp_path / "functions", tmp_path / "kept")
    made.accept("hello", made.take("hello"))
    return made


def test_what_loaded_is_found_in_its_place_until_something_else_lies_there(
    sources: Sources, main: Path
) -> None:
    assert sources.folder("hello") is None
    main.write_text("good = 2  # not tried yet")
    kept = sources.folder("hello")
    assert kept is not None
    assert (kept / "hello" / "main.py").read_text() == "good = 1"
    sources.accept("hello", sources.take("hello"))
    assert sources.folder("hello") is None
    assert kept.is_dir()  # an instance may be reading it
    main.unlink()
    kept = sources.folder("hello")
    assert kept is not None
    assert "not tried yet" in (kept / "hello" / "main.py").read_text()


def test_copies_do_not_pile_up(sources: Sources, main: Path, tmp_path: Path) -> None:
    for number in range(20):
        main.write_text(f"good = {number}")
        sources.accept("hello", sources.take("hello"))
    assert len(list((tmp_path / "kept").iterdir())) == 2


def test_what_was_taken_is_current_until_the_next_save(sources: Sources, main: Path) -> None:
    main.write_text("good = 3")
    taken = sources.take("hello")
    assert sources.is_current("hello", taken)
    main.write_text("good = 44")
    assert not sources.is_current("hello", taken)


def test_bytecode_of_a_saved_file_is_forgotten(main: Path) -> None:
    import py_compile

    compiled = Path(str(py_compile.compile(str(main))))
    assert compiled.is_file()
    forget_bytecode(main)
    forget_bytecode(main)
    assert not compiled.exists()


def broken(text: str, root: Path, name: str = "functions/a/main.py") -> Breakage:
    """What is said of a file with this text."""
    file = root / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    try:
        exec(compile(text, str(file), "exec"), {})
    except BaseException as error:
        return breakage_of(error, file, root)
    raise AssertionError("it loads")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = 1\ndef f(:\n", "functions/a/main.py:2: SyntaxError: invalid syntax"),
        ("\n\n1 / 0", "functions/a/main.py:3: ZeroDivisionError: division by zero"),
        ("import no_such", "functions/a/main.py:1: ModuleNotFoundError: No module named 'no_such'"),
        ("raise SystemExit(3)", "functions/a/main.py:1: SystemExit: 3"),
        ("import json\njson.loads('{')", "functions/a/main.py:2: json.decoder.JSONDecodeError"),
    ],
)
def test_a_breakage_names_file_line_and_error(tmp_path: Path, text: str, said: str) -> None:
    assert str(broken(text, tmp_path)).startswith(said)


@pytest.mark.parametrize(
    ("paths", "found"),
    [
        (["functions/a/main.py", "functions/a/data.txt"], {"functions": {"a"}}),
        (["functions/a"], {"functions": {"a"}}),
        (["functions/__init__.py"], {}),
        (["db/ids.py"], {"library": [Path("db/ids.py")]}),
        (["db/students/migrations/0003_up.sql"], "migrations"),
        (["db/messaging/0003_up.sql"], "migrations"),
        (["eventing/sources/a.yaml"], "manifests"),
        (["k8s/base/functions/a.yaml"], "manifests"),
        (["k8s/base/notes.md", "db/notes.md", "eventing/schemas/a.json"], {}),
        (["learnflow/cli/never_imported.py"], {}),
        (["learnflow/local/gateway.py"], "runner and library"),
    ],
)
def test_files_are_sorted_by_whom_they_concern(paths: list[str], found: Any) -> None:
    given = [Path(path) for path in paths]
    expected: dict[str, Any] = found if isinstance(found, dict) else {}
    if isinstance(found, str):
        expected = dict.fromkeys(found.split(" and "), given)
    sorted_ = changes_in(given, run=["learnflow.local.gateway"])
    for part in ("functions", "library", "runner", "manifests", "migrations"):
        empty: Iterable[Any] = set() if part == "functions" else []
        assert getattr(sorted_, part) == expected.get(part, empty)


def test_the_modules_that_functions_import_are_found(tmp_path: Path) -> None:
    for name in ("db/students/store.py", "learnflow/runtime/__init__.py", "learnflow/ranking.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    file = tmp_path / "functions" / "hello" / "main.py"
    file.parent.mkdir(parents=True)
    file.write_text(
        "import json\nfrom db.students import store\nfrom learnflow.runtime import query, gone\n"
        "import learnflow.ranking\nfrom db.nowhere import it\n"
    )
    named = list(imported(tmp_path, ["hello", "absent"]))
    assert named == ["db.students.store", "learnflow.runtime", "learnflow.ranking"]
    file.write_text("def broken(:")
    assert list(imported(tmp_path, ["hello"])) == []
