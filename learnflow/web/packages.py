"""Which npm packages are installed, and for which lock? A mark beside them says it."""

import hashlib
from typing import Final, Literal

from learnflow.web.state import Frontend

Extent = Literal["to build", "all"]
_MARK: Final = ".learnflow"


def install_command(extent: Extent) -> tuple[str, ...]:
    """npm's arguments that install exactly the lock, quietly, and fail soon without a network."""
    omitted = ("--omit=dev",) if extent == "to build" else ("--include=dev",)
    quick = ("--fetch-retries=1", "--fetch-retry-maxtimeout=10000", "--fetch-timeout=60000")
    return ("ci", *omitted, "--no-audit", "--no-fund", "--no-progress", "--prefer-offline", *quick)


def installed(frontend: Frontend, extent: Extent) -> bool:
    """Whether what this lock names is there; all of it is enough to build, too."""
    try:
        said = (frontend.folder / "node_modules" / _MARK).read_text("ascii").splitlines()
    except OSError:
        return False
    return said[:1] == [_digest(frontend)] and said[1:] in (["all"], [extent])


def mark(frontend: Frontend, extent: Extent) -> None:
    """Note that npm has installed it; npm removes the mark with the packages."""
    file = frontend.folder / "node_modules" / _MARK
    file.parent.mkdir(exist_ok=True)
    file.write_text(f"{_digest(frontend)}\n{extent}\n", "ascii")


def _digest(frontend: Frontend) -> str:
    return hashlib.sha256(frontend.lock.read_bytes()).hexdigest()
