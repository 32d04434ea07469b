"""What became of a tutor's matches is counted once, however often and in whatever order it is
heard, and whoever decides about the same tutor meanwhile."""

import asyncio
import random

import asyncpg
import pytest

from eventing.events import MatchAccepted, MatchDeclined, MatchEnded, MatchRated
from tests.db.counts import COUNTERS, Counts, counted, kept
from tests.db.sabotage import without
from tests.db.sessions import Session, two
from tests.flow.storm import Storm, contents, plan
from tests.flow.world import Said, World
from tests.postgres import Databases

OUTCOMES = (MatchAccepted, MatchDeclined, MatchEnded, MatchRated)
FORGET = f"""DELETE FROM outcomes; TRUNCATE inbox;
UPDATE tutors SET {", ".join(f"{name} = 0" for name in COUNTERS if name != "matches_n")}"""
STUDENT = "SELECT said FROM hear_student($1, 1, 7, 'physics', '{}', '{}', NULL, '{}', $2)"
TUTOR = """SELECT * FROM hear_tutor($1, 1, ARRAY['physics'], 1, 12, 9, true, '{}', '{}', NULL, NULL,
    '{}')"""
MATCHES = """WITH k AS (INSERT INTO match_keys (match_id, student_id, round)
      VALUES ('m', 's0', 1), ('n', 's9', 1))
    INSERT INTO matches (match_id, student_id, round, student_version, tutor_id)
    VALUES ('m', 's0', 1, 1, 't1'), ('n', 's9', 1, 1, 't1')"""
ACCEPTED = "INSERT INTO outcomes (match_id, kind) VALUES ('m', 'accepted')"
LOOK = "SELECT held, matches_n, accepted_n FROM tutors WHERE tutor_id = 't1'"
ONCE = "accepted_n = accepted_n + (NEW.kind = 'accepted')::integer"


async def lived(world: World) -> list[Said]:
    """Students with matches that were answered, ended and rated; what was said of them."""
    for name in ("Emmy", "Sophie"):
        await world.do("register_tutor", name=name, subjects=["physics"], capacity=4)
    await world.settle()
    for number in range(8):
        await world.do("register_student", name=f"p{number}", grade=7, subject="physics")
    await world.settle()
    for number, row in enumerate(await world.rows("matching", "matches")):
        for response in (["accept"], ["decline"], ["accept", "end"], [])[number % 4]:
            await world.do("respond_to_match", match_id=row["match_id"], response=response)
            await world.settle()
    for number, row in enumerate(await world.rows("students", "students")):
        if row["state"] == "matched":
            await world.do("rate_match", match_id=row["match_id"], stars=number % 5 + 1)
    await world.settle()
    return [said for said in world.log if isinstance(said.event, OUTCOMES)]


async def outcomes(world: World) -> list[tuple[object, ...]]:
    """What is remembered of the matches; when it was heard aside."""
    rows = await world.rows("matching", "outcomes")
    return sorted((r["match_id"], r["kind"], r["stars"] or 0, r["reason"] or "") for r in rows)


async def heard_again(world: World, said: list[Said], seed: int) -> Counts:
    """The counters after each fact was heard twice, in a drawn order, by one who knew nothing."""
    connection = await asyncpg.connect(world.databases.superuser("matching"))
    await connection.execute(FORGET)
    await connection.close()
    twice = said * 2
    random.Random(seed).shuffle(twice)
    for one in twice:
        assert await world.hear("record_outcome", one, inbox=False) == "done"
    return await kept(world.databases)


@pytest.mark.parametrize("seed", range(3))
async def test_every_outcome_twice_and_in_any_order_counts_the_same(
    world: World, seed: int
) -> None:
    said = await lived(world)
    before, remembered = await kept(world.databases), await outcomes(world)
    assert before == await counted(world.databases)
    assert {one.event.topic for one in said} == {event.topic for event in OUTCOMES}
    assert all(any(one[place] for one in before.values()) for place in range(len(COUNTERS)))

    assert await heard_again(world, said, seed) == before
    assert await outcomes(world) == remembered


async def test_hearing_of_students_and_tutors_again_counts_no_match_twice(world: World) -> None:
    await lived(world)
    before = await world.rows("matching", "tutors")
    for name, said in world.deliveries(world.log[::-1], copies=2):
        if name in ("match_student", "index_tutor", "record_outcome"):
            await world.hear(name, said, inbox=False)
    assert await world.rows("matching", "tutors") == before


async def test_a_storm_loses_and_doubles_no_count_and_ends_in_no_deadlock(world: World) -> None:
    await world.commit_fast()
    storm = Storm(world, seed=8)
    await storm.run(plan(storm, 90, 12))
    rated = [r for r in await world.rows("students", "students") if r["state"] == "matched"]
    await asyncio.gather(
        *(world.do("rate_match", match_id=row["match_id"], stars=4) for row in rated)
    )
    await storm.run(plan(storm, 20, 0))
    before = await kept(world.databases)
    assert before == await counted(world.databases)
    assert sum(one[1] for one in before.values()) == len(rated) > 10

    written = await contents(world)
    await storm.replay()
    assert await contents(world) == written
    assert await kept(world.databases) == before
    assert await deadlocks(world.databases) == 0


async def deadlocks(databases: Databases) -> int:
    """How many this database ended, since it was made."""
    connection = await asyncpg.connect(databases.superuser("matching"))
    found: int = await connection.fetchval(
        "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
    )
    await connection.close()
    return found


async def prepared(one: Session) -> None:
    """Tutor t1 with two matches that nothing was heard of yet; one slot is held."""
    for sql in (TUTOR, STUDENT):
        args = ("t1",) if sql is TUTOR else ("s0", ["t1"])
        await one.rows(sql, *args)
    await one.rows(MATCHES)


async def test_an_outcome_heard_while_the_tutors_slot_is_taken_waits_and_counts(
    databases: Databases,
) -> None:
    async with two(databases.superuser("matching")) as (one, other):
        await prepared(one)
        await one.begin()
        assert await one.rows(STUDENT, "s1", ["t1"]) == [("matched",)]
        late = other.start(ACCEPTED)
        assert await one.sees_waiting(other, late)
        await one.commit()
        await late
        assert await one.rows(LOOK) == [(2, 2, 1)]


async def test_a_slot_taken_while_an_outcome_is_counted_waits_and_counts(
    databases: Databases,
) -> None:
    async with two(databases.superuser("matching")) as (one, other):
        await prepared(one)
        await one.begin()
        await one.rows(ACCEPTED)
        late = other.start(STUDENT, "s1", ["t1"])
        assert await one.sees_waiting(other, late)
        await one.commit()
        assert await late == [("matched",)]
        assert await one.rows(LOOK) == [(2, 2, 1)]


async def test_two_outcomes_of_one_tutor_heard_at_once_both_count(databases: Databases) -> None:
    async with two(databases.superuser("matching")) as (one, other):
        await prepared(one)
        await one.begin()
        await one.rows(ACCEPTED)
        late = other.start(ACCEPTED.replace("'m'", "'n'"))
        assert await one.sees_waiting(other, late)
        await one.commit()
        await late
        assert await one.rows(LOOK) == [(1, 1, 2)]


async def test_an_outcome_that_is_rolled_back_is_not_counted(databases: Databases) -> None:
    async with two(databases.superuser("matching")) as (one, _):
        await prepared(one)
        await one.begin()
        await one.rows(ACCEPTED)
        await one.rollback()
        assert await one.rows(LOOK) == [(1, 1, 0)]


async def test_a_count_that_is_lost_would_be_noticed(world: World) -> None:
    async with without(world.databases, "matching", "count_outcome", ONCE, "accepted_n = 1"):
        await lived(world)
        assert await kept(world.databases) != await counted(world.databases)
