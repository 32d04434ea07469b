"""Ranking as the bench measures it: real candidates, and only decisions by the ranker meant."""

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bench import ranking, ranking_index
from bench.figures import Invalid
from bench.place import Place
from bench.processes import answer_of
from bench.ranking_decisions import DECIDE, SHORTLIST, WARM, WHOLE
from bench.ranking_index import GRADE, HOUR, LANGUAGE, SUBJECT
from db.matching.store import Asking, candidates
from db.unit_of_work import Database
from tests.postgres import Databases

FOUND = {
    **{SHORTLIST: [5.0, 6.0], WHOLE: [10.0, 12.0], DECIDE: [3.0, 4.0]},
    **{f"{SHORTLIST}_busy": [4.0, 4.0], f"{WHOLE}_busy": [6.0, 6.0], f"{DECIDE}_busy": [1.0, 1.0]},
}


class Lent:
    """A place with the tests' databases, which are empty."""

    def __init__(self, databases: Databases) -> None:
        self.databases = databases
        self.postgres = SimpleNamespace(dsn=lambda _: databases.superuser("matching"))

    def ours(self, short: str) -> str:
        """As match_student connects."""
        return self.databases.dsn(short)

    async def empty(self, short: str) -> None:
        """They are."""

    async def count(self, _: str, table: str) -> int:
        """Rows that the application sees."""
        database = Database("matching", self.ours("matching"))
        try:
            async with database.unit() as work:
                return int((await work.read(f"SELECT count(*) AS n FROM {table}"))[0]["n"])
        finally:
            await database.close()


@pytest.fixture
def place(databases: Databases) -> Place:
    return cast(Place, Lent(databases))


async def test_every_tutor_of_the_index_is_a_candidate_and_none_is_like_another(
    place: Place, matching: Database
) -> None:
    await ranking_index.fill(place, 30)
    wish = Asking("s", GRADE, SUBJECT, [HOUR], [LANGUAGE], 5, ["exam"])
    async with matching.unit() as work:
        found = await candidates(work, wish)
    assert len({offer.tutor_id for offer in found}) == 30
    assert len({(tuple(offer.times), offer.matches_n) for offer in found}) == 30


async def test_a_decision_and_its_parts_are_timed_and_recorded(place: Place) -> None:
    await ranking_index.fill(place, 12)
    command = (sys.executable, "-m", "bench.ranking_decisions", place.ours("matching"), "3")
    taken = await answer_of(*command, seconds=60)
    parts = (SHORTLIST, DECIDE, WHOLE)
    assert taken.keys() == {*parts, *(f"{part}_busy" for part in parts)}
    assert {len(values) for values in taken.values()} == {3}
    for shortlist, decide, whole in zip(*(taken[part] for part in parts), strict=True):
        assert 0 < shortlist + decide < whole
    assert await ranking_index.decided_by(place, "rules-1") == WARM + 3


@pytest.fixture
def answered(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """Answers of the child are FOUND; what each ranker decided."""
    decided: dict[str, int] = {}

    async def nothing(*_: Any) -> None:
        return None

    async def answer_of(*_: str, seconds: float) -> dict[str, list[float]]:
        return FOUND

    async def decided_by(_: Place, ranker: str) -> int:
        return decided.get(ranker, 0)

    for name, fake in (("fill", nothing), ("promote", nothing), ("answer_of", answer_of)):
        monkeypatch.setattr(ranking, name, fake)
    monkeypatch.setattr(ranking, "decided_by", decided_by)
    return decided


async def test_the_target_is_for_all_but_the_decision_itself(answered: dict[str, int]) -> None:
    answered["m-1"] = WARM + 2
    place = cast(Place, SimpleNamespace(ours=str))
    shortlist, rest, whole = await ranking._decisions(place, "m-1", 2, Path("m-1.model"))
    assert [one.value for one in (shortlist, rest, whole)] == [6, 8, 12]
    assert [one.bound is None for one in (shortlist, rest, whole)] == [True, False, True]
    assert rest.note == "median 7.0; processor 5.0, p99 5.0"


async def test_decisions_by_the_rules_are_no_figure_of_a_model(answered: dict[str, int]) -> None:
    answered["m-1"], answered["rules-1"] = WARM, 2
    place = cast(Place, SimpleNamespace(ours=str))
    with pytest.raises(Invalid, match=f"m-1 decided {WARM} of {WARM + 2}"):
        await ranking._decisions(place, "m-1", 2, Path("m-1.model"))
