"""A student wants something else: who may say so, and what is kept and said."""

import asyncio
import json
from typing import Any

import pytest

from eventing.events import StudentUpdated
from learnflow.views.student import StudentView
from tests.flow.world import World
from tests.functions.asking import ask
from tests.runtime.calling import Answer

ADA = {"name": "Ada", "grade": 7, "subject": "math", "times": ["mon-16"], "budget_band": 3}
EMMY = {"name": "Emmy", "subjects": ["math"]}
MOVED = {"name": "Ada L.", "grade": 8, "subject": "Physics", "languages": ["en"]}


async def update(world: World, student_id: str, body: Any = MOVED, **headers: str) -> Answer:
    path = f"/api/students/{student_id}"
    return await ask(world, "update_student", "PUT", path, body, **headers)


async def find(world: World, student_id: str) -> Answer:
    return await ask(world, "find_student", "GET", f"/api/students/{student_id}")


async def registered(world: World) -> str:
    student_id: str = (await world.do("register_student", **ADA)).id
    return student_id


async def test_an_update_with_the_etag_of_the_registration_is_made_and_found(world: World) -> None:
    created = await ask(world, "register_student", "POST", "/api/students", ADA)
    student_id = created.json["student_id"]
    answer = await update(world, student_id, if_match=created.headers["etag"])
    found = await find(world, student_id)

    assert (answer.status, answer.headers["etag"]) == (200, '"v2"')
    here = f"/api/students/{student_id}"
    links = {"self": here, "events": f"{here}/events"}
    assert answer.json == {"student_id": student_id, "version": 2, "links": links}
    assert found.headers["etag"] == '"v2"'
    view = StudentView.model_validate_json(found.body, strict=True, extra="forbid")
    assert (view.name, view.grade, view.subject, view.languages) == (
        "Ada L.",
        8,
        "physics",
        ("en",),
    )
    assert (view.state, view.match, view.notified_at) == ("pending", None, None)


async def test_what_an_update_leaves_out_is_wished_no_more(world: World) -> None:
    student_id = await registered(world)
    await update(world, student_id, if_match="*")

    found = (await find(world, student_id)).json
    assert (found["times"], found["budget_band"], found["goals"]) == ([], None, [])


async def test_an_update_says_the_whole_snapshot_and_no_name(world: World) -> None:
    student_id = await registered(world)
    await update(world, student_id, if_match="*")

    _, said = sorted(await world.collect(), key=lambda one: one.event.type)
    assert said.event == StudentUpdated(
        student_id=student_id, version=2, grade=8, subject="physics", languages=("en",)
    )
    assert "Ada" not in str(await world.rows("students", "outbox"))


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (MOVED, {}, 428),
        (MOVED, {"if_match": "v1"}, 400),
        (MOVED, {"if_match": '"v2"'}, 412),
        (MOVED, {"if_match": 'W/"v1"'}, 412),
        (MOVED, {"if_match": '"another"'}, 412),
        ({**MOVED, "grade": 13}, {"if_match": '"v1"'}, 422),
        ({"grade": 8}, {"if_match": '"v1"'}, 422),
        ({**MOVED, "version": 1}, {"if_match": '"v1"'}, 422),
        ({**MOVED, "student_id": "s9"}, {"if_match": '"v1"'}, 422),
        ({**MOVED, "stars": 5}, {"if_match": '"v1"'}, 422),
        ([], {"if_match": '"v1"'}, 422),
    ],
)
async def test_an_update_that_is_refused_changes_nothing(
    world: World, body: Any, headers: dict[str, str], status: int
) -> None:
    student_id = await registered(world)
    before = (await world.rows("students", "students"), await world.rows("students", "outbox"))
    answer = await update(world, student_id, body, **headers)

    assert answer.status == status
    assert answer.headers["content-type"] == "application/problem+json"
    after = (await world.rows("students", "students"), await world.rows("students", "outbox"))
    assert after == before


async def test_nobody_can_be_updated_who_is_not_there(world: World) -> None:
    gone = await registered(world)
    await world.do("withdraw_student", student_id=gone)

    for student_id in ("never", gone):
        answer = await update(world, student_id, if_match="*")
        assert (answer.status, answer.json["detail"]) == (404, "there is no such student")
    (tombstone,) = await world.rows("students", "students")
    assert (tombstone["name"], tombstone["version"]) == (None, 2)


@pytest.mark.parametrize("tag", ["*", '"v1"', '"v9"'])
async def test_a_student_whose_tutoring_ended_registers_again(world: World, tag: str) -> None:
    await world.do("register_tutor", **EMMY)
    await world.settle()
    student_id = await registered(world)
    await world.settle()
    match_id = (await find(world, student_id)).json["match"]["match_id"]
    await world.do("respond_to_match", match_id=match_id, response="end")
    await world.settle()
    answer = await update(world, student_id, if_match=tag)

    assert (answer.status, answer.json["title"]) == (409, "Closed")
    assert "register again" in answer.json["detail"]
    assert (await find(world, student_id)).json["name"] == "Ada"


async def test_of_fifty_updates_of_one_version_exactly_one_is_made(world: World) -> None:
    student_id = await registered(world)
    wishes = [{**MOVED, "name": f"Ada {number}"} for number in range(50)]
    answers = await asyncio.gather(
        *(update(world, student_id, wish, if_match='"v1"') for wish in wishes)
    )

    won = [number for number, answer in enumerate(answers) if answer.status == 200]
    assert [len(won), *{answer.status for answer in answers} - {200}] == [1, 412]
    found = (await find(world, student_id)).json
    assert (found["name"], found["version"]) == (f"Ada {won[0]}", 2)
    said = [one.event.type for one in await world.collect()]
    assert said.count(StudentUpdated.type) == 1


async def test_updates_of_any_version_are_all_made_one_after_the_other(world: World) -> None:
    student_id = await registered(world)
    answers = await asyncio.gather(*(update(world, student_id, if_match="*") for _ in range(20)))

    assert sorted(answer.json["version"] for answer in answers) == [*range(2, 22)]
    versions = [one.event for one in await world.collect()]
    assert len({event.model_dump_json() for event in versions}) == 21


async def test_an_update_repeated_with_its_key_is_made_once(world: World) -> None:
    student_id = await registered(world)
    key = {"idempotency_key": "k1", "if_match": '"v1"'}
    first = await update(world, student_id, **key)
    again = await update(world, student_id, **key)
    other = await update(world, student_id, **{**key, "if_match": '"v2"'})

    assert (first.status, again) == (200, first)
    assert (other.status, other.json["title"]) == (422, "Key reused")


async def test_who_leaves_takes_the_answers_to_updates_along(world: World) -> None:
    student_id = await registered(world)
    await update(world, student_id, if_match="*", idempotency_key="k1")
    assert len(await world.rows("students", "idempotency")) == 1
    await world.do("withdraw_student", student_id=student_id)

    assert await world.rows("students", "idempotency") == []
    assert "Ada" not in json.dumps(await world.rows("students", "students"), default=str)
