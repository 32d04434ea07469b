"""A student rates a match: which ones, how often, and what is kept and said."""

import asyncio
from functools import partial
from typing import Any

import pytest

from db.students import store
from eventing.events import MatchRated
from tests.eventually import eventually
from tests.flow.world import World
from tests.functions.asking import ask
from tests.runtime.calling import Answer

ADA = {"name": "Ada", "grade": 7, "subject": "math"}
EMMY = {"name": "Emmy", "subjects": ["math"], "capacity": 1}


async def rate(world: World, match_id: str, stars: Any = 5, **headers: str) -> Answer:
    path = f"/api/matches/{match_id}/rating"
    return await ask(world, "rate_match", "POST", path, {"stars": stars}, **headers)


async def told(world: World, student_id: str) -> Any:
    return (await world.do("find_student", student_id=student_id)).data


async def matched(world: World) -> tuple[str, str]:
    """A student with a tutor, and the match they were told of."""
    await world.do("register_tutor", **EMMY)
    await world.settle()
    student_id = (await world.do("register_student", **ADA)).id
    await world.settle()
    return student_id, (await told(world, student_id))["match"]["match_id"]


async def said(world: World) -> list[MatchRated]:
    events = [one.event for one in await world.collect()]
    return [event for event in events if isinstance(event, MatchRated)]


async def test_a_first_rating_is_kept_and_said(world: World) -> None:
    student_id, match_id = await matched(world)
    answer = await rate(world, match_id, 4)

    assert (answer.status, answer.body) == (204, b"")
    (row,) = await world.rows("students", "ratings")
    assert (row["match_id"], row["student_id"], row["stars"]) == (match_id, student_id, 4)
    tutor_id = (await told(world, student_id))["match"]["tutor_id"]
    about = {"student_id": student_id, "match_id": match_id, "tutor_id": tutor_id}
    assert await said(world) == [MatchRated(round=1, stars=4, **about)]


async def test_the_same_rating_again_is_done_and_said_once(world: World) -> None:
    _, match_id = await matched(world)
    answers = [await rate(world, match_id, 4) for _ in range(2)]

    assert [answer.status for answer in answers] == [204, 204]
    assert len(await said(world)) == 1


async def test_the_first_rating_stands(world: World) -> None:
    _, match_id = await matched(world)
    await rate(world, match_id, 4)
    answer = await rate(world, match_id, 1)

    assert (answer.status, answer.json["title"]) == (409, "Rated already")
    assert [row["stars"] for row in await world.rows("students", "ratings")] == [4]
    assert len(await said(world)) == 1


async def test_of_ratings_at_once_one_stands(world: World) -> None:
    _, match_id = await matched(world)
    answers = await asyncio.gather(*(rate(world, match_id, 1 + n % 5) for n in range(25)))

    (row,) = await world.rows("students", "ratings")
    right = [1 + n % 5 for n, answer in enumerate(answers) if answer.status == 204]
    assert right == [row["stars"]] * 5
    assert {answer.status for answer in answers} == {204, 409}
    assert [event.stars for event in await said(world)] == [row["stars"]]


@pytest.mark.parametrize("stars", [0, 6, 4.5, "4", True, None, [4]])
async def test_stars_are_whole_numbers_from_one_to_five(world: World, stars: Any) -> None:
    _, match_id = await matched(world)

    assert (await rate(world, match_id, stars)).status == 422
    assert await world.rows("students", "ratings") == []


async def test_a_match_that_nobody_was_told_of_cannot_be_rated(world: World) -> None:
    await world.do("register_tutor", **EMMY)
    await world.settle()
    await world.do("register_student", **ADA)
    (registered,) = await world.collect()
    await world.hear("match_student", registered)
    (held,) = await world.rows("matching", "holds")

    for match_id in ("unknown", held["match_id"]):
        answer = await rate(world, match_id)
        assert (answer.status, answer.json["detail"]) == (404, "there is no such match")


async def test_a_match_of_earlier_can_be_rated_no_more(world: World) -> None:
    student_id, first = await matched(world)
    await world.do("register_tutor", **EMMY)
    await world.settle()
    await world.do("respond_to_match", match_id=first, response="decline")
    await world.settle()
    second = (await told(world, student_id))["match"]["match_id"]
    past, current = await rate(world, first), await rate(world, second)

    assert first != second
    assert (past.status, past.json["title"]) == (409, "Not current")
    assert current.status == 204
    assert [event.match_id for event in await said(world)] == [second]


async def test_a_rating_given_in_time_may_be_repeated_later(world: World) -> None:
    _, first = await matched(world)
    await rate(world, first, 2)
    await world.do("respond_to_match", match_id=first, response="decline")
    await world.settle()

    assert (await rate(world, first, 2)).status == 204
    assert (await rate(world, first, 3)).json["title"] == "Rated already"


async def test_a_match_that_ended_can_be_rated(world: World) -> None:
    student_id, match_id = await matched(world)
    await world.do("respond_to_match", match_id=match_id, response="accept")
    await world.do("respond_to_match", match_id=match_id, response="end")
    await world.settle()

    assert (await told(world, student_id))["state"] == "closed"
    assert (await rate(world, match_id)).status == 204
    assert [(event.match_id, event.round) for event in await said(world)] == [(match_id, 1)]


async def test_what_came_before_a_match_that_ended_can_be_rated_no_more(world: World) -> None:
    student_id, first = await matched(world)
    await world.do("register_tutor", **EMMY)
    await world.settle()
    await world.do("respond_to_match", match_id=first, response="decline")
    await world.settle()
    second = (await told(world, student_id))["match"]["match_id"]
    await world.do("respond_to_match", match_id=second, response="end")
    await world.settle()

    assert [(await rate(world, match)).status for match in (first, second)] == [409, 204]


async def test_of_two_students_matches_each_is_rated_for_itself(world: World) -> None:
    (_, first), (other, second) = await matched(world), await matched(world)
    await rate(world, first, 1)
    await rate(world, second, 5)

    stars = {row["match_id"]: row["stars"] for row in await world.rows("students", "ratings")}
    assert stars == {first: 1, second: 5}
    assert {event.match_id: event.student_id for event in await said(world)}[second] == other


@pytest.mark.parametrize("ended", [False, True])
async def test_who_left_rates_no_more_and_what_they_rated_stays(world: World, ended: bool) -> None:
    rated, first = await matched(world)
    unrated, second = await matched(world)
    await rate(world, first, 1)
    if ended:
        await world.do("respond_to_match", match_id=second, response="end")
        await world.settle()
    for student_id in (rated, unrated):
        await world.do("withdraw_student", student_id=student_id)
    await world.settle()

    assert [(await rate(world, match)).status for match in (first, second)] == [404, 404]
    (row,) = await world.rows("students", "ratings")
    assert (row["match_id"], row["stars"]) == (first, 1)


async def test_a_rating_waits_for_who_is_just_leaving_and_comes_too_late(world: World) -> None:
    student_id, match_id = await matched(world)
    async with world.open["students"].unit() as leaving:
        await store.withdraw(leaving, student_id)
        rating = asyncio.create_task(rate(world, match_id))
        await eventually(partial(waits_or_is_done, world, rating))
        await leaving.commit()

    assert (await rating).status == 404
    assert await world.rows("students", "ratings") == []


async def waits_or_is_done(world: World, task: asyncio.Task[Answer]) -> bool:
    waiting = "(SELECT pid FROM pg_locks WHERE NOT granted) AS waiting"
    return task.done() or bool(await world.rows("students", waiting))
