"""What a tutor may ask for after the first match, and how it is answered: respond_to_match,
change_availability, find_tutor."""

import asyncio
import json
from typing import Any

import pytest

from eventing.events import TutorAvailabilityChanged
from learnflow.runtime.app import application
from learnflow.settings import Settings
from learnflow.views.tutor import TutorWithStudents
from tests.eventually import eventually
from tests.flow.world import World
from tests.functions.asking import ask
from tests.runtime.calling import Answer, call

EMMY = {"name": "Emmy", "subjects": ["physics"], "capacity": 2, "times": ["mon-16"], "goals": []}
LESS = {"available": True, "capacity": 1, "times": ["tue-17", "tue-17"]}


async def find(world: World, tutor_id: str) -> Answer:
    return await ask(world, "find_tutor", "GET", f"/api/tutors/{tutor_id}")


async def change(world: World, tutor_id: str, body: Any = LESS, **headers: str) -> Answer:
    path = f"/api/tutors/{tutor_id}/availability"
    return await ask(world, "change_availability", "PUT", path, body, **headers)


async def respond(world: World, match_id: str, response: Any, **headers: str) -> Answer:
    path = f"/api/matches/{match_id}/response"
    return await ask(world, "respond_to_match", "POST", path, {"response": response}, **headers)


async def registered(world: World, **offer: Any) -> str:
    tutor_id: str = (await world.do("register_tutor", **{**EMMY, **offer})).id
    await world.settle()
    return tutor_id


async def matched(world: World, pupils: int = 1) -> list[str]:
    """So many students register one after the other; the ids of their matches."""
    for _ in range(pupils):
        await world.do("register_student", name="Ada", grade=7, subject="physics")
        await world.settle()
    bookings = await world.rows("tutors", "bookings")
    return [b["match_id"] for b in sorted(bookings, key=lambda b: b["changed_at"])]


async def test_a_change_with_the_etag_that_was_read_is_made_and_said_whole(world: World) -> None:
    tutor_id = await registered(world)
    etag = (await find(world, tutor_id)).headers["etag"]
    answer = await change(world, tutor_id, if_match=etag)
    assert (answer.status, answer.headers["etag"]) == (200, '"v2"')
    here = f"/api/tutors/{tutor_id}"
    links = {"self": here, "events": f"{here}/events"}
    assert answer.json == {"tutor_id": tutor_id, "version": 2, "links": links}

    (said,) = await world.collect()
    offer = {**EMMY, **LESS, "times": ("tue-17",), "tutor_id": tutor_id, "version": 2}
    del offer["name"]
    assert said.event == TutorAvailabilityChanged.model_validate(offer)
    found = await find(world, tutor_id)
    assert (found.headers["etag"], found.json["capacity"], found.json["times"]) == (
        '"v2"',
        1,
        ["tue-17"],
    )


@pytest.mark.parametrize(
    ("if_match", "status"),
    [
        (None, 428),
        ('"v0"', 412),
        ('"v2"', 412),
        ('W/"v1"', 412),
        ('"elsewhere"', 412),
        ('"v9999999999"', 412),
        ('"v7", "v1"', 200),
        ("*", 200),
        ("v1", 400),
    ],
)
async def test_a_change_needs_the_version_that_the_tutor_has(
    world: World, if_match: str | None, status: int
) -> None:
    tutor_id = await registered(world)
    headers = {} if if_match is None else {"if_match": if_match}
    assert (await change(world, tutor_id, **headers)).status == status
    assert len(await world.collect()) == (status == 200)


async def test_a_change_below_the_booked_is_refused_with_their_number(world: World) -> None:
    tutor_id = await registered(world)
    await matched(world, 2)
    for available in (True, False):
        less = {**LESS, "available": available}
        answer = await change(world, tutor_id, less, if_match='"v1"')
        assert (answer.status, answer.json["booked"]) == (409, 2)
    assert await world.collect() == []

    just = {**LESS, "capacity": 2, "available": False}
    assert (await change(world, tutor_id, just, if_match='"v1"')).status == 200


async def test_a_stale_version_is_told_before_a_capacity_too_small(world: World) -> None:
    tutor_id = await registered(world)
    await matched(world, 2)
    assert (await change(world, tutor_id, if_match='"v8"')).status == 412


async def test_a_repeated_key_is_answered_like_the_first_and_changes_once(world: World) -> None:
    tutor_id = await registered(world)
    sent = {"if_match": '"v1"', "idempotency_key": "k1"}
    first, again = [await change(world, tutor_id, **sent) for _ in range(2)]
    assert (first.status, first.body, first.headers["etag"]) == (
        again.status,
        again.body,
        again.headers["etag"],
    )
    assert len(await world.collect()) == 1
    assert (await change(world, tutor_id, if_match="*", idempotency_key="k1")).status == 422


@pytest.mark.parametrize(
    "body",
    [
        *({}, {"available": True}, [], 7),
        *({**LESS, "name": "Sofja"}, {**LESS, "version": '"v1"'}, {**LESS, "times": ["mon-24"]}),
        *({**LESS, "capacity": capacity} for capacity in (0, 51, None, 1.5, "1")),
    ],
)
async def test_a_change_that_is_no_whole_availability_is_refused(world: World, body: Any) -> None:
    tutor_id = await registered(world)
    assert (await change(world, tutor_id, body, if_match="*")).status == 422
    assert await world.collect() == []


async def test_a_tutor_unknown_or_gone_is_not_found_and_not_changed(world: World) -> None:
    gone = await registered(world)
    await world.do("withdraw_tutor", tutor_id=gone)
    await world.settle()
    for tutor_id in (gone, "nobody"):
        assert (await find(world, tutor_id)).status == 404
        assert (await change(world, tutor_id, if_match="*")).status == 404
    assert await world.collect() == []


async def test_a_tutor_is_found_with_the_students_as_the_view_says(world: World) -> None:
    tutor_id = await registered(world, price_band=2, experience_years=4)
    assert (await find(world, tutor_id)).json["students"] == []
    accepted, booked = await matched(world, 2)
    await respond(world, accepted, "accept")
    found = await find(world, tutor_id)
    view = TutorWithStudents.model_validate_json(found.body, extra="forbid")
    assert json.loads(view.model_dump_json()) == found.json
    assert (view.free, view.version, found.headers["etag"]) == (0, 1, '"v1"')
    assert {one.match_id: (one.round, one.state) for one in view.students} == {
        accepted: (1, "accepted"),
        booked: (1, "booked"),
    }


@pytest.mark.parametrize(
    ("responses", "statuses", "said"),
    [
        (("accept", "accept"), (204, 204), ["match.accepted"]),
        (("decline", "decline"), (204, 204), ["match.declined"]),
        (("end", "end"), (204, 204), ["match.ended"]),
        (("accept", "end", "end"), (204, 204, 204), ["match.accepted", "match.ended"]),
        (("accept", "decline"), (204, 409), ["match.accepted"]),
        (("decline", "accept"), (204, 409), ["match.declined"]),
        (("decline", "end"), (204, 409), ["match.declined"]),
        (("end", "accept"), (204, 409), ["match.ended"]),
        (("end", "decline"), (204, 409), ["match.ended"]),
    ],
)
async def test_an_answer_is_said_once_and_what_the_state_forbids_is_refused(
    world: World, responses: tuple[str, ...], statuses: tuple[int, ...], said: list[str]
) -> None:
    await registered(world)
    (match_id,) = await matched(world)
    answers = [await respond(world, match_id, response) for response in responses]
    assert tuple(answer.status for answer in answers) == statuses
    assert sorted(one.event.topic for one in await world.collect()) == said
    (booking,) = await world.rows("tutors", "bookings")
    if answers[-1].status == 409:
        assert answers[-1].json["state"] == booking["state"]


async def test_an_answer_says_of_whom_and_which_round_it_is(world: World) -> None:
    tutor_id = await registered(world)
    (match_id,) = await matched(world)
    await respond(world, match_id, "decline")
    (said,) = await world.collect()
    (booking,) = await world.rows("tutors", "bookings")
    assert said.event.model_dump() == {
        "student_id": booking["student_id"],
        "round": 1,
        "match_id": match_id,
        "tutor_id": tutor_id,
        "reason": "declined",
    }


async def test_a_match_never_heard_of_is_not_found(world: World) -> None:
    for response in ("accept", "decline", "end"):
        assert (await respond(world, "m0", response)).status == 404


@pytest.mark.parametrize("response", ["", "ACCEPT", None, 1, ["accept"]])
async def test_an_answer_that_is_none_is_refused(world: World, response: Any) -> None:
    answer = await respond(world, "m0", response)
    assert (answer.status, answer.json["errors"][0]["where"]) == (422, "/response")


async def test_a_refused_match_cannot_be_answered(world: World) -> None:
    async with world.open["tutors"].unit() as work:
        await work.call("SELECT * FROM book_slot('s1', 1, 'matched', 'm1', 'nobody')")
        await work.commit()
    answer = await respond(world, "m1", "accept")
    assert (answer.status, answer.json["state"]) == (409, "refused")


async def test_booking_and_declining_leave_the_tutors_version(world: World) -> None:
    tutor_id = await registered(world)
    for match_id in await matched(world, 2):
        await respond(world, match_id, "decline")
    assert (await find(world, tutor_id)).json["version"] == 1
    assert (await find(world, tutor_id)).json["free"] == 2


@pytest.mark.parametrize(("response", "told"), [("decline", b"released"), ("end", b"ended")])
async def test_a_tutor_who_watches_is_told_of_the_free_slot_at_once(
    world: World, response: str, told: bytes
) -> None:
    tutor_id = await registered(world)
    (match_id,) = await matched(world)
    only_when_told = Settings(stream_seconds=60, stream_poll_seconds=60)
    operation = world.operations["watch_tutor"]
    watching = application(operation, only_when_told, database=world.open["tutors"])
    frames: list[bytes] = []
    path = f"/api/tutors/{tutor_id}/events"
    stream = asyncio.create_task(call(watching, "GET", path, patient=True, seen=frames))
    assert await eventually(lambda: b"event: matched\n" in b"".join(frames))

    await respond(world, match_id, response)
    assert await eventually(lambda: b"event: " + told in b"".join(frames))
    await watching.instance.close()
    await stream
