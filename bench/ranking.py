"""What does learned ranking cost? In a process of its own on one core; see ranking_child.py."""

import json
import sys
from collections.abc import Mapping, Sequence

from bench.figures import Bound, Figure, percentile, ratio
from bench.place import Place
from bench.processes import output_of


async def measure(place: Place, quick: bool) -> list[Figure]:
    """Milliseconds of one student's ranking, beside the C API alone on the same rows."""
    del place
    printed = await output_of(
        *(sys.executable, "-m", "bench.ranking_child", "40" if quick else "200"), seconds=300
    )
    found = json.loads(printed.splitlines()[-1])
    whole, few = percentile(found["all"], 0.99), percentile(found["few"], 0.99)
    note = f"{found['trees']} trees, {_typical(found, 'all')}"
    return [
        Figure("ranking", "10,000 tutors, p99", whole, "ms", Bound(110), note),
        Figure(
            "ranking", "500 offers of a query, p99", few, "ms", Bound(20), _typical(found, "few")
        ),
        ratio(
            found["all"],
            found["bare"],
            group="ranking",
            name="10,000 tutors / bare C API",
            bound=Bound(1.5),
        ),
        Figure("ranking", "features of 10,000", percentile(found["features"], 0.5), "ms"),
        Figure("ranking", "model loaded and proved", min(found["load"]), "ms", Bound(50)),
    ]


def _typical(found: Mapping[str, Sequence[float]], name: str) -> str:
    """The median, and the processor's own time, which others on the machine do not lengthen."""
    busy = percentile(found[f"{name}_busy"], 0.99)
    return f"median {percentile(found[name], 0.5):.1f}; processor p99 {busy:.1f}"
