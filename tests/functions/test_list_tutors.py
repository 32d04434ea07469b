"""A list of tutors, page by page, while tutors come and go."""

import json
import random
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from db.tutors.store import LIST_TUTORS
from learnflow.views.tutor import TutorPage
from tests.flow.world import World
from tests.functions.asking import ask
from tests.runtime.calling import Answer

NEW = """
INSERT INTO tutors (tutor_id, name, subjects, capacity, registered_at)
VALUES ($1, 'Emmy', '{physics}', 1, $2)
"""
MANY = """
INSERT INTO tutors (tutor_id, name, subjects, capacity, registered_at)
SELECT 't' || n, 'Emmy', ARRAY['physics'], 1, timestamptz '2026-01-01' + n * interval '1 minute'
  FROM generate_series(1, 10000) n
"""
BEGINNING = datetime(2026, 11, 1, tzinfo=UTC)


class Staff:
    """Tutors in tutors_db, of whom several register in the same moment."""

    def __init__(self, database: asyncpg.Connection, chance: random.Random) -> None:
        self.database, self.chance = database, chance
        self.here: list[tuple[datetime, str]] = []
        self.now = BEGINNING

    async def come(self, count: int) -> None:
        """Some register, a third of them in the moment of the one before."""
        for number in range(len(self.here), len(self.here) + count):
            self.now += timedelta(microseconds=self.chance.choice((0, 1, 1_000_000)))
            self.here.append((self.now, f"t{self.chance.randrange(10**9)}-{number}"))
        new = self.here[-count:] if count else []
        for moment, tutor_id in new:
            await self.database.execute(NEW, tutor_id, moment)
        self.now += timedelta(seconds=1)

    async def leave(self) -> str:
        """One withdraws; the id."""
        _, tutor_id = self.chance.choice(self.here)
        await self.database.execute("SELECT withdraw_tutor($1)", tutor_id)
        return tutor_id

    def newest_first(self) -> list[str]:
        """The ids in the order of the list."""
        return [t for _, t in sorted(self.here, key=lambda one: (BEGINNING - one[0], one[1]))]


async def list_page(world: World, **asked: Any) -> Answer:
    query = "&".join(f"{name}={value}" for name, value in asked.items() if value is not None)
    return await ask(world, "list_tutors", "GET", f"/api/tutors?{query}")


@pytest.mark.parametrize("seed", range(12))
async def test_pages_of_any_size_make_up_the_list_while_tutors_come_and_leave(
    world: World, seed: int
) -> None:
    chance = random.Random(seed)
    database = await asyncpg.connect(world.databases.superuser("tutors"))
    staff = Staff(database, chance)
    await staff.come(chance.randrange(1, 40))
    at_first, left = staff.newest_first(), set[str]()
    limit, cursor, seen = chance.randint(1, 12), None, list[str]()
    while True:
        answer = (await list_page(world, limit=limit, cursor=cursor)).json
        assert len(answer["tutors"]) <= limit
        seen += [tutor["tutor_id"] for tutor in answer["tutors"]]
        cursor = answer["next"]
        if cursor is None:
            break
        await staff.come(chance.randrange(3))
        if chance.random() < 0.3:
            left.add(await staff.leave())
    await database.close()
    assert [tutor for tutor in seen if tutor not in left] == [
        tutor for tutor in at_first if tutor not in left
    ]
    assert len(set(seen)) == len(seen)
    assert set(seen) <= set(at_first)


async def test_twenty_fit_on_a_page_and_the_last_has_no_next(world: World) -> None:
    database = await asyncpg.connect(world.databases.superuser("tutors"))
    await Staff(database, random.Random(1)).come(21)
    await database.close()
    first = await list_page(world)
    last = await list_page(world, cursor=first.json["next"])
    assert (len(first.json["tutors"]), len(last.json["tutors"])) == (20, 1)
    assert last.json["next"] is None
    exact = await list_page(world, limit=21)
    assert exact.json["next"] is None


async def test_a_page_looks_as_its_view_says(world: World) -> None:
    offer = {"subjects": ["physics"], "times": ["mon-16"], "price_band": 2, "goals": ["exam"]}
    for name in ("Emmy", "Sofja"):
        await world.do("register_tutor", name=name, **offer)
    answer = await list_page(world, limit=1)
    shown = TutorPage.model_validate_json(answer.body)
    assert json.loads(shown.model_dump_json()) == answer.json
    assert [tutor.name for tutor in shown.tutors] == ["Sofja"]


@pytest.mark.parametrize(
    ("asked", "where"),
    [
        ({"cursor": "abc"}, "/cursor"),
        ({"cursor": ""}, "/cursor"),
        ({"cursor": "%F0%9F%A6%89"}, "/cursor"),
        ({"cursor": "A" * 4000}, "/cursor"),
        ({"limit": 0}, "/limit"),
        ({"limit": 101}, "/limit"),
    ],
)
async def test_what_is_no_page_is_refused_by_the_name_of_its_field(
    world: World, asked: dict[str, Any], where: str
) -> None:
    answer = await list_page(world, **asked)
    assert answer.status == 422
    assert [error["where"] for error in answer.json["errors"]] == [where]


async def test_a_cursor_goes_with_any_filter(world: World) -> None:
    for number in range(6):
        subjects = ["latin"] if number % 2 else ["physics"]
        await world.do("register_tutor", name=f"tutor {number}", subjects=subjects)
    first = (await list_page(world, subject="latin", limit=2)).json
    second = (await list_page(world, subject="latin", limit=2, cursor=first["next"])).json
    names = [tutor["name"] for tutor in first["tutors"] + second["tutors"]]
    assert names == ["tutor 5", "tutor 3", "tutor 1"]


@pytest.mark.parametrize("page_of", ["the newest", "the middle"])
async def test_any_page_of_ten_thousand_reads_little_more_than_it_shows(
    world: World, page_of: str
) -> None:
    database = await asyncpg.connect(world.databases.superuser("tutors"))
    await database.execute(MANY)
    await database.execute("ANALYZE tutors")
    moment = await database.fetchval("SELECT registered_at FROM tutors WHERE tutor_id = 't5000'")
    types = "boolean, text, integer, timestamptz, text, integer"
    await database.execute(f"PREPARE page ({types}) AS {LIST_TUTORS}")
    start = f"'{moment.isoformat()}', 't5000'" if page_of == "the middle" else "NULL, ''"
    execute = f"EXECUTE page (true, NULL, 7, {start}, 101)"
    for _ in range(6):  # then Postgres would keep a plan for all parameters if it were as cheap
        await database.execute(execute)
    ((plan,),) = await database.fetch(f"EXPLAIN (ANALYZE, FORMAT JSON) {execute}")
    scan = json.loads(plan)[0]["Plan"]["Plans"][0]
    await database.close()
    assert (scan["Node Type"], scan["Index Name"]) == ("Index Scan", "tutors_newest")
    assert "registered_at" in scan["Index Cond"]
    assert (scan["Actual Rows"], scan.get("Rows Removed by Filter", 0) <= 1) == (101, True)
