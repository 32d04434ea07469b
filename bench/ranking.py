"""What does learned ranking cost? In processes of their own on one core each."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from bench.figures import Bound, Figure, Invalid, percentile, ratio
from bench.place import Place
from bench.processes import answer_of
from bench.ranking_decisions import DECIDE, SHORTLIST, WARM, WHOLE
from bench.ranking_index import champion, decided_by, fill, promote

GROUP: Final = "ranking"
CANDIDATES: Final = 500
"""As many as the query lets through."""


async def measure(place: Place, quick: bool) -> list[Figure]:
    """Milliseconds of one student's ranking by itself, then within match_student's decisions."""
    model = await champion(place)
    figures = await _rankings(model, 40 if quick else 200)
    runs = 150 if quick else 1000
    figures += await _decisions(place, "rules-1", runs)
    figures += await _decisions(place, model.stem, runs, model)
    return figures


async def _rankings(model: Path, rounds: int) -> list[Figure]:
    """Tutors in memory, beside the C API alone on the same rows; see ranking_child.py."""
    command = (sys.executable, "-m", "bench.ranking_child", str(model), str(rounds))
    found = await answer_of(*command, seconds=300)
    whole, few = percentile(found["all"], 0.99), percentile(found["few"], 0.99)
    note = f"{found['trees']} trees, {_typical(found, 'all')}"
    return [
        Figure(GROUP, "10,000 tutors, p99", whole, "ms", Bound(110), note),
        Figure(GROUP, "500 offers of a query, p99", few, "ms", Bound(20), _typical(found, "few")),
        ratio(
            found["all"],
            found["bare"],
            group=GROUP,
            name="10,000 tutors / bare C API",
            bound=Bound(1.5),
        ),
        Figure(GROUP, "features of 10,000", percentile(found["features"], 0.5), "ms"),
        Figure(GROUP, "model loaded and proved", min(found["load"]), "ms", Bound(50)),
    ]


async def _decisions(
    place: Place, ranker: str, runs: int, model: Path | None = None
) -> list[Figure]:
    """Decisions over a real matching_db; see ranking_decisions.py. Raises Invalid."""
    await fill(place, CANDIDATES)
    if model is not None:
        await promote(place, model)
    command = (sys.executable, "-m", "bench.ranking_decisions", place.ours("matching"), str(runs))
    found = await answer_of(*command, seconds=300)
    if (decided := await decided_by(place, ranker)) != WARM + runs:
        raise Invalid(f"{ranker} decided {decided} of {WARM + runs}")
    name = f"{CANDIDATES} candidates, {'rules' if model is None else 'learned'}"
    rest = [all_ - one for all_, one in zip(found[WHOLE], found[DECIDE], strict=True)]
    busy = [
        all_ - one
        for all_, one in zip(found[f"{WHOLE}_busy"], found[f"{DECIDE}_busy"], strict=True)
    ]
    ranking = {"ranking": rest, "ranking_busy": busy}
    bound = None if model is None else Bound(20)
    return [
        _p99(f"{name}: shortlist", found, SHORTLIST),
        _p99(f"{name}: shortlist, reasons, log", ranking, "ranking", bound),
        _p99(f"{name}: decision", found, WHOLE),
    ]


def _p99(name: str, found: Mapping[str, Any], part: str, bound: Bound | None = None) -> Figure:
    value = percentile(found[part], 0.99)
    return Figure(GROUP, f"{name}, p99", value, "ms", bound, _typical(found, part))


def _typical(found: Mapping[str, Sequence[float]], name: str) -> str:
    """The median, and the processor's own time, which others on the machine do not lengthen."""
    busy = percentile(found[f"{name}_busy"], 0.99)
    middle = percentile(found[f"{name}_busy"], 0.5)
    return f"median {percentile(found[name], 0.5):.1f}; processor {middle:.1f}, p99 {busy:.1f}"
