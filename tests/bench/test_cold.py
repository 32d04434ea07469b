"""Cold starts: what a process said becomes stages, and what did not happen does not count."""

import sys
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bench import cold
from bench.cold_child import parsed_ahead
from bench.figures import Bound, Invalid
from bench.place import Place
from learnflow.local.child import Job
from learnflow.local.forkserver import ForkServer

SAID = """{"line": "of the function's own log"}
stage forked 10.002 0.001
stage loaded 10.005 0.002
stage connected 10.010 0.003
stage ranked 10.030 0.012
stage committed 10.040 0.014
"""
NOBODY = cast(ForkServer, None)


class Counted:
    """A place whose tables have so many rows at each look."""

    def __init__(self, *counts: int) -> None:
        self.counts = iter(counts)
        self.asked: list[str] = []

    async def count(self, database: str, table: str) -> int:
        """The next."""
        self.asked.append(f"{database}: {table}")
        return next(self.counts)


def subject(told: str, table: str) -> cold.Subject:
    return cold.Subject(told, "matching", table, NOBODY, Bound(80))


def test_stages_follow_each_other_and_add_up_to_the_whole() -> None:
    found = cold._durations(10.0, SAID, 10.041)
    whole, busy = found.pop("whole"), found.pop(cold.BUSY)
    assert whole == pytest.approx(41)
    assert busy == pytest.approx(14)
    expected = {"fork": 2, "load": 3, "connect": 5, "ranking": 20, "SQL": 10, "answer": 1}
    assert found == pytest.approx(expected)


def test_a_function_that_does_not_rank_has_no_such_stage() -> None:
    without = "".join(line for line in SAID.splitlines(keepends=True) if "ranked" not in line)
    found = cold._durations(10.0, without, 10.041)
    assert "ranking" not in found
    assert found["SQL"] == pytest.approx(30)


@pytest.mark.parametrize("written", [1, 3])
async def test_cold_starts_that_another_ranker_decided_do_not_count(
    monkeypatch: pytest.MonkeyPatch, written: int
) -> None:
    async def once(*_: Any) -> dict[str, float]:
        return {"whole": 1.0}

    monkeypatch.setattr(cold, "_once", once)
    by_model = subject("match_student, model", "matches WHERE ranker = 'm'")
    fine = Counted(7, 9)
    assert await cold._many(cast(Place, fine), by_model, 2) == {"whole": [1.0, 1.0]}
    assert fine.asked == ["matching_db: matches WHERE ranker = 'm'"] * 2
    with pytest.raises(Invalid, match=f"{written} of 2 cold starts"):
        await cold._many(cast(Place, Counted(7, 7 + written)), by_model, 2)


def test_a_figure_names_the_function_and_how_it_was_started() -> None:
    one = subject("match_student, model parsed ahead", "matches")
    assert one.name == "match_student"
    figure = cold._figure(one, {"whole": [30.0], cold.BUSY: [12.0], "fork": [5.0]})
    assert figure.name == "match_student, model parsed ahead: fork to answer"
    assert figure.note == "fork 5.0; processor 12.0; 1 runs, p95 30"


@pytest.mark.parametrize(("parsed", "code"), [(None, 1), ([], 1), (["m-1"], 0), (["m-2"], 1)])
def test_a_fork_server_is_ready_when_its_children_find_the_model(
    monkeypatch: pytest.MonkeyPatch, parsed: Sequence[str] | None, code: int
) -> None:
    name = "learnflow.ranking.learned.champion"
    if parsed is None:
        monkeypatch.delitem(sys.modules, name, raising=False)
    else:
        known = {one: object() for one in parsed}
        monkeypatch.setitem(sys.modules, name, cast(Any, SimpleNamespace(parsed=known.get)))
    assert parsed_ahead(Job("ready", "m-1", ())) == code
