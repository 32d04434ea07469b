"""Keeps today's contracts for ever: request, answer and event schemas into tests/contracts/golden.

Run it as `python -m tools.golden` when a contract has grown. A file that lies there is never
changed: what differs from the newest kept one is written beside it, into a folder of its own.
"""

import datetime
import json
from pathlib import Path

from learnflow.contracts.event_schemas import pretty
from learnflow.contracts.openapi import document
from learnflow.contracts.published import ROOT
from learnflow.contracts.schemas import Schema
from learnflow.contracts.shapes import shapes

GOLDEN = ROOT / "tests" / "contracts" / "golden"
Kept = dict[tuple[str, str], list[Schema]]


def kept(folder: Path = GOLDEN) -> Kept:
    """All that was ever kept, by sort and name, the oldest first."""
    found: Kept = {}
    for file in sorted(folder.glob("*/*/*.json"), key=lambda file: (_age(file), file)):
        schemas = found.setdefault((file.parent.name, file.stem), [])
        schemas.append(json.loads(file.read_text("utf-8")))
    return found


def unkept(folder: Path = GOLDEN) -> Kept:
    """What today's contracts have that the newest kept ones have not."""
    known = kept(folder)
    today = shapes(document(ROOT))
    return {
        (sort, name): [schema]
        for sort, named in today.items()
        for name, schema in named.items()
        if known.get((sort, name), [None])[-1] != schema
    }


def keep(month: str, folder: Path = GOLDEN) -> list[Path]:
    """Write what is not kept yet; the new files."""
    written = []
    for (sort, name), (schema,) in unkept(folder).items():
        number, file = 1, folder / month / sort / f"{name}.json"
        while file.exists():
            number += 1
            file = folder / f"{month}.{number}" / sort / f"{name}.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(pretty(schema), "utf-8")
        written.append(file)
    return written


def _age(file: Path) -> tuple[str, int]:
    month, _, number = file.parts[-3].partition(".")
    return month, int(number or 1)


if __name__ == "__main__":
    for written in keep(datetime.date.today().strftime("%Y-%m")):
        print(f"kept {written.relative_to(ROOT)}")
