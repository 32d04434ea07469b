"""Turn a terminal's coloured output into the README's picture.

FORCE_COLOR=1 COLUMNS=100 uv run learnflow demo | uv run python tools/picture.py docs/demo.svg
"""

import io
import sys
from pathlib import Path

from rich.console import Console
from rich.text import Text


def main() -> None:
    """Read standard input, write the SVG whose path is the argument."""
    text = sys.stdin.read().rstrip()
    width = max((len(line) for line in Text.from_ansi(text).plain.splitlines()), default=80)
    console = Console(record=True, file=io.StringIO(), width=width + 1, force_terminal=True)
    console.print(Text("$ make run", style="bold"))
    console.print(Text.from_ansi(text))
    Path(sys.argv[1]).write_text(console.export_svg(title="LearnFlow"), encoding="utf-8")


if __name__ == "__main__":
    main()
