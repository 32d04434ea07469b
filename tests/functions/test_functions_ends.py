"""What functions say of people who are not there, or not any more."""

from typing import Any

import pytest

from eventing.events import StudentMatched, TutorMatched
from learnflow.runtime import NotFound
from tests.flow.world import Said, World

MATCHED: dict[str, Any] = {"student_id": "nobody", "round": 1, "match_id": "m1", "tutor_id": "t1"}


@pytest.mark.parametrize(
    ("function", "wish"),
    [
        ("find_student", {"student_id": "nobody"}),
        ("withdraw_student", {"student_id": "nobody"}),
        ("withdraw_tutor", {"tutor_id": "nobody"}),
    ],
)
async def test_an_id_never_known_is_not_found(
    world: World, function: str, wish: dict[str, Any]
) -> None:
    with pytest.raises(NotFound):
        await world.do(function, **wish)


async def test_a_withdrawn_student_is_erased_and_not_found_and_leaves_once(world: World) -> None:
    pupil = await world.do(
        "register_student", name="Ada", grade=7, subject="physics", goals=["exam"]
    )
    await world.settle()
    for _ in range(2):
        await world.do("withdraw_student", student_id=pupil.id)
    await world.settle()
    with pytest.raises(NotFound):
        await world.do("find_student", student_id=pupil.id)
    (row,) = await world.rows("students", "students")
    assert (row["name"], row["grade"], row["subject"], row["goals"]) == (None, None, None, [])
    assert row["version"] == 2
    assert await world.rows("students", "notifications") == []
    assert [s.event.topic for s in world.log].count("student.withdrawn") == 1


async def test_a_withdrawn_tutor_is_erased_and_taught_no_more(world: World) -> None:
    tutor = await world.do("register_tutor", name="Emmy", subjects=["physics"], price_band=2)
    await world.settle()
    for _ in range(2):
        await world.do("withdraw_tutor", tutor_id=tutor.id)
    await world.do("register_student", name="Ada", grade=7, subject="physics")
    await world.settle()
    (row,) = await world.rows("tutors", "tutors")
    assert (row["name"], row["price_band"], row["available"]) == (None, None, False)
    assert (await world.do("list_tutors")).data == {"tutors": [], "next": None}
    assert [s["state"] for s in await world.rows("students", "students")] == ["waiting"]
    assert [s.event.topic for s in world.log].count("tutor.withdrawn") == 1


async def test_an_event_about_a_student_never_known_is_refused_for_good(world: World) -> None:
    said = Said("learnflow/tutors", "e1", TutorMatched(**MATCHED))
    assert await world.hear("notify_student", said) not in ("done", "again", "duplicate")
    assert await world.rows("students", "inbox") == []


async def test_word_of_an_unknown_booking_changes_nothing(world: World) -> None:
    said = Said("learnflow/students", "e1", StudentMatched(**MATCHED))
    assert await world.hear("book_tutor", said) == "done"
    assert await world.rows("tutors", "bookings") == []


@pytest.mark.parametrize(
    ("wish", "found"),
    [
        ({}, ["full", "free", "away"]),
        ({"available": True}, ["free"]),
        ({"available": False}, ["full", "away"]),
        ({"subject": "latin"}, ["away"]),
        ({"grade": 12}, ["full", "away"]),
        ({"limit": 1}, ["full"]),
    ],
)
async def test_tutors_are_listed_by_what_is_asked_newest_first(
    world: World, wish: dict[str, Any], found: list[str]
) -> None:
    physics = {"subjects": ["physics"]}
    await world.do("register_tutor", name="away", subjects=["latin"], available=False)
    await world.do("register_tutor", name="free", **physics, grade_max=8)
    await world.do("register_tutor", name="full", **physics, grade_min=9, capacity=1)
    await world.settle()
    await world.do("register_student", name="Ada", grade=9, subject="physics")
    await world.settle()
    listed = (await world.do("list_tutors", **wish)).data["tutors"]
    assert [tutor["name"] for tutor in listed] == found
