"""Is what was built out of what lies there? A digest over the sources says it."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from learnflow.local.static_files import BUILT

_NOT_SOURCES: Final = frozenset({"node_modules", "out", "coverage", "next-env.d.ts"})
_READ: Final = frozenset({".npmrc"})
"""The only hidden file that a build reads."""
_TESTS: Final = (".test.ts", ".test.tsx")
Build = Literal["current", "old", "none"]


@dataclass(frozen=True, slots=True)
class Frontend:
    """The folder of the web app's sources."""

    folder: Path

    @property
    def out(self) -> Path:
        """Where what is built lies."""
        return self.folder / "out"

    @property
    def lock(self) -> Path:
        """npm's lock."""
        return self.folder / "package-lock.json"

    @property
    def there(self) -> bool:
        """Whether there is anything to build; an image or a copy may do without."""
        return self.lock.is_file()

    def digest(self) -> str:
        """What the sources and the lock are, tests left aside."""
        total = hashlib.sha256()
        for file in _sources(self.folder):
            content = hashlib.sha256(file.read_bytes()).hexdigest()
            total.update(f"{file.relative_to(self.folder).as_posix()} {content}\n".encode())
        return total.hexdigest()

    def build(self) -> Build:
        """Whether there is a build, and one of these sources."""
        if not (self.out / "index.html").is_file():
            return "none"
        try:
            said = (self.out / BUILT).read_text("ascii").strip()
        except OSError:
            return "old"
        return "current" if said == self.digest() else "old"


def _sources(folder: Path) -> Iterator[Path]:
    for one in sorted(folder.iterdir()):
        hidden = one.name.startswith(".") and one.name not in _READ
        if hidden or one.name in _NOT_SOURCES or one.name.endswith((*_TESTS, ".tsbuildinfo")):
            continue
        if one.is_dir():
            yield from _sources(one)
        else:
            yield one
