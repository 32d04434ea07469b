"""The lock is complete, and rewriting it touches nothing else."""

import re
import tomllib
from pathlib import Path
from typing import Any, Final

import pytest

from tools.lock import pins, with_list

ROOT: Final = Path(__file__).parents[2]


@pytest.fixture
def pyproject() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def _name(requirement: str) -> str:
    found = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert found is not None
    return found[0].lower()


def test_every_dependency_is_pinned_to_one_version(pyproject: dict[str, Any]) -> None:
    locked = pyproject["tool"]["uv"]["constraint-dependencies"]
    groups = pyproject["dependency-groups"].values()
    lists = (pyproject["project"]["dependencies"], *groups)
    named = (one for each in lists for one in each if isinstance(one, str))  # a dict is a group
    wanted = {_name(one) for one in named}
    assert wanted - {_name(pin) for pin in locked} == set()
    assert [pin for pin in locked if not re.fullmatch(r"[a-z0-9._-]+==[^ ;]+( ; .+)?", pin)] == []


def test_the_build_is_pinned_too(pyproject: dict[str, Any]) -> None:
    locked = {_name(pin) for pin in pyproject["tool"]["uv"]["build-constraint-dependencies"]}
    assert {_name(one) for one in pyproject["build-system"]["requires"]} <= locked


def test_the_lock_names_no_registry(pyproject: dict[str, Any]) -> None:
    assert "index" not in pyproject["tool"]["uv"]
    assert "://" not in str(pyproject["tool"]["uv"])


def test_an_export_becomes_pins_without_extras() -> None:
    export = "# made by uv\n-e .\nb[x,y]==2.0 ; python_version < '3.13'\na==1.0\na==1.0\n"
    assert pins(export) == ["a==1.0", "b==2.0 ; python_version < '3.13'"]


def test_only_the_list_changes() -> None:
    text = '[tool.uv]\nother = ["x"]\nconstraint-dependencies = [\n  "a==1",\n]\n[tool.ruff]\n'
    assert with_list(text, "constraint-dependencies", ["a==2", "b==1"]) == (
        '[tool.uv]\nother = ["x"]\nconstraint-dependencies = [\n  "a==2",\n  "b==1",\n]\n'
        "[tool.ruff]\n"
    )
    assert with_list("constraint-dependencies = []\n", "constraint-dependencies", []) == (
        "constraint-dependencies = []\n"
    )


def test_a_file_without_the_list_is_refused() -> None:
    with pytest.raises(ValueError, match="has no list"):
        with_list("[tool.uv]\n", "constraint-dependencies", [])
