"""Writes docs/functions.md: one row per function, from its decorator, manifest and docstring.

Run it as `python -m tools.function_docs`; a test fails when the page is older than what it tells.
"""

import re
from pathlib import Path
from typing import Final

from learnflow.contracts.graph import story
from learnflow.manifests import Function, read_system
from learnflow.runtime.load import load_function

ROOT: Final = Path(__file__).parents[1]
PAGE: Final = ROOT / "docs" / "functions.md"
HEAD: Final = """# Functions

Generated from the functions and their manifests by `python -m tools.function_docs`; do not edit.
The events are in [events.md](events.md).

| function | kind | hears | says | scale | at once | timeout |
|---|---|---|---|---|---|---|
"""
_SAYS: Final = re.compile(r"Says (.*?)\.(?:\s|$)", re.DOTALL)


def page() -> str:
    """The whole page."""
    functions = sorted(read_system(ROOT).functions.values(), key=lambda one: one.target)
    return HEAD + "".join(f"{_row(function)}\n" for function in functions)


def _row(function: Function) -> str:
    operation = load_function(ROOT / "functions", function.target).operation
    says = _SAYS.search(story(ROOT, function.target))
    heard = [event.topic for event in operation.hears] or [f"`{r}`" for r in operation.routes]
    heard += ["WebSocket too"] if operation.kind == "stream" else []
    cells = (
        f"[{function.target}](../functions/{function.target}/main.py)",
        operation.kind,
        ", ".join(heard),
        " ".join(says[1].split()) if says else "nothing",
        f"{function.scale.min}–{function.scale.max}",
        str(function.concurrency or "no limit"),
        f"{function.timeout:.0f} s",
    )
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
