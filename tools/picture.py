"""Turn a terminal's coloured output into the README's picture.

`FORCE_COLOR=1 COLUMNS=100 uv run learnflow demo > run.txt`, Ctrl-C when it is done, then
`uv run python tools/picture.py docs/demo.svg < run.txt`.
"""

import io
import re
import sys
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.text import Text

WIDTH: Final = 122
_REDRAWN: Final = re.compile(r"\r|\x1b\[\d*[AKJ]|\x1b\[\?25[lh]")
_REMOTE_FONTS: Final = re.compile(r"\s*@font-face \{.*?\}", re.DOTALL)


def shown(text: str) -> str:
    """What stays on the screen: no spinner, no line that was drawn over, nothing of the end."""
    lines = _REDRAWN.sub("\n", text).splitlines()
    kept = [line for line in lines if line.strip() and not re.search(r"[⠀-⣿]|stopped", line)]
    return "\n".join(kept)


def main() -> None:
    """Read standard input, write the SVG whose path is the argument."""
    console = Console(record=True, file=io.StringIO(), width=WIDTH, force_terminal=True)
    console.print(Text("$ make run", style="bold"))
    console.print(Text.from_ansi(shown(sys.stdin.read())))
    picture = _REMOTE_FONTS.sub("", console.export_svg(title="LearnFlow"))
    Path(sys.argv[1]).write_text(picture, encoding="utf-8")


if __name__ == "__main__":
    main()
