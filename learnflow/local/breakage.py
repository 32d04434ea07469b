"""Why does a file not load? The place in the repository's own files, and the error, in one line."""

import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Breakage:
    """What keeps code from being loaded; `file` is relative to the repository, `line` if known."""

    file: str
    line: int | None
    error: str

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{place}: {self.error}"


def breakage_of(error: BaseException, file: Path, root: Path = ROOT) -> Breakage:
    """The breakage behind an error that loading `file` raised."""
    said = traceback.format_exception_only(error)[-1].strip()
    if isinstance(error, SyntaxError) and error.filename and _ours(Path(error.filename), root):
        return Breakage(place_of(Path(error.filename), root), error.lineno, said)
    for place, line in _places(error, root):
        return Breakage(place_of(place, root), line, said)
    return Breakage(place_of(file, root), None, said)


def _places(error: BaseException, root: Path) -> Iterator[tuple[Path, int | None]]:
    """Where the file stopped that was being imported last: not inside what it called from there."""
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if _ours(Path(frame.filename), root)
    ]
    imported = [frame.filename for frame in frames if frame.name == "<module>"]
    for frame in reversed(frames):
        if imported and frame.filename == imported[-1]:
            yield Path(frame.filename), frame.lineno


def _ours(file: Path, root: Path) -> bool:
    if not file.is_relative_to(root):
        return False
    parts = file.relative_to(root).parts
    return not parts[0].startswith(".") and "site-packages" not in parts


def place_of(file: Path, root: Path = ROOT) -> str:
    """The file as a Breakage names it."""
    return str(file.relative_to(root)) if file.is_relative_to(root) else str(file)
