"""explain_match: why this tutor, who came next, who was left out, and what became of it."""

from collections.abc import Sequence
from typing import Any

import pytest

from db.matching import store
from eventing.events import Event, MatchAccepted, MatchDeclined, MatchEnded, MatchRated
from learnflow.ranking import RuleRanker
from learnflow.runtime import NotFound
from learnflow.views.match import MatchView
from tests.flow.world import Said, World
from tests.functions.asking import ask

WISH: dict[str, Any] = {
    "name": "Ada",
    "grade": 7,
    "subject": "physics",
    "times": ["mon-16", "mon-17", "tue-16"],
    "languages": ["en"],
    "goals": ["exam"],
}
TUTORS: Sequence[dict[str, Any]] = (
    {
        "times": ["mon-16", "mon-17", "tue-16"],
        "languages": ["en"],
        "goals": ["exam"],
        "capacity": 1,
    },
    {"times": ["mon-16", "mon-17"], "languages": ["en"], "experience_years": 4},
    {"times": ["mon-16"], "languages": ["en", "de"], "experience_years": 9},
    {"times": ["sun-08"], "languages": ["en"]},
    {"times": ["mon-16"], "languages": ["de"]},
    {"times": ["mon-16"], "languages": ["en"], "grade_min": 9},
    {"times": ["mon-16"], "languages": ["en"], "available": False},
)


async def tutors(world: World, *offers: dict[str, Any]) -> list[str]:
    """Tutors of physics, indexed; their ids."""
    made = [
        (await world.do("register_tutor", name="Emmy", subjects=["physics"], **offer)).id
        for offer in offers
    ]
    await world.settle()
    return made


async def student(world: World, **wish: Any) -> dict[str, Any]:
    """A student and what came of the registration."""
    made = await world.do("register_student", **{**WISH, **wish})
    await world.settle()
    return await request(world, made.id)


async def request(world: World, student_id: str) -> dict[str, Any]:
    """The student's request in matching_db."""
    rows = await world.rows("matching", "requests")
    return next(row for row in rows if row["student_id"] == student_id)


async def explain(world: World, match_id: str) -> dict[str, Any]:
    """The answer; it is what the view says."""
    data: dict[str, Any] = (await world.do("explain_match", match_id=match_id)).data
    assert set(data) == set(MatchView.model_fields)
    MatchView.model_validate(data)
    return data


async def hear(world: World, kind: type[Event], about: dict[str, Any], **more: Any) -> str:
    """record_outcome hears of a match."""
    ids = {name: about[name] for name in ("student_id", "round", "match_id", "tutor_id")}
    event = kind.model_validate({**ids, **more})
    return await world.hear("record_outcome", Said("learnflow/tutors", f"{kind.topic}", event))


async def test_a_match_is_explained_as_the_ranker_saw_it(world: World) -> None:
    known = await tutors(world, *TUTORS)
    async with world.open["matching"].unit() as work:
        wish = store.Asking("x", 7, "physics", WISH["times"], ["en"], None, ["exam"])
        first, second, *_ = RuleRanker().rank(wish, await store.candidates(work, wish))
    asked = await student(world)

    told = await explain(world, asked["match_id"])

    assert (first.tutor_id, second.tutor_id) == (known[0], known[1])
    assert told["tutor_id"] == asked["tutor_id"] == first.tutor_id
    assert (told["place"], told["candidates"], told["ranker"]) == (1, 3, "rules-1")
    assert told["score"] == pytest.approx(first.score, abs=1e-3)
    assert told["state"] == "booked"
    assert [part["code"] for part in told["reasons"]["in_favour"]] == [
        reason.code for reason in first.reasons
    ]
    assert told["reasons"]["against"] == [{"code": "experience", "value": -1.0}]
    runner_up = told["runner_up"]
    assert (runner_up["tutor_id"], runner_up["place"]) == (second.tutor_id, 2)
    assert runner_up["score"] == pytest.approx(second.score, abs=1e-3)
    assert runner_up["decided_by"] == [
        {"code": "shared_goals", "value": 1.5},
        {"code": "shared_hours", "value": 1.0},
    ]


async def test_who_was_left_out_adds_up_and_the_students_own_slot_counts_as_free(
    world: World,
) -> None:
    await tutors(world, *TUTORS)
    filters = (await explain(world, (await student(world))["match_id"]))["filters"]
    assert (filters["subject"], filters["teaching"], filters["remaining"]) == ("physics", 7, 3)
    assert {code: n for code, n in filters["left_out"].items() if n} == {
        "times": 1,
        "languages": 1,
        "grade": 1,
        "unavailable": 1,
    }


async def test_what_nobody_asked_for_speaks_neither_for_nor_against(world: World) -> None:
    await tutors(world, TUTORS[0])
    told = await explain(
        world, (await student(world, times=[], languages=[], goals=[]))["match_id"]
    )
    codes = {part["code"] for side in told["reasons"].values() for part in side}
    assert codes <= {"experience", "grade_focus", "free_slots"}
    assert told["runner_up"] is None


async def test_one_who_waited_is_explained_by_the_tutor_who_came(world: World) -> None:
    await student(world)
    (tutor,) = await tutors(world, TUTORS[0])
    (asked,) = await world.rows("matching", "requests")
    told = await explain(world, asked["match_id"])
    assert (told["tutor_id"], told["place"], told["candidates"]) == (tutor, 1, 1)
    assert told["reasons"]["in_favour"][0]["code"] == "shared_hours"


async def test_after_a_decline_the_old_match_and_the_new_one_are_told_apart(world: World) -> None:
    first, second = await tutors(world, *TUTORS[:2])
    before = await student(world)
    decline = {name: before[name] for name in ("student_id", "round", "match_id", "tutor_id")}
    said = Said("learnflow/tutors", "d1", MatchDeclined.model_validate(decline))
    assert await world.hear("match_student", said) == "done"
    assert await world.hear("record_outcome", said) == "done"
    now = await request(world, before["student_id"])

    old, new = await explain(world, before["match_id"]), await explain(world, now["match_id"])

    assert (old["state"], old["tutor_id"]) == ("declined", first)
    assert [(o["kind"], o["reason"]) for o in old["outcomes"]] == [("declined", "declined")]
    assert (new["state"], new["tutor_id"], new["place"]) == ("held", second, 1)
    assert (new["runner_up"], new["candidates"]) == (None, 1)
    assert new["filters"]["left_out"]["excluded"] == 1


async def test_after_a_withdrawal_the_decision_stays_and_the_wishes_are_gone(world: World) -> None:
    await tutors(world, *TUTORS)
    asked = await student(world)
    await world.do("withdraw_student", student_id=asked["student_id"])
    await world.settle()
    told = await explain(world, asked["match_id"])
    assert (told["state"], told["filters"]) == ("closed", None)
    assert told["reasons"] is not None


async def test_the_states_of_a_match_follow_what_became_of_it(world: World) -> None:
    await tutors(world, TUTORS[0])
    asked = await student(world)
    states = [(await explain(world, asked["match_id"]))["state"]]
    for kind, more in ((MatchAccepted, {}), (MatchRated, {"stars": 4}), (MatchEnded, {})):
        assert await hear(world, kind, asked, **more) == "done"
        states.append((await explain(world, asked["match_id"]))["state"])
    assert states == ["booked", "accepted", "accepted", "ended"]


async def test_an_unknown_match_is_not_found(world: World) -> None:
    with pytest.raises(NotFound):
        await explain(world, "nobody-knows")


async def test_over_http_it_is_json_with_times_and_an_unknown_match_a_problem(world: World) -> None:
    await tutors(world, TUTORS[0])
    match_id = (await student(world))["match_id"]
    found = await ask(world, "explain_match", "GET", f"/api/matches/{match_id}")
    assert found.status == 200
    MatchView.model_validate_json(found.body)
    lost = await ask(world, "explain_match", "GET", "/api/matches/nobody-knows")
    assert (lost.status, lost.json["detail"]) == (404, "there is no such match")
