"""Models as files beside the processes that use them, so that not every one fetches its own."""

import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

SUFFIX: Final = ".model"
KEPT: Final = 6
"""Older files go; whoever needs one again fetches it again."""
_ID: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,99}")


class ModelFiles:
    """The files `<id>.model` of one folder; without a folder it finds and keeps nothing.

    Whoever reads one proves it: a file may be cut short or be somebody else's. A folder that cannot
    be written costs time, never an answer.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    def read(self, model_id: str) -> bytes | None:
        """A kept model, packed. It counts as the newest from then on."""
        path = self._path(model_id)
        if path is None:
            return None
        with suppress(OSError):
            packed = path.read_bytes()
            os.utime(path)
            return packed
        return None

    def keep(self, model_id: str, packed: bytes) -> None:
        """Write a model: whole under its name, or not at all."""
        path = self._path(model_id)
        if path is None:
            return
        with suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
                try:
                    file.write(packed)
                    file.close()
                    os.replace(file.name, path)
                except OSError:
                    os.unlink(file.name)
                    raise
            for old in self.newest()[KEPT:]:
                old.unlink(missing_ok=True)

    def forget(self, model_id: str) -> None:
        """Remove a file that proved to be no model."""
        path = self._path(model_id)
        if path is not None:
            with suppress(OSError):
                path.unlink(missing_ok=True)

    def newest(self) -> list[Path]:
        """The files, the one used last first."""
        return [path for _, path in sorted(self._dated(), reverse=True)]

    def _dated(self) -> Iterator[tuple[int, Path]]:
        if self._folder is None or not self._folder.is_dir():
            return
        for path in self._folder.glob(f"*{SUFFIX}"):
            with suppress(OSError):
                yield path.stat().st_mtime_ns, path

    def _path(self, model_id: str) -> Path | None:
        if self._folder is None or not _ID.fullmatch(model_id):
            return None
        return self._folder / f"{model_id}{SUFFIX}"
