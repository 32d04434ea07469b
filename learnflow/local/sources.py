"""The files of functions: which of them last loaded, and a copy for as long as others lie there."""

import itertools
import os
import shutil
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from learnflow.local.watching import is_noise

Stats = tuple[tuple[str, int, int, int], ...]
_ATTEMPTS: Final = 5


@dataclass(frozen=True, slots=True)
class Taken:
    """A function's folder as it was at one moment: `copy` holds it below the function's name."""

    stats: Stats
    copy: Path


class Sources:
    """For each function the files that last loaded; `kept` is emptied and holds the copies."""

    def __init__(self, functions: Path, kept: Path) -> None:
        self._functions, self._kept = functions, kept
        self._good: dict[str, Taken] = {}
        self._before: dict[str, Path] = {}
        self._numbers = itertools.count(1)
        shutil.rmtree(kept, ignore_errors=True)

    def take(self, target: str) -> Taken:
        """Copy a function's files as they are now."""
        for _ in range(_ATTEMPTS):
            stats = self._stats(target)
            copy = self._kept / str(next(self._numbers))
            self._copy(target, copy)
            if self._stats(target) == stats:
                break
            shutil.rmtree(copy, ignore_errors=True)  # saved meanwhile
        return Taken(stats, copy)

    def is_current(self, target: str, taken: Taken) -> bool:
        """Whether the function's files are still those that were taken."""
        return self._stats(target) == taken.stats

    def accept(self, target: str, taken: Taken) -> None:
        """These files load: new instances run them from now on."""
        old = self._good.get(target)
        self._good[target] = taken
        if old is not None:
            # An instance that was just forked may still read the copy before: one more is kept.
            self.drop(self._before.get(target))
            self._before[target] = old.copy

    def drop(self, copy: Path | None) -> None:
        """Delete a copy nobody needs."""
        if copy is not None:
            shutil.rmtree(copy, ignore_errors=True)

    def folder(self, target: str) -> Path | None:
        """Where a new instance finds the function's folder; None: where it always is."""
        good = self._good.get(target)
        if good is None or self._stats(target) == good.stats:
            return None
        return good.copy

    def _copy(self, target: str, copy: Path) -> None:
        for file in self._files(target):
            with suppress(OSError):  # gone meanwhile: then the files are not the same any more
                place = copy / file.relative_to(self._functions)
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file, place)

    def _stats(self, target: str) -> Stats:
        found = []
        for file in self._files(target):
            with suppress(OSError):
                facts = os.stat(file)
                found.append((str(file), facts.st_mtime_ns, facts.st_size, facts.st_ino))
        return tuple(found)

    def _files(self, target: str) -> list[Path]:
        folder = self._functions / target
        return sorted(
            file
            for file in folder.rglob("*")
            if not is_noise(file.relative_to(self._functions)) and file.is_file()
        )


def forget_bytecode(file: Path) -> None:
    """Delete the compiled form of a file that was saved.

    Python compares seconds and sizes: a second save within a second, of the same length, would
    otherwise go on as the first.
    """
    if file.suffix == ".py":
        name = f"{file.stem}.{sys.implementation.cache_tag}.pyc"
        with suppress(OSError):
            (file.parent / "__pycache__" / name).unlink()
