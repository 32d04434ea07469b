"""Writes nginx's map from each page to its Content-Security-Policy, when the image is built.

`python -m learnflow.cluster.page_policies FOLDER > policies.map`. The policy is that of the
embedded gateway; only that pages may connect to `$connect` too, which the ConfigMap sets.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from learnflow.local.content_policy import policy

_OWN: Final = "connect-src 'self'"


def lines(folder: Path) -> list[str]:
    """One line for each HTML page below the folder. Raises ValueError where there is none."""
    pages = sorted(folder.rglob("*.html"))
    if not pages:
        raise ValueError(f"there is no page in {folder}: build the web app first")
    sheets = [sheet.read_text("utf-8") for sheet in sorted(folder.rglob("*.css"))]
    return ['default "";', *(_line(folder, page, sheets) for page in pages)]


def _line(folder: Path, page: Path, sheets: Sequence[str]) -> str:
    said = policy(page.read_text("utf-8"), sheets)
    if _OWN not in said or '"' in said or "$" in said:
        raise ValueError(f"the policy of {page} cannot be put into nginx's words: {said}")
    place = page.relative_to(folder).as_posix()
    return f'"/{place}" "{said.replace(_OWN, f"{_OWN} $connect")}";'


if __name__ == "__main__":
    sys.stdout.write("".join(f"{line}\n" for line in lines(Path(sys.argv[1]))))
