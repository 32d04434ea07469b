"""Proves new files in a copy of the repository, and tells what would be different afterwards."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from learnflow.scaffold.files import files
from learnflow.scaffold.reading import SpecError
from learnflow.scaffold.spec import Spec

PARTS: Final = (
    *("db", "docs", "eventing", "examples", "functions", "k8s", "learnflow", "tests", "tools"),
    *("Makefile", "README.md", "pyproject.toml"),
)
_SECONDS: Final = 120.0
_LEFT_OUT: Final = shutil.ignore_patterns("__pycache__", ".*")
_STEPS: Final = {
    "the manifests' lint": ("-m", "learnflow.manifests.lint"),
    "what is generated from the code": ("-m", "tools.contracts"),
    "the contracts that are kept": ("-m", "tools.golden"),
}


class CannotGenerate(Exception):
    """The files would not pass: which check says so, and what it says."""

    def __init__(self, what: str, fix: str) -> None:
        super().__init__(what)
        self.what, self.fix = what, fix


@dataclass(frozen=True, slots=True)
class Change:
    """One file: its path below the root, what stood there (None: nothing), what shall."""

    path: str
    before: bytes | None
    after: bytes


def staged(spec: Spec, root: Path) -> list[Change]:
    """All files that differ once the specification is carried out, in order of their paths.

    Nothing below `root` is touched. Raises SpecError, CannotGenerate.
    """
    for part in ("tools", "tests", "pyproject.toml"):
        if not (root / part).exists():
            fix = "run it in a clone of the repository, as docs/add-a-function.md says"
            raise CannotGenerate(f"There is no {part} beside the code: this is no clone.", fix)
    with _copy(root) as copy:
        before = _contents(copy)
        new, changed = files(spec, copy)
        for name, text in {**new, **changed}.items():
            file = copy / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, "utf-8")
        _tidy(copy, [name for name in (*new, *changed) if name.endswith(".py")])
        for what, words in _STEPS.items():
            _run(copy, what, words)
        after = _contents(copy)
    different = (name for name in sorted(after) if before.get(name) != after[name])
    return [Change(name, before.get(name), after[name]) for name in different]


@contextmanager
def _copy(root: Path) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="learnflow-new-") as folder:
        for part in PARTS:
            source, target = root / part, Path(folder) / part
            if source.is_dir():
                shutil.copytree(source, target, ignore=_LEFT_OUT)
            elif source.exists():
                shutil.copy2(source, target)
        yield Path(folder)


def _contents(copy: Path) -> Mapping[str, bytes]:
    return {
        file.relative_to(copy).as_posix(): file.read_bytes()
        for file in copy.rglob("*")
        if file.is_file() and not any(p[0] in "._" for p in file.relative_to(copy).parts[:-1])
    }


def _tidy(copy: Path, names: list[str]) -> None:
    """Imports and lines as everywhere else."""
    ruff = ("-m", "ruff")
    _run(copy, "ruff", (*ruff, "check", "-q", "--fix", "--no-cache", "--select", "I", *names))
    _run(copy, "ruff", (*ruff, "format", "-q", "--no-cache", *names))
    _run(copy, "ruff", (*ruff, "check", "-q", "--no-cache", "--output-format=concise", *names))


def _run(copy: Path, what: str, words: tuple[str, ...]) -> None:
    """Run one step in the copy. Raises CannotGenerate with its first words."""
    done = subprocess.run(
        [sys.executable, *words],
        cwd=copy,
        env={**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=_SECONDS,
        check=False,
    )
    if "No module named ruff" in done.stdout:
        raise CannotGenerate("ruff is not installed here.", "uv sync installs it")
    if done.returncode == 0:
        return
    lines = [line for line in done.stdout.splitlines() if line.strip()] or ["nothing"]
    said = lines[-1] if lines[0].startswith("Traceback") else lines[0]
    raise CannotGenerate(f"With these files, {what} would not pass: {said}", "nothing was written")


__all__ = ["CannotGenerate", "Change", "SpecError", "staged"]
