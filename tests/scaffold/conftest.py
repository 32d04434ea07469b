"""A copy of the repository in which `learnflow new` has run, once for all tests that look at it."""

import json
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.docs.tutorial import REPOSITORY, Said, copy_to, run

SPEC = Path(__file__).parent / "each_kind.yaml"
ROOM = {"MAX_CONSUMERS = 20": "MAX_CONSUMERS = 40", "CONNECTIONS = 500": "CONNECTIONS = 900"}
"""Bounds of the real system, which the many functions of this specification would exceed."""


@dataclass(frozen=True)
class Generated:
    """The copy's root, and which files were made and changed in it."""

    root: Path
    new: list[str]
    changed: list[str]

    @property
    def python(self) -> list[str]:
        """The Python among them."""
        return [name for name in (*self.new, *self.changed) if name.endswith(".py")]


@pytest.fixture(scope="session")
def generated() -> Iterator[Generated]:
    """The specification carried out."""
    folder = Path(tempfile.mkdtemp(prefix="lf-new-", dir="/tmp"))
    folder.chmod(0o755)  # as root, Postgres runs under another user
    root = folder / "learnflow"
    try:
        copy_to(root)
        lint = root / "learnflow" / "manifests" / "lint_tree.py"
        text = lint.read_text("utf-8")
        for before, after in ROOM.items():
            text = text.replace(before, after)
        lint.write_text(text, "utf-8")
        if (cache := REPOSITORY / ".mypy_cache").is_dir():
            shutil.copytree(cache, root / ".mypy_cache")
        command = f"uv run learnflow new --json -f {SPEC}"
        code, said = run(Said(command, ""), root, {})
        assert code == 0, said
        told = json.loads(said)
        yield Generated(root, told["new"], told["changed"])
    finally:
        shutil.rmtree(folder, ignore_errors=True)
