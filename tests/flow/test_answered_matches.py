"""What follows when a tutor accepts, declines or ends a match, or changes slots and hours."""

from typing import Any

import pytest

from learnflow.runtime import Refused
from tests.flow.storm import Storm, contents
from tests.flow.world import World
from tests.protocol.rows import Registration

TEACHER = {"name": "Emmy", "subjects": ["physics"], "capacity": 1}


async def teach(world: World, **offer: Any) -> str:
    """A tutor, known to matching; the id."""
    tutor_id: str = (await world.do("register_tutor", **{**TEACHER, **offer})).id
    await world.settle()
    return tutor_id


class Pupils:
    """Students as the flow leaves them, and the judge of all three databases."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.sent: list[Registration] = []

    async def register(self) -> str:
        """A student, matched or waiting by now; the id."""
        mark = f"pupil {len(self.sent)}"
        created = await self.world.do("register_student", name=mark, grade=7, subject="physics")
        self.sent.append(Registration(mark, created.id))
        await self.world.settle()
        student_id: str = created.id
        return student_id

    async def find(self, student_id: str) -> Any:
        """What the student reads."""
        return (await self.world.do("find_student", student_id=student_id)).data

    async def match_of(self, student_id: str) -> str:
        """The id of the student's match."""
        match_id: str = (await self.find(student_id))["match"]["match_id"]
        return match_id

    async def told(self, recipient_id: str) -> list[str]:
        """What a student or a tutor was told, in order."""
        short = "students" if recipient_id in {r.student_id for r in self.sent} else "tutors"
        notes = await self.world.rows(short, "notifications")
        mine = [note for note in notes if note["recipient_id"] == recipient_id]
        return [note["kind"] for note in sorted(mine, key=lambda note: note["seq"])]

    async def respond(self, student_id: str, response: str) -> None:
        """The tutor's answer to the student's match, and all that follows."""
        match_id = await self.match_of(student_id)
        await self.world.do("respond_to_match", match_id=match_id, response=response)
        await self.world.settle()

    async def change(self, tutor_id: str, **offer: Any) -> None:
        """A tutor's change of availability, and all that follows."""
        offer = {"available": True, "capacity": 1, "times": [], **offer}
        await self.world.do("change_availability", tutor_id=tutor_id, version="*", **offer)
        await self.world.settle()

    async def sound(self) -> bool:
        """Whether every promise is kept, also after everything is heard again, shuffled."""
        storm = Storm(self.world, seed=7)
        storm.registrations = self.sent
        before = await contents(self.world)
        assert await storm.broken() == []
        await storm.replay()
        return await contents(self.world) == before and await storm.broken() == []


@pytest.fixture
def pupils(world: World) -> Pupils:
    """Nobody yet."""
    return Pupils(world)


async def test_a_declined_student_gets_the_next_tutor_and_each_is_told_once(
    world: World, pupils: Pupils
) -> None:
    first = await teach(world)
    pupil = await pupils.register()
    second = await teach(world)
    await pupils.respond(pupil, "decline")

    found = await pupils.find(pupil)
    assert (found["state"], found["round"], found["match"]["tutor_id"]) == ("matched", 2, second)
    assert await pupils.told(pupil) == ["matched", "matched"]
    assert await pupils.told(first) == ["matched", "released"]
    assert await pupils.told(second) == ["matched"]
    assert await pupils.sound()


async def test_a_declined_student_waits_for_another_and_never_gets_that_tutor_again(
    world: World, pupils: Pupils
) -> None:
    first = await teach(world)
    pupil = await pupils.register()
    await pupils.respond(pupil, "decline")
    assert (await pupils.find(pupil))["state"] == "waiting"

    await pupils.change(first, capacity=5)
    assert (await pupils.find(pupil))["state"] == "waiting"
    second = await teach(world)
    assert (await pupils.find(pupil))["match"]["tutor_id"] == second
    assert await pupils.told(pupil) == ["matched", "waiting", "matched"]
    assert await pupils.sound()


async def test_a_slot_that_a_decline_frees_goes_to_who_waits(world: World, pupils: Pupils) -> None:
    tutor = await teach(world)
    unwanted, waiting = await pupils.register(), await pupils.register()
    await pupils.respond(unwanted, "decline")
    assert (await pupils.find(unwanted))["state"] == "waiting"
    assert (await pupils.find(waiting))["match"]["tutor_id"] == tutor
    assert await pupils.told(tutor) == ["matched", "released", "matched"]
    assert await pupils.sound()


@pytest.mark.parametrize("accepted", [True, False], ids=["accepted", "booked"])
async def test_an_ended_match_closes_the_student_and_frees_the_slot(
    world: World, pupils: Pupils, accepted: bool
) -> None:
    tutor = await teach(world)
    taught, waiting = await pupils.register(), await pupils.register()
    if accepted:
        await pupils.respond(taught, "accept")
    await pupils.respond(taught, "end")
    assert (await pupils.find(taught))["state"] == "closed"
    assert await pupils.told(taught) == ["matched", "ended"]
    assert (await pupils.find(waiting))["match"]["tutor_id"] == tutor
    assert await pupils.told(waiting) == ["waiting", "matched"]
    assert await pupils.told(tutor) == ["matched", "ended", "matched"]
    assert await pupils.sound()


async def test_an_accepted_match_keeps_its_slot_and_tells_nobody(
    world: World, pupils: Pupils
) -> None:
    tutor = await teach(world)
    pupil = await pupils.register()
    await pupils.respond(pupil, "accept")
    found = (await world.do("find_tutor", tutor_id=tutor)).data
    assert (found["free"], [one["state"] for one in found["students"]]) == (0, ["accepted"])
    assert await pupils.told(pupil) == ["matched"]
    assert await pupils.told(tutor) == ["matched"]
    assert [said.event.topic for said in world.log].count("match.accepted") == 1
    assert await pupils.sound()


async def test_a_match_accepted_before_the_student_was_told_is_not_forgotten(
    world: World, pupils: Pupils
) -> None:
    await teach(world)
    await world.do("register_student", name="early", grade=7, subject="physics")
    for function in ("match_student", "book_tutor"):
        for said in await world.collect():
            await world.hear(function, said)
    (booking,) = await world.rows("tutors", "bookings")
    named = {"match_id": booking["match_id"], "response": "accept"}
    await world.do("respond_to_match", **named)
    (stuck,) = await world.rows("tutors", "stuck")
    assert stuck["why"] == "accepted, student not told"


async def test_a_tutor_who_leaves_gives_up_accepted_students_too(
    world: World, pupils: Pupils
) -> None:
    tutor = await teach(world)
    pupil = await pupils.register()
    await pupils.respond(pupil, "accept")
    other = await teach(world)
    await world.do("withdraw_tutor", tutor_id=tutor)
    await world.settle()
    assert (await pupils.find(pupil))["match"]["tutor_id"] == other
    assert await pupils.sound()


async def test_a_waiting_student_is_matched_when_a_tutor_grows(
    world: World, pupils: Pupils
) -> None:
    tutor = await teach(world)
    await pupils.register()
    waiting = await pupils.register()
    await pupils.change(tutor, capacity=2)
    assert (await pupils.find(waiting))["match"]["tutor_id"] == tutor
    assert await pupils.sound()


async def test_an_unavailable_tutor_keeps_the_booked_and_gets_nobody_new(
    world: World, pupils: Pupils
) -> None:
    tutor = await teach(world, capacity=2)
    taught = await pupils.register()
    await pupils.change(tutor, capacity=2, available=False)
    late = await pupils.register()
    assert (await pupils.find(taught))["match"]["tutor_id"] == tutor
    assert (await pupils.find(late))["state"] == "waiting"
    await pupils.change(tutor, capacity=2, available=True)
    assert (await pupils.find(late))["match"]["tutor_id"] == tutor
    assert await pupils.sound()


async def test_hours_that_no_longer_meet_keep_what_is_booked(world: World, pupils: Pupils) -> None:
    tutor = await teach(world, times=["mon-16"])
    pupil = await pupils.register()
    await pupils.change(tutor, times=["sun-23"])
    assert (await pupils.find(pupil))["match"]["tutor_id"] == tutor
    assert await pupils.sound()


async def test_an_answer_to_a_match_that_is_over_is_refused_with_its_state(
    world: World, pupils: Pupils
) -> None:
    await teach(world)
    pupil = await pupils.register()
    match_id = await pupils.match_of(pupil)
    await teach(world)
    await pupils.respond(pupil, "decline")
    before = await contents(world)
    for response in ("accept", "end"):
        with pytest.raises(Refused) as refused:
            await world.do("respond_to_match", match_id=match_id, response=response)
        assert (refused.value.status, refused.value.extras) == (409, {"state": "declined"})
    await world.do("respond_to_match", match_id=match_id, response="decline")
    assert await contents(world) == before


async def test_a_decline_of_an_older_round_that_comes_late_excludes_nobody(
    world: World, pupils: Pupils
) -> None:
    tutor = await teach(world)
    pupil = await pupils.register()
    await world.do("respond_to_match", match_id=await pupils.match_of(pupil), response="decline")
    late = world.deliveries(await world.collect())
    await _wish(world, pupil, subject="latin")
    await world.settle()
    assert {await world.hear(*delivery) for delivery in late} == {"done"}
    await world.settle()
    (request,) = await world.rows("matching", "requests")
    assert (request["state"], request["excluded"]) == ("waiting", [])

    await _wish(world, pupil, subject="physics")
    await world.settle()
    assert (await pupils.find(pupil))["match"]["tutor_id"] == tutor
    assert await pupils.sound()


async def _wish(world: World, student_id: str, **wish: Any) -> None:
    """A student's change of mind, under the name that is the mark."""
    named = {"student_id": student_id, "version": "*", "name": "pupil 0", "grade": 7}
    await world.do("update_student", **named, **wish)
