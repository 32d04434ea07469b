"""Checks the web app as `make check` does: all npm packages of the lock, `npm run check`, a build.

The packages are installed anew only when the lock changed. Run it as `python -m tools.web_check`.
"""

import asyncio
import sys
import tempfile
from pathlib import Path
from typing import Final

from learnflow.web.building import Builder, NotBuilt, node_for
from learnflow.web.node import CHECKS
from learnflow.web.state import Frontend

FRONTEND: Final = Path(__file__).parents[1] / "frontend"
_SHOWN_LINES: Final = 80


async def check(log: Path) -> None:
    """Types, format, unit tests, contract, and the build. Raises NotBuilt."""
    builder = Builder(Frontend(FRONTEND), log)
    node = node_for(CHECKS)
    await builder.install(node, "all")
    await builder.run(node, "check")
    await builder.build()


def main() -> int:
    """The exit code is 0 when all is well; else npm's last words are printed."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "npm.log"
        try:
            asyncio.run(check(log))
        except NotBuilt as error:
            said = log.read_text("utf-8", "replace").splitlines() if log.exists() else []
            print("\n".join((*said[-_SHOWN_LINES:], str(error))), file=sys.stderr)
            return 1
    print("The web app is checked and built.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
