"""A student registers, is matched, booked and told; and the ways it goes otherwise."""

from typing import Any

from tests.flow.world import World

PUPIL = {"name": "Ada", "grade": 7, "subject": "math"}
TEACHER = {"name": "Emmy", "subjects": ["math"], "capacity": 1}


async def student(world: World, student_id: str) -> Any:
    return (await world.do("find_student", student_id=student_id)).data


async def test_a_student_is_matched_booked_and_told(world: World) -> None:
    tutor = await world.do("register_tutor", **TEACHER)
    await world.settle()
    pupil = await world.do("register_student", **PUPIL)
    await world.settle()

    found = await student(world, pupil.id)
    assert (found["state"], found["match"]["tutor_id"]) == ("matched", tutor.id)
    assert [n["kind"] for n in await world.rows("students", "notifications")] == ["matched"]
    assert [n["kind"] for n in await world.rows("tutors", "notifications")] == ["matched"]
    (booking,) = await world.rows("tutors", "bookings")
    assert (booking["state"], booking["acknowledged"]) == ("booked", True)
    (hold,) = await world.rows("matching", "holds")
    assert hold["confirmed"]


async def test_a_student_without_tutor_waits_until_one_comes(world: World) -> None:
    pupil = await world.do("register_student", **PUPIL)
    await world.settle()
    assert (await student(world, pupil.id))["state"] == "waiting"

    await world.do("register_tutor", **TEACHER)
    await world.settle()
    assert (await student(world, pupil.id))["state"] == "matched"
    kinds = [n["kind"] for n in await world.rows("students", "notifications")]
    assert kinds == ["waiting", "matched"]


async def test_a_withdrawn_students_slot_goes_to_who_waits(world: World) -> None:
    await world.do("register_tutor", **TEACHER)
    await world.settle()
    first = await world.do("register_student", **PUPIL)
    await world.settle()
    second = await world.do("register_student", **PUPIL)
    await world.settle()
    assert (await student(world, second.id))["state"] == "waiting"

    await world.do("withdraw_student", student_id=first.id)
    await world.settle()
    assert (await student(world, second.id))["state"] == "matched"
    (tutor,) = await world.rows("tutors", "tutors")
    assert tutor["booked"] == 1


async def test_a_withdrawn_tutors_students_are_matched_anew(world: World) -> None:
    gone = await world.do("register_tutor", **TEACHER)
    await world.settle()
    pupil = await world.do("register_student", **PUPIL)
    await world.settle()
    other = await world.do("register_tutor", **TEACHER)
    await world.settle()

    await world.do("withdraw_tutor", tutor_id=gone.id)
    await world.settle()
    found = await student(world, pupil.id)
    assert (found["match"]["tutor_id"], found["round"]) == (other.id, 2)


async def test_the_last_of_several_students_waits_when_slots_run_out(world: World) -> None:
    await world.do("register_tutor", **{**TEACHER, "capacity": 2})
    await world.settle()
    pupils = [await world.do("register_student", **PUPIL) for _ in range(3)]
    await world.settle()
    states = sorted([(await student(world, p.id))["state"] for p in pupils])
    assert states == ["matched", "matched", "waiting"]
